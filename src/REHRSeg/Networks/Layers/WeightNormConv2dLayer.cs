using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg;

/// <summary>
/// Weight-normalised convolution: each output channel's kernel is g v/||v|| (Salimans and Kingma 2016, eq. 2), computed in float32 at each call; <c>weight</c> is v, <c>gain</c> g.
/// At first g = ||v||. <c>B x I x H x W</c> to <c>B x O x H x W</c>, odd square kernel, zeros around.
/// </summary>
internal sealed class WeightNormConv2dLayer : ConvolutionLayer
{
    private readonly long[] _padding;
    private Parameter gain;

    public WeightNormConv2dLayer(int input, int output, int kernel, torch.Generator random, ConvolutionPrecision precision)
        : base([output, input, kernel, kernel], output, random, WeightInitialization.Default, precision)
    {
        using var noGradient = torch.no_grad();
        _padding = [kernel / 2, kernel / 2];
        gain = new Parameter(Norm());
        gain.DetachFromDisposeScope();
        register_parameter(nameof(gain), gain);
    }

    /// <summary>Multiplies the gains and biases of the first <paramref name="count"/> output channels.</summary>
    public void ScaleOutputs(int count, float factor)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        gain.narrow(0, 0, count).TimesInPlace(factor);
        bias!.narrow(0, 0, count).TimesInPlace(factor);
    }

    public override torch.Tensor forward(torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var kernels = weight * (gain / Norm());
        return Convolve(Precision.Cast(x), Precision.Cast(kernels), Precision.Cast(bias!)).MoveToOuterDisposeScope();
    }

    protected override torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias) => FilledChannels.Convolve(x, weight, bias, (i, w, b) => torch.nn.functional.conv2d(i, w, b, padding: _padding));

    private torch.Tensor Norm() => weight.Squared().sum([1, 2, 3], keepdim: true).sqrt();
}
