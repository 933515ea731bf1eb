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

    static (float[]? Lr, float[]? Hr) Run(float[] voxels, PatchShape shape, IPatchModel model, SegmentationModelInfo info, WindowRequest request) =>
        new SlidingWindow(voxels, shape, model, info, request).Run(2, shape, info.Factor);

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
            var (lr, _) = Run(voxels, shape, model, PointwiseModel.Info(patch), new(true, false, mirror, 3));
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
        var (_, hr) = Run(voxels, shape, new PointwiseModel(v => v), PointwiseModel.Info(new(4, 4, 4)), new(false, true, true, 2));
        for (int k = 0; k < 44; k++)
            for (int i = 0; i < 90; i++)
                Assert.Equal(0.05 * ((k + 0.5) / 4 - 0.5) + 0.01 * (i / 10) + 0.002 * (i % 10), hr![44 * 90 + k * 90 + i], 1e-5);
    }

    [Fact]
    public void RunsHoldAtLeastTwoPatchesAndSkipWhatIsNotWanted()
    {
        var shape = new PatchShape(4, 4, 10);
        var model = new PointwiseModel(Sigmoid);
        Run(new float[160], shape, model, PointwiseModel.Info(new(4, 4, 4)), new(true, false, false, 3));
        Assert.Equal([3, 2], model.Runs.Select(r => r.Batch));
        Assert.All(model.Runs, r => Assert.True(r is { Lr: true, Hr: false }));
    }

    [Fact]
    public void PatchesAreMultiplesOfTheDivisor()
    {
        var model = new PointwiseModel(Sigmoid);
        Run(new float[60], new(3, 4, 5), model, PointwiseModel.Info(new(3, 6, 8)) with { Divisor = new(2, 4, 8) }, new(true, true, false, 2));
        Assert.Equal(new PatchShape(4, 8, 8), model.Runs[0].Shape);
    }

    [Theory]
    [InlineData(8, 0.5)]
    [InlineData(5, 0.5)]
    [InlineData(6, 0.25)]
    public void ARampGoesThroughTheEndsOfTilesWhereTheHeadClamps(int patch, double step)
    {
        var shape = new PatchShape(23, 6, 6);
        var voxels = new float[shape.Voxels];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = 0.04f * (i / 36);
        var info = PointwiseModel.Info(new(patch, 6, 6)) with { TileStep = step };
        Assert.InRange(Worst(true), 0, 1e-5);
        Assert.InRange(Worst(false), 1e-5, 1); // what the margin is for

        double Worst(bool margin)
        {
            var (_, hr) = new SlidingWindow(voxels, shape, new PointwiseModel(v => v, clamped: true), info, new(false, true, true, 2), margin).Run(2, shape, 4);
            return Enumerable.Range(0, 4 * voxels.Length).Max(i => Math.Abs(0.04 * Math.Clamp((i / 36 + 0.5) / 4 - 0.5, 0, 22) - hr![4 * voxels.Length + i]));
        }
    }

    [Fact]
    public void SingleSlicesAreTilesOfTheirOwnInBatches()
    {
        var shape = new PatchShape(7, 8, 6);
        var voxels = Noise(shape.Voxels, 2);
        var model = new PointwiseModel(Sigmoid);
        var (lr, _) = Run(voxels, shape, model, PointwiseModel.Info(new(1, 8, 6)), new(true, false, true, 2));
        Assert.Equal([8, 8, 8, 4], model.Runs.Select(r => r.Batch)); // 7 slices x 4 mirrored forms
        Assert.All(model.Runs, r => Assert.Equal(new PatchShape(1, 8, 6), r.Shape));
        for (int i = 0; i < shape.Voxels; i++) Assert.Equal(Sigmoid(voxels[i]), lr![shape.Voxels + i], 1e-5f);
    }

    [Theory]
    [InlineData(60, 8, 2)]
    [InlineData(60, 8, 300)]
    [InlineData(60, 1, 2)]
    [InlineData(5, 8, 2)]
    public void BlendsHoldTilesNotTheVolume(int depth, int patch, int batch)
    {
        var (shape, info) = (new PatchShape(depth, 24, 20), PointwiseModel.Info(new(patch, 16, 16)));
        var window = new SlidingWindow(new float[shape.Voxels], shape, new PointwiseModel(Sigmoid), info, new(true, true, true, batch));
        int rows = 1 + batch * (patch == 1 ? 4 : 1) / (4 * (patch == 1 ? 4 : 8)); // tile rows that a batch can begin
        int slices = Math.Min(depth, patch + rows * Math.Max(1, patch / 2));
        Assert.InRange(window.BlendLength, 1, 2L * (1 + 4) * slices * 24 * 20); // K x (1 + r) x slices x H x W
        Assert.Equal(depth, window.Run().Count());
    }
}
