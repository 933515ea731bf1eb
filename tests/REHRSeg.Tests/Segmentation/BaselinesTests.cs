using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Every baseline from data to labels: trained, saved, exported and scored on cases that it has not seen.</summary>
public class BaselinesTests
{
    const SliceAxis Axis = SliceAxis.Y;

    static readonly RehrSegOptions Small = new()
    {
        BaseFeatures = 6, MaxFeatures = 48, BatchSize = 2, PlanarBatchSize = 12, MaxPatchSlices = 4, MaxPatchSide = 24, NnUNetIterations = 50, BFloat16 = false, InterpolatedLabels = InterpolatedLabels.SignedDistance,
    };

    static readonly SegmentationRequest Request = new() { Mirror = false, Probabilities = true };

    static TrainingContext Context(string? directory = null) => new() { Device = torch.CPU, Seed = 7, Directory = directory };

    static RehrSegTrainingData Data(SegmentationMethod method, int cases) => method != SegmentationMethod.FullySupervised ? EllipsoidData.Dataset(cases, pseudo: false, Axis) : new()
    {
        Real = [.. Enumerable.Range(0, cases).Select(i => EllipsoidData.Thin(i, Axis)).Select((c, i) => new TrainingCase($"case_{i}", c.Image, c.Label))],
        Pseudo = [],
    };

    /// <summary>The map moved by whole voxels along an axis, background coming in.</summary>
    static MLVolume Moved(MLVolume map, SliceAxis axis, int by)
    {
        var from = map.SwapAxes(axis, SliceAxis.Z);
        var to = new float[from.Voxels.Length];
        int plane = from.Width * from.Height;
        for (int z = 0; z < from.Depth; z++)
            if (z - by >= 0 && z - by < from.Depth) from.Voxels.Slice((z - by) * plane, plane).CopyTo(to.AsSpan(z * plane));
        return from.WithVoxels(to).SwapAxes(axis, SliceAxis.Z);
    }

    static void AssertInPlace(string what, IReadOnlyList<(MLVolume Prediction, MLVolume Truth)> pairs, double least)
    {
        double Mean(Func<MLVolume, MLVolume> change) => pairs.Average(p => EllipsoidData.Dice(p.Prediction, change(p.Truth)));
        double dice = Mean(t => t);
        Assert.True(dice > least, $"{what}: Dice {dice:0.000}");
        foreach (var axis in Enum.GetValues<SliceAxis>())
            foreach (int by in (int[])[-1, 1])
                Assert.True(Mean(t => Moved(t, axis, by)) < dice, $"{what}: Dice {dice:0.000}, but {Mean(t => Moved(t, axis, by)):0.000} with the truth moved by {by} along {axis}");
    }

    [Theory]
    [InlineData(SegmentationMethod.NnUNet)]
    [InlineData(SegmentationMethod.NnUNet2D)]
    [InlineData(SegmentationMethod.NnUNetInterpolated)]
    [InlineData(SegmentationMethod.FullySupervised)]
    public void Learns_and_scores_in_place(SegmentationMethod method)
    {
        using var folder = new TemporaryFolder();
        var options = Small with { Method = method, MaxPatchSlices = method == SegmentationMethod.FullySupervised ? 16 : 4 };
        // A slice without foreground is noise alone, which a 2-D network has to learn to leave empty.
        if (method == SegmentationMethod.NnUNet2D) options = options with { NnUNetIterations = 200, PlanarBatchSize = 16, MaxPatchSide = null };
        using var model = RehrSegTrainer.Train(Data(method, 6), options, Context(folder.Path));
        bool thin = method is SegmentationMethod.NnUNet2D or SegmentationMethod.NnUNetInterpolated, supervised = method == SegmentationMethod.FullySupervised;
        Assert.Equal((thin, false, supervised ? 1 : 4), (model.Info.CanSegmentThin, model.Info.HasHighResolutionHead, model.Info.Factor));
        Assert.Equal(method == SegmentationMethod.NnUNet2D, model.Info.IsPlanar);
        var plan = SegmentationPlan.Load(Path.Combine(folder.Path, "plan.json"));
        Assert.Equal(method is SegmentationMethod.NnUNetInterpolated or SegmentationMethod.FullySupervised ? 1 : 4, plan.TargetSpacing[0], 1e-6);
        Assert.Equal(method switch { SegmentationMethod.NnUNet2D => (1, 16), SegmentationMethod.NnUNet => (4, 2), _ => (16, 2) }, (plan.Patch.Depth, plan.BatchSize));

        List<(MLVolume, MLVolume)> lr = [], hr = [];
        for (int seed = 100; seed < 103; seed++)
        {
            var (thinImage, thinLabel) = EllipsoidData.Thin(seed, Axis);
            var test = supervised ? new("", thinImage, thinLabel) : EllipsoidData.Thick(seed, Axis);
            var result = model.Predict(test.Image, Request);
            Assert.Null(result.Lr!.Geometry.DescribeDifference(test.Image.Geometry));
            lr.Add((result.Lr, test.Label));
            Assert.Equal(thin, result.Hr is not null);
            if (result.Hr is null) continue;
            Assert.Null(result.Hr.Geometry.DescribeDifference(thinImage.Geometry));
            hr.Add((result.Hr, thinLabel));
        }
        AssertInPlace($"{method} LR", lr, supervised ? 0.9 : 0.85);
        if (thin) AssertInPlace($"{method} HR", hr, 0.85);

        using var saved = new MemoryStream();
        model.Save(saved);
        saved.Position = 0;
        using var loaded = RehrSegModel.Load(saved);
        using var onnx = new MemoryStream();
        model.ExportOnnx(onnx);
        using var scorer = new OnnxVolumeScorer(onnx.ToArray(), "segmentation.onnx");
        Assert.Equal(model.Info.ToMetadata(), loaded.Info.ToMetadata());
        Assert.Equal(model.Info.ToMetadata(), scorer.Info.ToMetadata());
        var image = supervised ? EllipsoidData.Thin(100, Axis).Image : EllipsoidData.Thick(100, Axis).Image;
        var (torchResult, again, byOnnx) = (model.Predict(image, Request), loaded.Predict(image, Request), scorer.Score(image, Request));
        foreach (Func<SegmentationResult, MLVolume?> part in (Func<SegmentationResult, MLVolume?>[])[r => r.LrProbabilities, r => r.HrProbabilities])
        {
            if (part(torchResult) is not { } expected) continue;
            Assert.Equal(expected.Voxels, part(again)!.Voxels);
            float worst = 0;
            for (int i = 0; i < expected.Voxels.Length; i++) worst = Math.Max(worst, Math.Abs(expected.Voxels[i] - part(byOnnx)!.Voxels[i]));
            Assert.True(worst < 1e-4, $"ONNX differs by {worst}");
        }
    }

