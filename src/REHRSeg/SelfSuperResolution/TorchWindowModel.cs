using System.Runtime.InteropServices;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>A self-SR network in Torch as the volume loop sees it. Does not own the network; runs need no lock.</summary>
internal sealed class TorchWindowModel(SelfSrNetwork network, torch.Device device) : IWindowModel
{
    /// <inheritdoc/>
    public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var a = network.Architecture;
        int channels = a.ImageChannels + a.LabelChannels, block = batch * a.Factor * height * width;
        if (windows.Length != batch * channels * ThickSlicePatchSampler.WindowSlices * height * width || image.Length != block * a.ImageChannels || labelLogits.Length != block * a.LabelChannels || uncertainty.Length != block)
            throw new ArgumentException($"Buffers of {windows.Length}, {image.Length}, {labelLogits.Length} and {uncertainty.Length} values do not fit {batch} windows of {channels} x 4 x {height} x {width}.", nameof(windows));
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        var input = torch.empty([batch, channels, ThickSlicePatchSampler.WindowSlices, height, width], torch.float32);
        windows.Span.CopyTo(MemoryMarshal.Cast<byte, float>(input.bytes));
        var output = network.forward(input.to(device));
        CopyTo(output.Image, image.Span);
        CopyTo(output.LabelLogits, labelLogits.Span);
        if (output.Uncertainty is { } u) CopyTo(u, uncertainty.Span);
        else uncertainty.Span.Fill(1);
    }

    static void CopyTo(torch.Tensor tensor, Span<float> target) =>
        MemoryMarshal.Cast<byte, float>(tensor.to(torch.float32).cpu().contiguous().bytes).CopyTo(target);

    /// <summary>Does nothing: the network belongs to the model.</summary>
    public void Dispose() { }
}
