using TorchSharp;

namespace REHRSeg;

/// <summary>What the self-SR network computes for the second of 4 thick slices.</summary>
/// <param name="Image">
/// <c>B x C x r x H x W</c>, meant for [0,1]. The published activation keeps to it; tanh(z + mean) and the global residual can step outside a little: clamp where it matters.
/// </param>
/// <param name="LabelLogits"><c>B x L x r x H x W</c>, against a background of 0.</param>
/// <param name="Uncertainty"><c>B x 1 x r x H x W</c>; null with the base head.</param>
internal readonly record struct SelfSrOutput(torch.Tensor Image, torch.Tensor LabelLogits, torch.Tensor? Uncertainty);

/// <summary>FLAVR backbone and head (METHOD.md sections 1-2). Input <c>B x (C+L) x 4 x H x W</c>, H and W multiples of 8. Never changes its input.</summary>
internal sealed class SelfSrNetwork : torch.nn.Module<torch.Tensor, SelfSrOutput>
{
    private readonly ConvolutionPrecision _precision = new();
    private readonly FlavrBackbone _backbone;
    private readonly ISelfSrHead _head;
    private readonly float[][]? _interpolation;

    /// <param name="architecture">Checked here.</param>
    /// <param name="seed">Of the first weights.</param>
    public SelfSrNetwork(SelfSrArchitecture architecture, int seed = 0) : base(nameof(SelfSrNetwork))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Factor, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.ImageChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.LabelChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Branches, 1);
        Architecture = architecture;
        _interpolation = architecture.InterpolationWeights();
        using var layers = new LayerFactory(this, seed, _precision);
        _backbone = new FlavrBackbone(layers, architecture.ImageChannels + architecture.LabelChannels, architecture.Width);
        _head = architecture.Head == SelfSrHead.Base ? new BaseHead(layers, architecture) : new UasrHead(layers, architecture);
    }

    public SelfSrArchitecture Architecture { get; }

    /// <summary>Convolutions in bfloat16 (parameters, norms, heads' softmax, outputs stay float32).</summary>
    public bool BFloat16
    {
        get => _precision.BFloat16;
        set => _precision.BFloat16 = value;
    }

    public override SelfSrOutput forward(torch.Tensor window) => Forward(window, null);

    /// <summary>The same for a tile of a larger plane, whose averages come from <paramref name="plane"/>.</summary>
    public SelfSrOutput Forward(torch.Tensor window, PlaneStatistics? plane)
    {
        using var scope = torch.NewDisposeScope();
        var (centred, mean) = RemoveMean(window, plane);
        var images = window.narrow(1, 0, Architecture.ImageChannels);
        var magnitudes = Magnitudes(images, plane);
        var merged = Merged(centred, plane);
        var interpolated = _interpolation is { } weights ? SubSliceInterpolation.Interpolate(images, weights, magnitudes) : null;
        var (image, label, uncertainty) = _head.Forward(merged, mean, interpolated);
        return new(image.MoveToOuterDisposeScope(), label.MoveToOuterDisposeScope(), uncertainty?.MoveToOuterDisposeScope());
    }

    /// <summary>Measures a tile's averages; the head, which has none, is not computed.</summary>
    public void Measure(torch.Tensor window, PlaneStatistics plane)
    {
        using var scope = torch.NewDisposeScope();
        var centred = RemoveMean(window, plane).Centred;
        Magnitudes(window.narrow(1, 0, Architecture.ImageChannels), plane);
        Merged(centred, plane);
    }

    /// <summary>One map of the backbone, float32, the layers after it not computed (METHOD.md 13.4 early exit): <c>B x F x 4</c> x its sides.</summary>
    public torch.Tensor Feature(torch.Tensor window, TeacherLayer layer = TeacherLayer.Layer1)
    {
        using var scope = torch.NewDisposeScope();
        return _backbone.Forward(RemoveMean(window).Centred, layer).to_type(torch.ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Every map of the backbone, in the precision of the convolutions.</summary>
    public FlavrFeatures Features(torch.Tensor window)
    {
        using var scope = torch.NewDisposeScope();
        var f = _backbone.Forward(RemoveMean(window).Centred);
        return new(f.X0.MoveToOuterDisposeScope(), f.X1.MoveToOuterDisposeScope(), f.X2.MoveToOuterDisposeScope(),
            f.X3.MoveToOuterDisposeScope(), f.X4.MoveToOuterDisposeScope(), f.Decoded.MoveToOuterDisposeScope());
    }

    protected override void RegisterComponents()
    {
        // Layers are registered by name already.
    }

    // A scope of its own: the encoder's maps are gone when the head starts.
    private torch.Tensor Merged(torch.Tensor centred, PlaneStatistics? plane)
    {
        using var scope = torch.NewDisposeScope();
        return _backbone.Forward(centred, plane).Merge().MoveToOuterDisposeScope();
    }

    // Of the slices around the second, which tell whether they lie outside the volume.
    private static torch.Tensor[]? Magnitudes(torch.Tensor images, PlaneStatistics? plane) =>
        plane is null ? null : [plane.Magnitude(images.narrow(2, 0, 1)), plane.Magnitude(images.narrow(2, 2, 1)), plane.Magnitude(images.narrow(2, 3, 1))];

    // Per sample and image channel, over slices, H and W; labels stay as they are.
    private (torch.Tensor Centred, torch.Tensor Mean) RemoveMean(torch.Tensor window, PlaneStatistics? plane = null)
    {
        int images = Architecture.ImageChannels, channels = images + Architecture.LabelChannels;
        if (window.dim() != 5 || window.shape[1] != channels || window.shape[2] != FlavrBackbone.Slices
            || window.shape[3] % FlavrBackbone.InPlaneDivisor != 0 || window.shape[4] % FlavrBackbone.InPlaneDivisor != 0)
        {
            throw new ArgumentException($"The window is {string.Join(" x ", window.shape)}; it must be B x {channels} x {FlavrBackbone.Slices} x H x W with H and W multiples of {FlavrBackbone.InPlaneDivisor}.", nameof(window));
        }
        var image = window.narrow(1, 0, images);
        var mean = plane?.Mean(image).view(-1, images, 1, 1, 1) ?? image.mean([2, 3, 4], keepdim: true);
        return (torch.cat([image - mean, window.narrow(1, images, Architecture.LabelChannels)], 1), mean);
    }
}
