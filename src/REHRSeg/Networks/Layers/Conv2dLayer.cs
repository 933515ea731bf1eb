using TorchSharp;

namespace REHRSeg;

/// <summary><c>B x I x H x W</c> to <c>B x O x H' x W'</c>, square kernel, stride 1.</summary>
internal sealed class Conv2dLayer(int input, int output, int kernel, int padding, bool bias, torch.Generator random, ConvolutionPrecision precision)
    : ConvolutionLayer([output, input, kernel, kernel], bias ? output : 0, random, WeightInitialization.Default, precision)
{
    private readonly long[] _padding = [padding, padding];

    /// <summary>Multiplies the weights and biases of the first <paramref name="count"/> of every <paramref name="period"/> output channels.</summary>
    public void ScaleOutputs(int period, int count, float factor)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        weight.view(-1, period, weight[0].numel()).narrow(1, 0, count).TimesInPlace(factor);
        Bias?.view(-1, period).narrow(1, 0, count).TimesInPlace(factor);
    }

    protected override torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias) => FilledChannels.Convolve(x, weight, bias, (i, w, b) => torch.nn.functional.conv2d(i, w, b, padding: _padding));
}
