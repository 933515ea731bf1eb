using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>conv 3x3x3 - ReLU - conv 3x3x3 - gate - plus shortcut - ReLU. The shortcut is a 1x1x1 convolution without bias where the channels change.</summary>
internal sealed class ResidualBlock(LayerFactory layers, string name, int input, int output, PatchShape stride)
{
    private const WeightInitialization Kaiming = WeightInitialization.KaimingFanOut;

    private readonly Conv3dLayer _first = layers.Conv3d($"{name}.conv1.0", input, output, new(3, 3, 3), stride, initialization: Kaiming);
    private readonly Conv3dLayer _second = layers.Conv3d($"{name}.conv2.0", output, output, new(3, 3, 3), initialization: Kaiming);
    private readonly FeatureGate _gate = layers.Gate($"{name}.fg.attn_layer.0", output, Kaiming);
    private readonly Conv3dLayer? _shortcut = input == output ? null : layers.Conv3d($"{name}.downsample.0", input, output, new(1, 1, 1), stride, bias: false, Kaiming);

    /// <summary><c>B x I x D x H x W</c> to <c>B x O x D x H' x W'</c>.</summary>
    public torch.Tensor Forward(torch.Tensor x, PlaneStatistics? plane = null)
    {
        using var scope = torch.NewDisposeScope();
        var y = _gate.Forward(_second.forward(_first.forward(x).relu_()), plane);
        return y.Plus(_shortcut?.forward(x) ?? x).relu_().MoveToOuterDisposeScope();
    }
}
