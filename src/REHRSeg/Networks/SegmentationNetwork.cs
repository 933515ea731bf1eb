using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>Which outputs a forward pass computes.</summary>
[Flags]
internal enum SegmentationOutputs { Lr = 1, Hr = 2, DeepSupervision = 4, Feature = 8 }

/// <summary>Logits of one forward pass, float32; null where not asked for.</summary>
/// <param name="Lr"><c>B x K x D x H x W</c>.</param>
/// <param name="Hr"><c>B x K x rD x H x W</c>.</param>
/// <param name="Deep">Lower decoder levels, high to low, without <paramref name="Lr"/>.</param>
/// <param name="Feature">Encoder skip 1 (the distilled feature, METHOD.md 8).</param>
internal sealed record SegmentationOutput(torch.Tensor? Lr, torch.Tensor? Hr, IReadOnlyList<torch.Tensor> Deep, torch.Tensor? Feature);

/// <summary>PlainConvUNet with the HR head (METHOD.md 6.3-6.4). Parameter names equal nnU-Net's primary names; the head's are under <c>sr_head</c>, as published.</summary>
internal sealed class SegmentationNetwork : torch.nn.Module<torch.Tensor, SegmentationOutputs, SegmentationOutput>
{
    private const WeightInitialization Kaiming = WeightInitialization.KaimingLeaky;
    private readonly ConvolutionPrecision _precision = new();
    private readonly ConvolutionStage[] _encoder;
    // Low to high, as nnU-Net numbers them.
    private readonly (ConvTranspose3dLayer Up, ConvolutionStage Stage, Conv3dLayer Logits)[] _decoder;
    private readonly HighResolutionHead? _highResolution;

    /// <param name="architecture">Checked here.</param>
    /// <param name="seed">Of the first weights.</param>
    public SegmentationNetwork(SegmentationArchitecture architecture, int seed = 0) : base(nameof(SegmentationNetwork))
    {
        int stages = architecture.Features.Length, blocks = architecture.ConvolutionsPerStage;
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 2, nameof(architecture.Features));
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(architecture.Classes, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1, nameof(architecture.ConvolutionsPerStage));
        if (architecture.Kernels.Length != stages || architecture.Strides.Length != stages || architecture.Strides[0] != new PatchShape(1, 1, 1))
        {
            throw new ArgumentException($"{stages} stages need {stages} kernels and {stages} strides, the first stride 1x1x1; "
                + $"there are {architecture.Kernels.Length} kernels and strides {string.Join(", ", architecture.Strides)}.", nameof(architecture));
        }
        if (architecture.Kernels.Any(k => k.Depth % 2 == 0 || k.Height % 2 == 0 || k.Width % 2 == 0))
        {
            throw new ArgumentException($"Kernels must be odd; they are {string.Join(", ", architecture.Kernels)}.", nameof(architecture));
        }
        Architecture = architecture;
        using var layers = new LayerFactory(this, seed, _precision);
        var features = architecture.Features;
        _encoder = [.. Enumerable.Range(0, stages).Select(i => new ConvolutionStage(layers, $"encoder.stages.{i}.0",
            i == 0 ? architecture.Channels : features[i - 1], features[i], architecture.Kernels[i], architecture.Strides[i], blocks))];
        _decoder = [.. Enumerable.Range(0, stages - 1).Select(i =>
        {
            int skip = stages - 2 - i;
            return (layers.ConvTranspose3d($"decoder.transpconvs.{i}", features[skip + 1], features[skip], architecture.Strides[skip + 1], architecture.Strides[skip + 1], default, Kaiming),
                new ConvolutionStage(layers, $"decoder.stages.{i}", 2 * features[skip], features[skip], architecture.Kernels[skip], new(1, 1, 1), blocks),
                layers.Conv3d($"decoder.seg_layers.{i}", features[skip], architecture.Classes, new(1, 1, 1), initialization: Kaiming));
        })];
        _highResolution = architecture.Factor == 0 ? null
            : new(layers, features[0], architecture.HighResolutionWidth, architecture.Classes, architecture.Factor, architecture.AlignCorners);
    }

    public SegmentationArchitecture Architecture { get; }

    /// <summary>Convolutions in bfloat16 (parameters and norms stay float32).</summary>
    public bool BFloat16
    {
        get => _precision.BFloat16;
        set => _precision.BFloat16 = value;
    }

    /// <param name="patch"><c>B x C x D x H x W</c>, D, H, W multiples of <see cref="SegmentationArchitecture.Divisor"/>. Not changed.</param>
    /// <param name="outputs">What is not asked for is not computed; for the feature alone the encoder stops at it.</param>
    public override SegmentationOutput forward(torch.Tensor patch, SegmentationOutputs outputs)
    {
        Check(patch, outputs);
        using var scope = torch.NewDisposeScope();
        bool decode = (outputs & ~SegmentationOutputs.Feature) != 0;
        var skips = new List<torch.Tensor>();
        foreach (var stage in decode ? _encoder : _encoder[..2])
        {
            skips.Add(stage.Forward(skips.Count == 0 ? patch : skips[^1]));
        }
        var feature = outputs.HasFlag(SegmentationOutputs.Feature) ? skips[1].to_type(torch.ScalarType.Float32) : null;
        torch.Tensor? lr = null, hr = null;
        List<torch.Tensor> deep = [];
        if (decode)
        {
            var x = skips[^1];
            for (int i = 0; i < _decoder.Length; i++)
            {
                var (up, stage, logits) = _decoder[i];
                x = Decode(up, stage, x, skips[^(i + 2)]);
                bool highest = i == _decoder.Length - 1;
                if (outputs.HasFlag(highest ? SegmentationOutputs.Lr : SegmentationOutputs.DeepSupervision))
                {
                    var level = logits.forward(x).to_type(torch.ScalarType.Float32);
                    if (highest)
                    {
                        lr = level;
                    }
                    else
                    {
                        deep.Insert(0, level);
                    }
                }
            }
            hr = outputs.HasFlag(SegmentationOutputs.Hr) ? _highResolution!.Forward(x) : null;
        }
        return new(lr?.MoveToOuterDisposeScope(), hr?.MoveToOuterDisposeScope(), [.. deep.Select(d => d.MoveToOuterDisposeScope())], feature?.MoveToOuterDisposeScope());
    }

    protected override void RegisterComponents()
    {
        // Layers are registered by name already.
    }

    private static torch.Tensor Decode(ConvTranspose3dLayer up, ConvolutionStage stage, torch.Tensor x, torch.Tensor skip)
    {
        using var scope = torch.NewDisposeScope();
        return stage.Forward(torch.cat([up.forward(x), skip], 1)).MoveToOuterDisposeScope();
    }

    private void Check(torch.Tensor patch, SegmentationOutputs outputs)
    {
        var divisor = Architecture.Divisor;
        if (patch.dim() != 5 || patch.shape[1] != Architecture.Channels
            || patch.shape[2] % divisor.Depth != 0 || patch.shape[3] % divisor.Height != 0 || patch.shape[4] % divisor.Width != 0)
        {
            throw new ArgumentException($"The patch is {string.Join(" x ", patch.shape)}; it must be B x {Architecture.Channels} x D x H x W with D, H, W multiples of {divisor}.", nameof(patch));
        }
        if (outputs.HasFlag(SegmentationOutputs.Hr) && _highResolution is null)
        {
            throw new ArgumentException("This network has no high-resolution head (factor 0).", nameof(outputs));
        }
    }
}
