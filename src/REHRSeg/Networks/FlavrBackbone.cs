using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>Maps of the self-SR backbone for an input <c>B x I x 4 x H x W</c> and width w.</summary>
/// <param name="X0">Stem: <c>B x w x 4 x H/2 x W/2</c>.</param>
/// <param name="X1">Layer 1: <c>B x w x 4 x H/2 x W/2</c>.</param>
/// <param name="X2">Layer 2: <c>B x 2w x 4 x H/4 x W/4</c>.</param>
/// <param name="X3">Layer 3: <c>B x 4w x 4 x H/8 x W/8</c>.</param>
/// <param name="X4">Layer 4: <c>B x 8w x 4 x H/8 x W/8</c>.</param>
/// <param name="Decoded">F_o of the paper's eq. 2: <c>B x w x 4 x H x W</c>.</param>
internal sealed record FlavrFeatures(torch.Tensor X0, torch.Tensor X1, torch.Tensor X2, torch.Tensor X3, torch.Tensor X4, torch.Tensor Decoded)
{
    /// <summary>G, the slices side by side: <c>B x 4w x H x W</c>, channel = slice * w + c.</summary>
    public torch.Tensor Merge() => Decoded.transpose(1, 2).flatten(1, 2);
}

/// <summary>
/// FLAVR's encoder (an 18-layer 3-D ResNet) and decoder (METHOD.md 1.1). The 4 slices are never strided; no norm layers; feature gating throughout.
/// Layers are registered on the network under the published names.
/// </summary>
internal sealed class FlavrBackbone
{
    public const int Slices = 4;
    /// <summary>H and W must be multiples of this.</summary>
    public const int InPlaneDivisor = 8;
    public const double LeakySlope = 0.2;
    /// <summary>Channels of all gates in widths: 2 (1 + 2 + 4 + 8) in the encoder, 4 + 2 + 1 + 1 + 1 in the decoder.</summary>
    public const int GateWidths = 39;

    private readonly Conv3dLayer _stem;
    private readonly ResidualBlock[] _layer1, _layer2, _layer3, _layer4;
    private readonly FlavrDecoderBlock[] _decoder;

    public FlavrBackbone(LayerFactory layers, int inputChannels, int width)
    {
        int w = width;
        PatchShape inPlane = new(1, 2, 2), none = new(1, 1, 1);
        _stem = layers.Conv3d("encoder.stem.0", inputChannels, w, new(3, 7, 7), inPlane, initialization: WeightInitialization.KaimingFanOut);
        _layer1 = Layer("encoder.layer1", w, w, none);
        _layer2 = Layer("encoder.layer2", w, 2 * w, inPlane);
        _layer3 = Layer("encoder.layer3", 2 * w, 4 * w, inPlane);
        _layer4 = Layer("encoder.layer4", 4 * w, 8 * w, none);
        _decoder =
        [
            new(layers, "decoder.0", 8 * w, 4 * w, upsample: false), // H/8, then with x3
            new(layers, "decoder.1", 8 * w, 2 * w, upsample: true),  // H/4, then with x2
            new(layers, "decoder.2", 4 * w, w, upsample: true),      // H/2, then with x1
            new(layers, "decoder.3", 2 * w, w, upsample: false),     // H/2, then with x0
            new(layers, "decoder.4", 2 * w, w, upsample: true),      // H
        ];

        ResidualBlock[] Layer(string name, int input, int output, PatchShape stride) =>
            [new(layers, $"{name}.0", input, output, stride), new(layers, $"{name}.1", output, output, none)];
    }

    /// <summary>All maps, in the precision of the convolutions; gates take their averages from <paramref name="plane"/> if x is a tile.</summary>
    public FlavrFeatures Forward(torch.Tensor x, PlaneStatistics? plane = null)
    {
        var x0 = _stem.forward(x).relu_();
        var x1 = Run(_layer1, x0, plane);
        var x2 = Run(_layer2, x1, plane);
        var x3 = Run(_layer3, x2, plane);
        var x4 = Run(_layer4, x3, plane);
        using var scope = torch.NewDisposeScope();
        var y = _decoder[0].Forward(x4, x3, plane);
        y = _decoder[1].Forward(y, x2, plane);
        y = _decoder[2].Forward(y, x1, plane);
        y = _decoder[3].Forward(y, x0, plane);
        y = _decoder[4].Forward(y, null, plane);
        return new(x0, x1, x2, x3, x4, y.MoveToOuterDisposeScope());
    }

    /// <summary>One map; the layers after it are not computed (METHOD.md 13.4: x1 takes a ninth of the whole, a sixth of the encoder).</summary>
    public torch.Tensor Forward(torch.Tensor x, TeacherLayer layer)
    {
        if (layer == TeacherLayer.Decoder)
        {
            return Forward(x).Decoded;
        }
        ResidualBlock[][] layers = [_layer1, _layer2, _layer3, _layer4];
        return layers[..(int)layer].Aggregate(_stem.forward(x).relu_(), (y, blocks) => Run(blocks, y, null));
    }

    private static torch.Tensor Run(ResidualBlock[] blocks, torch.Tensor x, PlaneStatistics? plane)
    {
        using var scope = torch.NewDisposeScope();
        return blocks.Aggregate(x, (y, block) => block.Forward(y, plane)).MoveToOuterDisposeScope();
    }
}
