using REHRSeg.Onnx;

namespace REHRSeg.Benchmarks;

/// <summary>Networks of the size of the <c>cpu</c> preset.</summary>
internal static class BenchmarkCases
{
    public static readonly PatchShape Patch = new(12, 40, 40);

    public static SegmentationArchitecture Segmenter { get; } = new()
    {
        Classes = 3, Features = [16, 32, 64, 128], Factor = 4,
        Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2), new(1, 2, 2)],
    };

    public static SelfSrArchitecture SelfSr { get; } = new() { Width = 32, GlobalResidual = true };

    public static SegmentationModelInfo Info { get; } = new()
    {
        Factor = Segmenter.Factor, Patch = Patch, Divisor = Segmenter.Divisor, TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "anterior"), new(2, "posterior")],
    };
}
