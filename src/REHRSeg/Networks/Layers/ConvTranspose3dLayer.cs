using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary><c>B x I x D x H x W</c> to <c>B x O x sD x sH x sW</c> for stride s; the kernel is s without overlap, or s + 2 p with padding p.</summary>
internal sealed class ConvTranspose3dLayer(int input, int output, PatchShape kernel, PatchShape stride, PatchShape padding, torch.Generator random, WeightInitialization initialization, ConvolutionPrecision precision)
    : ConvolutionLayer([input, output, kernel.Depth, kernel.Height, kernel.Width], output, random, initialization, precision)
{
    private readonly long[] _stride = [stride.Depth, stride.Height, stride.Width];
    private readonly long[] _padding = [padding.Depth, padding.Height, padding.Width];

    protected override torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias) => FilledChannels.ConvolveTransposed(x, weight, bias, (i, w, b) => torch.nn.functional.conv_transpose3d(i, w, b, _stride, _padding));
}
