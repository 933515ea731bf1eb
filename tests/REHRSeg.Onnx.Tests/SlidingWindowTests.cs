using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class SlidingWindowTests
{
    static float[] Noise(int n, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n).Select(_ => (float)(random.NextDouble() * 4 - 2))];
    }

    static float Sigmoid(float v) => 1 / (1 + MathF.Exp(-v));

    [Theory]
    [InlineData(13, 17, 11, true)]
    [InlineData(3, 5, 4, false)]
    [InlineData(1, 9, 23, true)]
    public void TilePlaceNeverChangesTheValue(int depth, int height, int width, bool mirror)
    {
        var shape = new PatchShape(depth, height, width);
        var voxels = Noise(shape.Voxels, 1);
        foreach (var patch in new[] { new PatchShape(4, 8, 6), new PatchShape(5, 7, 9), new PatchShape(16, 32, 32) })
        {
            var model = new PointwiseModel(Sigmoid);
            var (lr, _) = SlidingWindow.Run(voxels, shape, model, PointwiseModel.Info(patch), new(true, false, mirror, 3));
            for (int i = 0; i < shape.Voxels; i++)
            {
                Assert.Equal(Sigmoid(voxels[i]), lr![shape.Voxels + i], 1e-5f);
                Assert.Equal(1 - Sigmoid(voxels[i]), lr[i], 1e-5f);
            }
        }
    }

    [Fact]
    public void HrTilesMeetWithoutSeams()
    {
        // Linear along D, so that every tile can know the value at its own ends: f is linear too.
        var shape = new PatchShape(11, 9, 10);
        var voxels = new float[shape.Voxels];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = 0.05f * (i / 90) + 0.01f * (i % 90 / 10) + 0.002f * (i % 10);
        var (_, hr) = SlidingWindow.Run(voxels, shape, new PointwiseModel(v => v), PointwiseModel.Info(new(4, 4, 4)), new(false, true, true, 2));
        for (int k = 0; k < 44; k++)
            for (int i = 0; i < 90; i++)
                Assert.Equal(0.05 * ((k + 0.5) / 4 - 0.5) + 0.01 * (i / 10) + 0.002 * (i % 10), hr![44 * 90 + k * 90 + i], 1e-5);
    }

    [Fact]
    public void RunsHoldAtLeastTwoPatchesAndSkipWhatIsNotWanted()
    {
        var shape = new PatchShape(4, 4, 10);
        var model = new PointwiseModel(Sigmoid);
        SlidingWindow.Run(new float[160], shape, model, PointwiseModel.Info(new(4, 4, 4)), new(true, false, false, 3));
        Assert.Equal([3, 2], model.Runs.Select(r => r.Batch));
        Assert.All(model.Runs, r => Assert.True(r is { Lr: true, Hr: false }));
    }

    [Fact]
    public void PatchesAreMultiplesOfTheDivisor()
    {
        var model = new PointwiseModel(Sigmoid);
        SlidingWindow.Run(new float[60], new(3, 4, 5), model, PointwiseModel.Info(new(3, 6, 8)) with { Divisor = new(2, 4, 8) }, new(true, true, false, 2));
        Assert.Equal(new PatchShape(4, 8, 8), model.Runs[0].Shape);
    }

    [Fact]
    public void ReportsProgressToTheEnd()
    {
        var seen = new List<double>();
        SlidingWindow.Run(new float[8 * 8 * 8], new(8, 8, 8), new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 4, 4)), new(true, false, true, 2), new Collect(seen));
        Assert.Equal(1, seen[^1]);
        Assert.Equal(seen.Order(), seen);
    }

    sealed class Collect(List<double> seen) : IProgress<double>
    {
        public void Report(double value) => seen.Add(value);
    }
}
