using TorchSharp;

namespace REHRSeg;

/// <summary>Convolution 3x3x3, or transposed 3x4x4 that doubles H and W; gate; leaky ReLU; then the encoder's map behind it in the channels.</summary>
internal sealed class FlavrDecoderBlock(LayerFactory layers, string name, int input, int output, bool upsample)
{
    private readonly ConvolutionLayer _convolution = upsample
        ? layers.ConvTranspose3d($"{name}.upconv.0", input, output, new(3, 4, 4), new(1, 2, 2), new(1, 1, 1))
        : layers.Conv3d($"{name}.conv.0", input, output, new(3, 3, 3));
    private readonly FeatureGate _gate = layers.Gate($"{name}.{(upsample ? "upconv" : "conv")}.1.attn_layer.0", output);

    /// <summary><c>B x I x D x H x W</c> to <c>B x (O + skip) x D x H' x W'</c>.</summary>
    public torch.Tensor Forward(torch.Tensor x, torch.Tensor? skip, PlaneStatistics? plane = null)
    {
        using var scope = torch.NewDisposeScope();
        var y = _gate.Forward(_convolution.forward(x), plane).LeakyReluInPlace(FlavrBackbone.LeakySlope);
        return (skip is null ? y : torch.cat([y, skip], 1)).MoveToOuterDisposeScope();
    }
}
