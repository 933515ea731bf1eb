using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class EnsembleTests
{
    static float Sigmoid(float v) => 1 / (1 + MathF.Exp(-v));

    static MLVolume Noise(int[] size, double[] spacing, int seed = 3)
    {
        var random = new Random(seed);
        return new(new VolumeGeometry(size, spacing, [10, -20, 30]), Enumerable.Range(0, size[0] * size[1] * size[2]).Select(_ => (float)(50 + 10 * random.NextDouble())).ToArray());
    }

    static EnsembleMember Member(Func<float, float> f, SegmentationModelInfo info, string name = "m") => new(new PointwiseModel(f), info, name);

    [Fact]
    public void LabelsAreThoseOfTheMeanProbabilities()
    {
        // Three plans: other patch, other spacing (resampled and back), and single slices.
        var image = Noise([12, 10, 7], [1, 1, 4]);
        EnsembleMember[] members =
        [
            Member(Sigmoid, PointwiseModel.Info(new(4, 8, 8)), "a"),
            Member(v => 1 - Sigmoid(2 * v), PointwiseModel.Info(new(3, 4, 6), 4, 1, 4, 0.8, 1.3), "b"),
            Member(v => v > 0 ? 0.9f : 0.2f, PointwiseModel.Info(new(1, 8, 8), 4, 1, 9, 1, 1), "c"),
        ];
        var request = new SegmentationRequest { Probabilities = true, Uncertainty = true };
        var together = VolumeSegmenter.Segment(image, members, request);
        var alone = members.Select(m => VolumeSegmenter.Segment(image, m.Model, m.Info, request)).ToArray();
        Check(together.LrProbabilities!, together.Lr!, together.LrUncertainty!, [.. alone.Select(r => r.LrProbabilities!)]);
        Check(together.HrProbabilities!, together.Hr!, together.HrUncertainty!, [.. alone.Select(r => r.HrProbabilities!)]);

        static void Check(MLVolume mean, MLVolume labels, MLVolume uncertainty, MLVolume[] parts)
        {
            int n = labels.Geometry.VoxelCount;
            for (int i = 0; i < n; i++)
            {
                double p = parts.Average(v => (double)v.Channel(1)[i]);
                Assert.Equal(p, mean.Channel(1)[i], 1e-6);
                if (Math.Abs(p - 0.5) > 1e-5) Assert.Equal(p > 0.5 ? 7 : 0, labels.Voxels[i]);
                Assert.Equal(-(p * Math.Log(p) + (1 - p) * Math.Log(1 - p)) / Math.Log(2), uncertainty.Voxels[i], 1e-5);
            }
        }
    }

    [Fact]
    public void AnEnsembleOfOneIsThatModel()
    {
        var image = Noise([9, 10, 5], [1, 1, 4]);
        var info = PointwiseModel.Info(new(4, 8, 8));
        var one = VolumeSegmenter.Segment(image, [Member(Sigmoid, info)]);
        var twice = VolumeSegmenter.Segment(image, [Member(Sigmoid, info), Member(Sigmoid, info)]);
        Assert.Equal(one.Hr!.Voxels, twice.Hr!.Voxels);
        Assert.Equal(one.Lr!.Voxels, VolumeSegmenter.Segment(image, new PointwiseModel(Sigmoid), info).Lr!.Voxels);
    }

    [Fact]
    public void ModelsThatDoNotFitAreNamed()
    {
        var info = PointwiseModel.Info(new(4, 8, 8));
        string Refusal(SegmentationModelInfo other) =>
            Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(Noise([9, 10, 5], [1, 1, 4]), [Member(Sigmoid, info, "fold0"), Member(Sigmoid, info), Member(Sigmoid, other, "fold2.onnx")])).Message;
        Assert.Contains("fold0 and fold2.onnx do not make an ensemble: labels 0 (background), 7 (organ) against 0 (background), 8 (x)", Refusal(info with { Labels = [new(0, "background"), new(8, "x")] }), StringComparison.Ordinal);
        Assert.Contains("factor 4 against 2", Refusal(info with { Factor = 2 }), StringComparison.Ordinal);
        Assert.Contains("1 image channel(s) against 2", Refusal(info with { Channels = 2 }), StringComparison.Ordinal);
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(Noise([9, 10, 5], [1, 1, 4]), [])).Message, StringComparison.Ordinal);
        Assert.Empty(Refusals([Member(Sigmoid, info), Member(Sigmoid, info with { Labels = [new(0, "background"), new(7, "renamed")] })]));
        static string[] Refusals(EnsembleMember[] members)
        {
            EnsembleMember.RequireFit(members);
            return [];
        }
    }

    [Fact]
    public void WithoutHrOfOneMemberThereIsNone()
    {
        var info = PointwiseModel.Info(new(4, 8, 8));
        var warnings = new List<string>();
        EnsembleMember[] members = [Member(Sigmoid, info, "full"), Member(Sigmoid, info with { HasHighResolutionHead = false }, "plain")];
        var image = Noise([9, 10, 5], [1, 1, 4]);
        var result = VolumeSegmenter.Segment(image, members, new() { Warn = warnings.Add });
        Assert.Null(result.Hr);
        Assert.NotNull(result.Lr);
        Assert.Contains("plain has no HR head", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Contains("plain has no HR head", Assert.Throws<ArgumentException>(() => VolumeSegmenter.Segment(image, members, new() { Lr = false })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PostProcessingIsWhatMembersHaveInCommon()
    {
        var info = PointwiseModel.Info(new(4, 8, 8)) with { PostProcessing = [LargestComponentRule.Foreground, new(7)] };
        Assert.Equal([new LargestComponentRule(7)], EnsembleMember.CommonRules([Member(Sigmoid, info), Member(Sigmoid, info with { PostProcessing = [new(7)] })]));
        Assert.Empty(EnsembleMember.CommonRules([Member(Sigmoid, info), Member(Sigmoid, info with { PostProcessing = [] })]));
    }

    [Fact]
    public void PostProcessingRemovesIslandsOnBothGridsUnlessSwitchedOff()
    {
        var geometry = new VolumeGeometry([12, 10, 8], [1, 1, 4]);
        var voxels = new float[geometry.VoxelCount];
        for (int z = 2; z < 5; z++) for (int y = 2; y < 6; y++) for (int x = 2; x < 6; x++) voxels[(z * 10 + y) * 12 + x] = 100;
        int island = (6 * 10 + 8) * 12 + 10;
        voxels[island] = 100;
        voxels[0] = voxels[^1] = 1; // the box is the whole volume
        var info = PointwiseModel.Info(new(4, 8, 8)) with { PostProcessing = [LargestComponentRule.Foreground] };
        var image = new MLVolume(geometry, voxels);
        var raw = VolumeSegmenter.Segment(image, new PointwiseModel(v => v > 2 ? 0.9f : 0.1f), info, new() { PostProcess = false, Probabilities = true });
        var clean = VolumeSegmenter.Segment(image, new PointwiseModel(v => v > 2 ? 0.9f : 0.1f), info, new() { Probabilities = true });
        Assert.Equal(7, raw.Lr!.Voxels[island]);
        Assert.Equal(0, clean.Lr!.Voxels[island]);
        foreach (var (before, after) in new[] { (raw.Lr, clean.Lr), (raw.Hr!, clean.Hr!) })
        {
            Assert.Equal(LargestComponent.Keep(before, LargestComponentRule.Foreground).Voxels, after.Voxels);
            Assert.True(before.Voxels.ToArray().Count(v => v > 0) > after.Voxels.ToArray().Count(v => v > 0));
        }
        Assert.Equal(raw.HrProbabilities!.Voxels, clean.HrProbabilities!.Voxels);
    }

    [Fact]
    public void CancellingStopsAnEnsemble()
    {
        using var source = new CancellationTokenSource();
        var info = PointwiseModel.Info(new(4, 8, 8));
        var (first, second) = (new PointwiseModel(Sigmoid), new PointwiseModel(Sigmoid) { CancelAfterRun = source });
        Assert.Throws<OperationCanceledException>(() => VolumeSegmenter.Segment(Noise([9, 10, 20], [1, 1, 4]), [new(first, info, "a"), new(second, info, "b")], cancellationToken: source.Token));
        Assert.Single(second.Runs);
    }

    [Fact]
    public void FilesMakeAnEnsemble()
    {
        string model = Path.Combine(AppContext.BaseDirectory, "oracles", "tiny_models", "segmenter.onnx");
        using var two = new OnnxVolumeScorer([model, model]);
        using var one = new OnnxVolumeScorer(model);
        var image = Noise([8, 8, 5], [1, 1, 4]);
        Assert.Equal(one.Score(image).Hr!.Voxels, two.Score(image).Hr!.Voxels);
        Assert.Equal(2, two.Members.Count);
        Assert.Throws<FileNotFoundException>(() => new OnnxVolumeScorer([model, model + "2"]));
        Assert.Throws<ArgumentException>(() => new OnnxVolumeScorer(Array.Empty<string>()));
    }
}
