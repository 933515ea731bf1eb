using TorchSharp;

namespace REHRSeg;

/// <summary>Convolution of an input by weights and, where it has them, biases.</summary>
internal delegate torch.Tensor Convolution(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias);

/// <summary>
/// Convolutions on CPUs where <see cref="OneDnnTails"/> are wrong: their channels are filled up to multiples of 16 with zeros, which oneDNN computes right (and 16 at a time anyway).
/// Elsewhere they pass unchanged.
/// </summary>
internal static class FilledChannels
{
    private const long Block = 16;

    /// <summary>A convolution of <c>B x I x ...</c> by <c>O x I x ...</c>.</summary>
    public static torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias, Convolution convolution)
    {
        if (!Concerns(x, weight)) return convolution(x, weight, bias);
        long outputs = weight.shape[0], inputs = weight.shape[1];
        long moreOutputs = x.requires_grad && torch.is_grad_enabled() ? Missing(outputs) : 0, moreInputs = inputs > Block ? Missing(inputs) : 0;
        return Fill(x, moreInputs, Pad(weight, moreInputs, moreOutputs), outputs, moreOutputs, bias, convolution);
    }

    /// <summary>A transposed convolution of <c>B x I x ...</c> by <c>I x O x ...</c>.</summary>
    public static torch.Tensor ConvolveTransposed(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias, Convolution convolution)
    {
        if (!Concerns(x, weight)) return convolution(x, weight, bias);
        long inputs = weight.shape[0], outputs = weight.shape[1], moreInputs = Missing(inputs), moreOutputs = Missing(outputs);
        return Fill(x, moreInputs, Pad(weight, moreOutputs, moreInputs), outputs, moreOutputs, bias, convolution);
    }

    private static bool Concerns(torch.Tensor x, torch.Tensor weight) => x.device_type == DeviceType.CPU && weight.numel() > weight.shape[0] * weight.shape[1] && OneDnnTails.AreWrong;

    private static torch.Tensor Fill(torch.Tensor x, long moreInputs, torch.Tensor weight, long outputs, long moreOutputs, torch.Tensor? bias, Convolution convolution)
    {
        if (moreInputs > 0) x = torch.nn.functional.pad(x, [.. new long[2 * (x.dim() - 2)], 0, moreInputs]);
        var y = convolution(x, weight, bias is null || moreOutputs == 0 ? bias : torch.nn.functional.pad(bias, [0, moreOutputs]));
        return moreOutputs > 0 ? y.narrow(1, 0, outputs).contiguous() : y;
    }

    private static torch.Tensor Pad(torch.Tensor weight, long second, long first) =>
        first + second == 0 ? weight : torch.nn.functional.pad(weight, [.. new long[2 * (weight.dim() - 2)], 0, second, 0, first]);

    private static long Missing(long channels) => (Block - channels % Block) % Block;
}
