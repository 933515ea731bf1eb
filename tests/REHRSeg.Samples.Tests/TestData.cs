using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Samples.Tests;

/// <summary>A model written by Python's onnx (tests/oracles/tiny_models.py: r = 2, labels 0 and 3, of one channel) and images for it.</summary>
static class TestData
{
    public static string Model { get; } = Oracle("tiny_models", "segmenter.onnx");

    public static string Oracle(string folder, string name) => Path.Combine(AppContext.BaseDirectory, "oracles", folder, name);

    /// <summary>A volume of oblique position with y as slice axis.</summary>
    public static MLVolume Image(int seed)
    {
        var random = new Random(seed);
        return new(new VolumeGeometry([10, 5, 9], [1, 4, 1], [1, -2, 30], [0, 0, 1, 0.8, -0.6, 0, 0.6, 0.8, 0]), Enumerable.Range(0, 450).Select(_ => (float)random.NextDouble()).ToArray());
    }

    /// <summary>Minutes of work for the tiny model, of few bytes once compressed.</summary>
    public static MLVolume Large()
    {
        var grid = new VolumeGeometry([320, 320, 64], [1, 1, 4]);
        return new(grid, Enumerable.Range(0, grid.VoxelCount).Select(i => 1f + i % 5).ToArray());
    }

    public static SegmentationResult Score(MLVolume image)
    {
        using var scorer = new OnnxVolumeScorer(Model);
        return scorer.Score(image);
    }
}
