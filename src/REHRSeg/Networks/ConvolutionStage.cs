using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>nnU-Net's stacked blocks: convolution - instance norm - leaky ReLU 0.01, n times; the first carries the stride (METHOD.md 6.3).</summary>
internal sealed class ConvolutionStage
{
    public const double LeakySlope = 0.01;
    private readonly (Conv3dLayer Convolution, InstanceNormLayer Norm)[] _blocks;

    public ConvolutionStage(LayerFactory layers, string name, int input, int output, PatchShape kernel, PatchShape stride, int blocks) =>
        _blocks = [.. Enumerable.Range(0, blocks).Select(j => (
            layers.Conv3d($"{name}.convs.{j}.conv", j == 0 ? input : output, output, kernel, j == 0 ? stride : null, initialization: WeightInitialization.KaimingLeaky),
            layers.InstanceNorm($"{name}.convs.{j}.norm", output)))];

    /// <summary><c>B x I x D x H x W</c> to <c>B x O x D/s x H/s x W/s</c>.</summary>
    public torch.Tensor Forward(torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        foreach (var (convolution, norm) in _blocks)
        {
            using var block = torch.NewDisposeScope();
            x = norm.forward(convolution.forward(x)).LeakyRelu(LeakySlope).MoveToOuterDisposeScope();
        }
        return x.MoveToOuterDisposeScope();
    }
}
