using TorchSharp;

namespace REHRSeg;

/// <summary>
/// FLAVR as published for video (METHOD.md 1.2): 4 colour frames to the frames between the second and the third. Its weights can start the self-SR network:
/// all but the stem and the head have the same names and shapes.
/// </summary>
internal sealed class FlavrNetwork : torch.nn.Module<torch.Tensor, torch.Tensor>
{
    private const int Colours = 3;
    private readonly ConvolutionPrecision _precision = new();
    private readonly FlavrBackbone _backbone;
    private readonly Conv2dLayer _fuse, _output;
    private readonly int _frames;

    /// <param name="frames">Frames to make: 3 for the published 4x network.</param>
    /// <param name="width">Channels of the first level (64 = published).</param>
    /// <param name="seed">Of the first weights.</param>
    public FlavrNetwork(int frames = 3, int width = 64, int seed = 0) : base(nameof(FlavrNetwork))
    {
        using var layers = new LayerFactory(this, seed, _precision);
        _frames = frames;
        _backbone = new FlavrBackbone(layers, Colours, width);
        _fuse = layers.Conv2d("feature_fuse.conv.0", FlavrBackbone.Slices * width, width, kernel: 1, padding: 0, bias: false);
        _output = layers.Conv2d("outconv.1", width, Colours * frames, kernel: 7, padding: 0);
    }

    /// <summary>Convolutions in bfloat16 (parameters and output stay float32).</summary>
    public bool BFloat16
    {
        get => _precision.BFloat16;
        set => _precision.BFloat16 = value;
    }

    /// <summary><c>B x 3 x 4 x H x W</c> to <c>B x 3 x frames x H x W</c>.</summary>
    public override torch.Tensor forward(torch.Tensor clip)
    {
        using var scope = torch.NewDisposeScope();
        var mean = clip.mean([2, 3, 4], keepdim: true);
        var fused = _fuse.forward(_backbone.Forward(clip - mean).Merge()).LeakyReluInPlace(FlavrBackbone.LeakySlope);
        var frames = _output.forward(torch.nn.functional.pad(fused, [3, 3, 3, 3], PaddingModes.Reflect)).to_type(torch.ScalarType.Float32).unflatten(1, [_frames, Colours]).transpose(1, 2);
        return frames.Plus(mean).MoveToOuterDisposeScope();
    }

    protected override void RegisterComponents()
    {
        // Layers are registered by name already.
    }
}
