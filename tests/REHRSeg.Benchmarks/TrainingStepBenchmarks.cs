using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using REHRSeg.Onnx;
using static TorchSharp.torch;

namespace REHRSeg.Benchmarks;

/// <summary>Forward and backward of one training step, without sampling and optimizer, in float32 and bfloat16: self-SR on 8 windows, the segmenter (both heads) on 2 patches.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory), CategoriesColumn]
public class TrainingStepBenchmarks
{
    const int Windows = 8, Side = 32, Patches = 2;
    readonly SelfSrNetwork _selfSr = new(BenchmarkCases.SelfSr, seed: 1);
    readonly SegmentationNetwork _segmenter = new(BenchmarkCases.Segmenter, seed: 1);
    readonly Tensor _windows = randn([Windows, 2, 4, Side, Side]), _image = rand([Windows, 1, 4, Side, Side]), _thinLabel = Labels(2, Windows, 4, Side, Side);
    readonly Tensor _patches = randn([Patches, 1, .. Size(1)]), _lr = Labels(3, [Patches, .. Size(1)]), _hr = Labels(3, [Patches, .. Size(BenchmarkCases.Segmenter.Factor)]);

    /// <summary>Self-SR, width 32, 4 x 32 x 32, float32.</summary>
    [Benchmark(Baseline = true), BenchmarkCategory("Self-SR")]
    public float SelfSrFloat32() => SelfSr(bfloat16: false);

    /// <summary>The same in bfloat16.</summary>
    [Benchmark, BenchmarkCategory("Self-SR")]
    public float SelfSrBFloat16() => SelfSr(bfloat16: true);

    /// <summary>Segmenter, 16 to 128 features, 12 x 40 x 40, float32.</summary>
    [Benchmark(Baseline = true), BenchmarkCategory("Segmenter")]
    public float SegmenterFloat32() => Segment(bfloat16: false);

    /// <summary>The same in bfloat16.</summary>
    [Benchmark, BenchmarkCategory("Segmenter")]
    public float SegmenterBFloat16() => Segment(bfloat16: true);

    float SelfSr(bool bfloat16)
    {
        using var scope = NewDisposeScope();
        _selfSr.BFloat16 = bfloat16;
        _selfSr.zero_grad();
        var loss = SelfSrLoss.Compute(_selfSr.forward(_windows), _image, _thinLabel, SelfSrLossForm.Pixel);
        loss.backward();
        return loss.item<float>();
    }

    float Segment(bool bfloat16)
    {
        using var scope = NewDisposeScope();
        _segmenter.BFloat16 = bfloat16;
        _segmenter.zero_grad();
        var output = _segmenter.forward(_patches, SegmentationOutputs.Lr | SegmentationOutputs.Hr);
        var loss = DiceCrossEntropyLoss.Compute(output.Lr!, _lr).Loss + DiceCrossEntropyLoss.Compute(output.Hr!, _hr).Loss;
        loss.backward();
        return loss.item<float>();
    }

    static long[] Size(int factor) => [factor * BenchmarkCases.Patch.Depth, BenchmarkCases.Patch.Height, BenchmarkCases.Patch.Width];

    static Tensor Labels(int classes, params long[] shape) => randint(0, classes, shape, dtype: int64);
}
