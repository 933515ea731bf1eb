using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class VolumeSegmenterTests
{
    static float Sigmoid(float v) => 1 / (1 + MathF.Exp(-v));

    static MLVolume Noise(int[] size, double[] spacing, int seed = 3)
    {
        var random = new Random(seed);
        return new(new VolumeGeometry(size, spacing, [10, -20, 30], [0, 1, 0, -1, 0, 0, 0, 0, 1]), Enumerable.Range(0, size[0] * size[1] * size[2]).Select(_ => (float)(50 + 10 * random.NextDouble())).ToArray());
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void EveryAxisComesBackInTheFilesOrientation(SliceAxis axis)
    {
        int[] size = [9, 10, 11];
        double[] spacing = [1, 1, 1];
        (size[(int)axis], spacing[(int)axis]) = (5, 4);
        var image = Noise(size, spacing);
        var info = PointwiseModel.Info(new(4, 8, 8));
        var result = VolumeSegmenter.Segment(image, new PointwiseModel(Sigmoid), info, new() { Probabilities = true });

        Assert.Equal(image.Geometry, result.Lr!.Geometry);
        Assert.Equal(image.Geometry.Refine(4, axis), result.Hr!.Geometry);
        double mean = image.Voxels.ToArray().Average(v => (double)v), std = Math.Sqrt(image.Voxels.ToArray().Average(v => (v - mean) * (v - mean)));
        for (int i = 0; i < image.Voxels.Length; i++)
        {
            float z = (float)((image.Voxels[i] - mean) / std);
            Assert.Equal(Sigmoid(z), result.LrProbabilities!.Channel(1)[i], 1e-5f);
            if (Math.Abs(z) > 1e-4) Assert.Equal(z > 0 ? 7 : 0, result.Lr.Voxels[i]);
        }
    }

    [Fact]
    public void AVoxelThatIsNotFiniteIsRefused()
    {
        var image = Noise([8, 8, 4], [1, 1, 4]);
        float[] voxels = image.Memory.ToArray();
        voxels[5] = float.NaN;
        Assert.Contains("NaN", Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(image.WithVoxels(voxels), new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 8, 8)))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Z)]
    public void ARampStaysInPlaceOnTheHrGrid(SliceAxis axis)
    {
        int[] size = [6, 7, 8];
        double[] spacing = [1, 1, 1];
        (size[(int)axis], spacing[(int)axis]) = (9, 4);
        var geometry = new VolumeGeometry(size, spacing, [5, 6, 7]);
        double Position(VolumeGeometry g, int i)
        {
            var p = g.ToPhysical(i % g.Width, i / g.Width % g.Height, i / g.Width / g.Height);
            return axis == SliceAxis.X ? p.X : p.Z;
        }
        var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(i => (float)(100 + Position(geometry, i))).ToArray());
        var result = VolumeSegmenter.Segment(image, new PointwiseModel(v => v), PointwiseModel.Info(new(4, 4, 4)), new() { Probabilities = true });
        // The model echoes the z-score; undo it and compare with the physical position of each thin voxel.
        double mean = image.Voxels.ToArray().Average(v => (double)v), std = Math.Sqrt(image.Voxels.ToArray().Average(v => (v - mean) * (v - mean)));
        var thin = result.HrProbabilities!;
        for (int i = 0; i < thin.Geometry.VoxelCount; i++)
            Assert.Equal(100 + Position(thin.Geometry, i), thin.Channel(1)[i] * std + mean, 1e-3);
    }

    [Fact]
    public void MirroringChangesNothingForASymmetricModel()
    {
        var image = Noise([9, 10, 5], [1, 1, 4]);
        var info = PointwiseModel.Info(new(4, 8, 8));
        var (with, without) = (new PointwiseModel(Sigmoid), new PointwiseModel(Sigmoid));
        var a = VolumeSegmenter.Segment(image, with, info, new() { Probabilities = true });
        var b = VolumeSegmenter.Segment(image, without, info, new() { Probabilities = true, Mirror = false });
        Assert.Equal(8.0, with.Runs.Sum(r => r.Batch) / (double)without.Runs.Sum(r => r.Batch));
        foreach (var (x, y) in a.LrProbabilities!.Voxels.ToArray().Zip(b.LrProbabilities!.Voxels.ToArray())) Assert.Equal(y, x, 1e-5f);
        Assert.Equal(b.Lr!.Voxels, a.Lr!.Voxels);
    }

    [Fact]
    public void OutsideTheNonzeroBoxIsBackground()
    {
        var geometry = new VolumeGeometry([8, 8, 6], [1, 1, 4]);
        var voxels = new float[geometry.VoxelCount];
        for (int z = 2; z < 5; z++) for (int y = 1; y < 6; y++) for (int x = 3; x < 7; x++) voxels[(z * 8 + y) * 8 + x] = 10 + x;
        var result = VolumeSegmenter.Segment(new(geometry, voxels), new PointwiseModel(_ => 0.9f), PointwiseModel.Info(new(4, 8, 8)), new() { Probabilities = true });
        for (int z = 0; z < 24; z++)
            for (int y = 0; y < 8; y++)
                for (int x = 0; x < 8; x++)
                {
                    bool inside = z is >= 8 and < 20 && y is >= 1 and < 6 && x is >= 3 and < 7;
                    Assert.Equal(inside ? 7 : 0, result.Hr![z, y, x]);
                    Assert.Equal(inside ? 0.1f : 1f, result.HrProbabilities![z, y, x], 1e-5f);
                    if (z < 6) Assert.Equal(z is >= 2 and < 5 && y is >= 1 and < 6 && x is >= 3 and < 7 ? 7 : 0, result.Lr![z, y, x]);
                }
    }

    [Fact]
    public void OneSliceWorks()
    {
        var result = VolumeSegmenter.Segment(Noise([12, 9, 1], [1, 1, 4]), new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 8, 8)));
        Assert.Equal((1, 4), (result.Lr!.Depth, result.Hr!.Depth));
    }

    [Fact]
    public void WithoutHrHeadThereIsNoHrMap()
    {
        var image = Noise([8, 8, 4], [1, 1, 4]);
        var info = PointwiseModel.Info(new(4, 8, 8)) with { HasHighResolutionHead = false };
        Assert.Null(VolumeSegmenter.Segment(image, new PointwiseModel(Sigmoid), info).Hr);
        Assert.Contains("no HR head", Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(image, new PointwiseModel(Sigmoid), info, new() { Lr = false })).Message);
    }

    [Fact]
    public void WrongChannelCountIsRefused()
    {
        var geometry = new VolumeGeometry([8, 8, 4], [1, 1, 4]);
        var error = Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(new(geometry, new float[512], 2), new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 8, 8))));
        Assert.Contains("2 channel(s)", error.Message);
    }

    [Fact]
    public void AFarSpacingWarns()
    {
        var warnings = new List<string>();
        VolumeSegmenter.Segment(Noise([8, 8, 4], [1, 1, 4]), new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 8, 8), 4, 1, 4.001, 1, 1), new() { Warn = warnings.Add });
        Assert.Empty(warnings);
        VolumeSegmenter.Segment(Noise([1, 8, 4], [0.4, 1, 4]), new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 8, 8)), new() { Warn = warnings.Add });
        Assert.Contains("far from", Assert.Single(warnings));
    }

    [Fact]
    public void CancellationStopsBetweenRuns()
    {
        using var source = new CancellationTokenSource();
        var model = new PointwiseModel(Sigmoid) { CancelAfterRun = source };
        Assert.Throws<OperationCanceledException>(() => VolumeSegmenter.Segment(Noise([8, 8, 4], [1, 1, 4]), model, PointwiseModel.Info(new(4, 8, 8)), cancellationToken: source.Token));
        Assert.Single(model.Runs);
    }
}
