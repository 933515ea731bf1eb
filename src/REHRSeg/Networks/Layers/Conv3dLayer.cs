using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary><c>B x I x D x H x W</c> to <c>B x O x D' x H' x W'</c>, padded by (kernel - 1) / 2 with zeros.</summary>
internal sealed class Conv3dLayer(int input, int output, PatchShape kernel, PatchShape stride, bool bias, torch.Generator random, WeightInitialization initialization, ConvolutionPrecision precision)
    : ConvolutionLayer([output, input, kernel.Depth, kernel.Height, kernel.Width], bias ? output : 0, random, initialization, precision)
{
    private readonly long[] _stride = [stride.Depth, stride.Height, stride.Width];
    private readonly long[] _padding = [kernel.Depth / 2, kernel.Height / 2, kernel.Width / 2];

    protected override torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias) => FilledChannels.Convolve(x, weight, bias, (i, w, b) => torch.nn.functional.conv3d(i, w, b, _stride, _padding));
}
