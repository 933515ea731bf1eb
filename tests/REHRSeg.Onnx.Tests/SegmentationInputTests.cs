using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>Networks that look at thin slices interpolated from thick ones (METHOD.md section 10.4), at both, or at single slices.</summary>
public class SegmentationInputTests
{
    static float Sigmoid(float v) => 1 / (1 + MathF.Exp(-v));

    static MLVolume Smooth(SliceAxis axis, int slices = 6)
    {
        int[] size = [9, 10, 11];
        double[] spacing = [1, 1, 1];
        (size[(int)axis], spacing[(int)axis]) = (slices, 4);
        var geometry = new VolumeGeometry(size, spacing, [1, 2, 3]);
        return new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(i => (float)(10 + Math.Sin(i % size[0]) + 2 * Math.Sin(0.9 * (i / size[0] % size[1])) + Math.Cos(1.3 * (i / size[0] / size[1])))).ToArray());
    }

    static SegmentationModelInfo Info(SegmentationInput input, PatchShape patch, params double[] spacing) =>
        PointwiseModel.Info(patch, 4, 1, spacing) with { Input = input, HasHighResolutionHead = false };

    static (double Mean, double Deviation) Moments(MLVolume v)
    {
        double mean = v.Voxels.ToArray().Average(x => (double)x);
        return (mean, Math.Sqrt(v.Voxels.ToArray().Average(x => (x - mean) * (x - mean))));
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Z)]
    public void AThinNetworkSeesTheSplineAndThickLabelsAreTheMajority(SliceAxis axis)
    {
        var image = Smooth(axis);
        var model = new PointwiseModel(Sigmoid);
        var result = VolumeSegmenter.Segment(image, model, Info(SegmentationInput.Thin, new(8, 8, 8), 1, 1, 1), new() { Probabilities = true, Axis = axis });
        Assert.All(model.Runs, r => Assert.False(r.Hr));

        var thin = Resampler.RefineImage(image, axis, 4);
        var (mean, deviation) = Moments(thin);
        Assert.Equal(thin.Geometry, result.Hr!.Geometry);
        Assert.Equal(image.Geometry, result.Lr!.Geometry);
        for (int i = 0; i < thin.Voxels.Length; i++)
        {
            double p = Sigmoid((float)((thin.Voxels[i] - mean) / deviation));
            Assert.Equal(p, result.HrProbabilities!.Channel(1)[i], 1e-5);
            if (Math.Abs(p - 0.5) > 1e-4) Assert.Equal(p > 0.5 ? 7 : 0, result.Hr.Voxels[i]);
        }
        var (hr, lr) = (result.Hr.SwapAxes(axis, SliceAxis.Z), result.Lr.SwapAxes(axis, SliceAxis.Z));
        var (hrP, lrP) = (result.HrProbabilities!.SwapAxes(axis, SliceAxis.Z), result.LrProbabilities!.SwapAxes(axis, SliceAxis.Z));
        int plane = lr.Width * lr.Height;
        bool tied = false;
        for (int i = 0; i < lr.Voxels.Length; i++)
        {
            int first = i / plane * 4 * plane + i % plane;
            var block = Enumerable.Range(0, 4).Select(t => hr.Voxels[first + t * plane]).ToArray();
            int organ = block.Count(v => v == 7);
            tied |= organ == 2;
            Assert.Equal(organ > 2 || (organ == 2 && block[1] == 7) ? 7 : 0, lr.Voxels[i]);
            Assert.Equal(Enumerable.Range(0, 4).Average(t => hrP.Channel(1)[first + t * plane]), lrP.Channel(1)[i], 1e-5f);
        }
        Assert.True(tied);
        var alone = VolumeSegmenter.Segment(image, new PointwiseModel(Sigmoid), Info(SegmentationInput.Thin, new(8, 8, 8), 1, 1, 1), new() { Hr = false, Axis = axis });
        Assert.Null(alone.Hr);
        Assert.Equal(result.Lr.Voxels, alone.Lr!.Voxels);
    }

    [Fact]
    public void ANetworkOfBothSeesThickSlicesForThickLabels()
    {
        var image = Smooth(SliceAxis.Y);
        var info = Info(SegmentationInput.ThickAndThin, new(1, 8, 8), 4, 1, 1);
        Assert.True(info is { IsPlanar: true, CanSegmentThin: true });
        var model = new PointwiseModel(Sigmoid);
        var result = VolumeSegmenter.Segment(image, model, info, new() { Probabilities = true });
        Assert.All(model.Runs, r => Assert.Equal(1, r.Shape.Depth));
        var thin = Resampler.RefineImage(image, SliceAxis.Y, 4);
        Check(image, result.LrProbabilities!);
        Check(thin, result.HrProbabilities!);

        model = new PointwiseModel(Sigmoid);
        var lr = VolumeSegmenter.Segment(image, model, info, new() { Hr = false });
        Assert.Equal(result.Lr!.Voxels, lr.Lr!.Voxels);
        Assert.Equal(6 * 2 * 2 * 4, model.Runs.Sum(r => r.Batch)); // 6 thick slices of 9 x 11, 2 x 2 tiles of 8 x 8, 4 mirrored forms
        var hr = VolumeSegmenter.Segment(image, new PointwiseModel(Sigmoid), info, new() { Lr = false });
        Assert.Null(hr.Lr);
        Assert.Equal(result.Hr!.Voxels, hr.Hr!.Voxels);

        static void Check(MLVolume seen, MLVolume probabilities)
        {
            var (mean, deviation) = Moments(seen);
            for (int i = 0; i < seen.Voxels.Length; i++) Assert.Equal(Sigmoid((float)((seen.Voxels[i] - mean) / deviation)), probabilities.Channel(1)[i], 1e-5f);
        }
    }

    [Fact]
    public void ThickAndThinNetworksMakeAnEnsemble()
    {
        var image = Smooth(SliceAxis.Z);
        EnsembleMember[] members =
        [
            new(new PointwiseModel(Sigmoid), PointwiseModel.Info(new(4, 8, 8)), "rehrseg"), new(new PointwiseModel(Sigmoid), Info(SegmentationInput.Thin, new(8, 8, 8), 1, 1, 1), "thin"),
            new(new PointwiseModel(Sigmoid), Info(SegmentationInput.ThickAndThin, new(1, 8, 8), 4, 1, 1), "planar"),
        ];
        var request = new SegmentationRequest { Probabilities = true };
        var together = VolumeSegmenter.Segment(image, members, request);
        var alone = members.Select(m => VolumeSegmenter.Segment(image, [m], request)).ToArray();
        for (int i = 0; i < together.LrProbabilities!.Voxels.Length; i++) Assert.Equal(alone.Average(r => r.LrProbabilities!.Voxels[i]), together.LrProbabilities.Voxels[i], 1e-5f);
        for (int i = 0; i < together.HrProbabilities!.Voxels.Length; i++) Assert.Equal(alone.Average(r => r.HrProbabilities!.Voxels[i]), together.HrProbabilities.Voxels[i], 1e-5f);
        for (int i = 0; i < together.Lr!.Voxels.Length; i++)
            if (Math.Abs(together.LrProbabilities.Channel(1)[i] - 0.5f) > 1e-5) Assert.Equal(together.LrProbabilities.Channel(1)[i] > 0.5f ? 7 : 0, together.Lr.Voxels[i]);
    }

    [Fact]
    public void FactorOneHasNoThinSlices()
    {
        foreach (var input in Enum.GetValues<SegmentationInput>())
        {
            var info = PointwiseModel.Info(new(4, 8, 8), 1, 1, 1, 1, 1) with { Input = input, HasHighResolutionHead = false };
            var result = VolumeSegmenter.Segment(Smooth(SliceAxis.Z), new PointwiseModel(Sigmoid), info, new() { Axis = SliceAxis.Z });
            Assert.Null(result.Hr);
            Assert.Contains((float)7, result.Lr!.Voxels.ToArray());
            Assert.Contains("factor 1", Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(Smooth(SliceAxis.Z), new PointwiseModel(Sigmoid), info, new() { Lr = false })).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OneSliceAndSmallVolumesWork()
    {
        foreach (var (input, patch) in new[] { (SegmentationInput.Thin, new PatchShape(16, 32, 32)), (SegmentationInput.ThickAndThin, new(1, 32, 32)) })
        {
            var result = VolumeSegmenter.Segment(Smooth(SliceAxis.Z, 1), new PointwiseModel(Sigmoid), Info(input, patch, input == SegmentationInput.Thin ? 1 : 4, 1, 1));
            Assert.Equal((1, 4), (result.Lr!.Depth, result.Hr!.Depth));
        }
    }

    [Fact]
    public void AThinNetworkIsMeasuredAgainstThinSpacing()
    {
        var warnings = new List<string>();
        VolumeSegmenter.Segment(Smooth(SliceAxis.Z), new PointwiseModel(Sigmoid), Info(SegmentationInput.Thin, new(8, 8, 8), 1, 1, 1), new() { Warn = warnings.Add });
        VolumeSegmenter.Segment(Smooth(SliceAxis.Z), new PointwiseModel(Sigmoid), Info(SegmentationInput.ThickAndThin, new(1, 8, 8), 40, 1, 1), new() { Warn = warnings.Add });
        Assert.Empty(warnings);
        VolumeSegmenter.Segment(Smooth(SliceAxis.Z), new PointwiseModel(Sigmoid), Info(SegmentationInput.Thin, new(8, 8, 8), 4, 1, 1), new() { Warn = warnings.Add });
        Assert.Contains("far from", Assert.Single(warnings), StringComparison.Ordinal);
    }
}
