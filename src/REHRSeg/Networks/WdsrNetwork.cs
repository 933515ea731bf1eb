using TorchSharp;

namespace REHRSeg;

/// <summary>
/// SMORE's 2-D network with label channels: weight-normalised WDSR-B (Yu et al. 2018; METHOD.md 10.1). Low-resolution axis along rows:
/// <c>B x (C+L) x H x W</c> to image <c>B x C x rH x W</c> and label logits <c>B x L x rH x W</c>, no activation. Never changes its input.
/// </summary>
internal sealed class WdsrNetwork : torch.nn.Module<torch.Tensor, (torch.Tensor Image, torch.Tensor LabelLogits)>
{
    private const double Widening = 4, Narrowing = 0.8;
    private const int Reach = 2; // rows on each side that the interpolation uses

    private readonly ConvolutionPrecision _precision = new();
    private readonly float[][]? _interpolation;
    private readonly WeightNormConv2dLayer _head, _tail, _skip;
    private readonly (WeightNormConv2dLayer Widen, WeightNormConv2dLayer Narrow, WeightNormConv2dLayer Spread)[] _blocks;

    /// <param name="architecture">Checked here.</param>
    /// <param name="seed">Of the first weights.</param>
    public WdsrNetwork(WdsrArchitecture architecture, int seed = 0) : base(nameof(WdsrNetwork))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Width, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Blocks, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Factor, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.ImageChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.LabelChannels, 1);
        Architecture = architecture;
        int channels = architecture.ImageChannels + architecture.LabelChannels, outputs = channels * architecture.Factor, images = architecture.ImageChannels * architecture.Factor;
        int width = architecture.Width, wide = (int)(width * Widening), narrow = (int)(width * Narrowing);
        using var layers = new LayerFactory(this, seed, _precision);
        _head = layers.WeightNormConv2d("head", channels, width, kernel: 3);
        _blocks = [.. Enumerable.Range(0, architecture.Blocks).Select(i => (
            layers.WeightNormConv2d($"body.{i}.0", width, wide, kernel: 1),
            layers.WeightNormConv2d($"body.{i}.2", wide, narrow, kernel: 1),
            layers.WeightNormConv2d($"body.{i}.3", narrow, width, kernel: 3)))];
        _tail = layers.WeightNormConv2d("tail", width, outputs, kernel: 3);
        _skip = layers.WeightNormConv2d("skip", channels, outputs, kernel: 5);
        if (!architecture.GlobalResidual) return;
        _interpolation = SubSliceInterpolation.Weights(architecture.ResidualProfile.Make(architecture.Factor, architecture.ResidualFwhm), -Reach, 2 * Reach + 1);
        _tail.ScaleOutputs(images, SubSliceInterpolation.InitialDifference);
        _skip.ScaleOutputs(images, SubSliceInterpolation.InitialDifference);
    }

    public WdsrArchitecture Architecture { get; }

    /// <summary>Convolutions in bfloat16 (parameters, weight normalisation, outputs stay float32).</summary>
    public bool BFloat16
    {
        get => _precision.BFloat16;
        set => _precision.BFloat16 = value;
    }

    public override (torch.Tensor Image, torch.Tensor LabelLogits) forward(torch.Tensor slice)
    {
        int images = Architecture.ImageChannels, labels = Architecture.LabelChannels;
        if (slice.dim() != 4 || slice.shape[1] != images + labels || slice.shape[2] < 1 || slice.shape[3] < 1)
            throw new ArgumentException($"The slice is {string.Join(" x ", slice.shape)}; it must be B x {images + labels} x H x W.", nameof(slice));
        using var scope = torch.NewDisposeScope();
        var x = _head.forward(slice);                                                            // B x w x H x W
        foreach (var (widen, narrow, spread) in _blocks) x = x.Plus(spread.forward(narrow.forward(widen.forward(x).relu_())));
        var y = Interleave(_tail.forward(x).Plus(_skip.forward(slice))).to_type(torch.ScalarType.Float32); // B x (C+L) x rH x W
        var image = y.narrow(1, 0, images);
        if (_interpolation is { } weights) image = image.Plus(Interpolate(slice.narrow(1, 0, images), weights));
        return (image.MoveToOuterDisposeScope(), y.narrow(1, images, labels).MoveToOuterDisposeScope());
    }

    protected override void RegisterComponents()
    {
        // Layers are registered by name already.
    }

    // 1-D pixel shuffle: B x Kr x H x W to B x K x rH x W, channel k r + t to row i r + t.
    private torch.Tensor Interleave(torch.Tensor x) => x.unflatten(1, [-1, Architecture.Factor]).permute(0, 1, 3, 2, 4).flatten(2, 3);

    // Rows of thin slices by SubSliceInterpolation; beyond the ends the outermost row again.
    private torch.Tensor Interpolate(torch.Tensor image, float[][] weights)
    {
        using var scope = torch.NewDisposeScope();
        long rows = image.shape[2];
        var (first, last) = (image.narrow(2, 0, 1), image.narrow(2, rows - 1, 1));
        var windows = torch.cat([first, first, image, last, last], 2).unfold(2, 2 * Reach + 1, 1);                              // B x C x H x W x 5
        return Interleave(torch.einsum("tk,bchwk->bcthw", SubSliceInterpolation.Matrix(weights, image), windows).flatten(1, 2)).MoveToOuterDisposeScope();
    }
}