    [Fact]
    public void The_plain_nnUNet_is_REHRSegs_first_phase_and_pseudo_pairs_change_nothing()
    {
        var options = Small with { NnUNetIterations = 2 };
        float[] Probabilities(RehrSegOptions o, bool pseudo)
        {
            using var model = RehrSegTrainer.Train(EllipsoidData.Dataset(2, pseudo, Axis), o, Context());
            return model.Predict(EllipsoidData.Thick(9, Axis).Image, Request).LrProbabilities!.Voxels.ToArray();
        }
        float[] expected = Probabilities(options with { UsePseudoData = false }, true);
        Assert.Equal(expected, Probabilities(options with { Method = SegmentationMethod.NnUNet }, false));
        Assert.Equal(expected, Probabilities(options with { Method = SegmentationMethod.NnUNet }, true));
        Assert.NotEqual(expected, Probabilities(options with { Method = SegmentationMethod.NnUNet2D }, false));
    }

    [Theory]
    [InlineData(InterpolatedLabels.Morphological)]
    [InlineData(InterpolatedLabels.SignedDistance)]
    [InlineData(InterpolatedLabels.Nearest)]
    public void Interpolated_cases_lie_on_the_refined_grid_slice_axis_first(InterpolatedLabels mode)
    {
        TrainingCase[] thick = [EllipsoidData.Thick(1, SliceAxis.X), EllipsoidData.Thick(2, Axis)];
        var cases = new InterpolatedCases(thick, g => g.DetectSliceAxis()!.Value, EllipsoidData.Factor, mode);
        Assert.Equal(2, cases.Count);
        foreach (var (item, axis, made) in thick.Zip((SliceAxis[])[SliceAxis.X, Axis], cases))
        {
            var label = mode switch
            {
                InterpolatedLabels.Morphological => LabelInterpolation.Morphological(item.Label, axis, 4),
                InterpolatedLabels.SignedDistance => LabelInterpolation.SignedDistance(item.Label, axis, 4),
                _ => LabelInterpolation.Nearest(item.Label, axis, 4),
            };
            Assert.Equal(item.Id, made.Id);
            Assert.Null(made.Image.Geometry.SwapAxes(axis, SliceAxis.Z).DescribeDifference(item.Image.Geometry.Refine(4, axis)));
            Assert.Equal(Resampler.RefineImage(item.Image, axis, 4).Voxels, made.Image.SwapAxes(axis, SliceAxis.Z).Voxels);
            Assert.Equal(label.Voxels, made.Label.SwapAxes(axis, SliceAxis.Z).Voxels);
        }
    }

    [Fact]
    public void Bad_options_and_data_are_refused()
    {
        var (image, label) = EllipsoidData.Thin(0);
        var isotropic = new RehrSegTrainingData { Real = [new("iso", image, label)], Pseudo = [] };
        foreach (var method in Enum.GetValues<SegmentationMethod>().Where(m => m != SegmentationMethod.FullySupervised))
            Assert.Contains("iso", Assert.Throws<DatasetException>(() => RehrSegTrainer.Train(isotropic, Small with { Method = method }, Context())).Message);
        foreach (var options in (RehrSegOptions[])[Small with { PlanarBatchSize = 0 }, Small with { Method = SegmentationMethod.NnUNet2D, PlanarMaxFeatures = 1 }, Small with { Method = (SegmentationMethod)9 }, Small with { InterpolatedLabels = (InterpolatedLabels)9 }])
            Assert.ThrowsAny<ArgumentException>(options.Validate);
    }
}
