using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Against the planner of nnU-Net 2.3.1 (METHOD.md 6.2, measured).</summary>
public class SegmentationPlannerTests
{
    static SegmentationPlan Plan(ImmutableArray<double> spacing, ImmutableArray<double> shape, int cases, PlanningBudget? budget = null)
        => SegmentationPlanner.Plan(spacing, shape, cases, budget ?? new(), 1, 2, 4);

    static readonly PatchShape Flat = new(1, 2, 2), Cube = new(2, 2, 2), K133 = new(1, 3, 3), K333 = new(3, 3, 3);

    static void AssertNetwork(SegmentationPlan plan, PatchShape pooled, PatchShape[] strides, PatchShape[] kernels, params int[] features)
    {
        Assert.Equal(features, plan.Architecture.Features.ToArray());
        Assert.Equal([new(1, 1, 1), .. strides], plan.Architecture.Strides.ToArray());
        Assert.Equal(kernels, plan.Architecture.Kernels.ToArray());
        Assert.Equal(pooled, plan.Architecture.Divisor);
    }

    [Fact]
    public void Brain_at_4_1_1_mm()
    {
        var plan = Plan([4, 1, 1], [40, 240, 240], 61);
        Assert.Equal((new(32, 224, 224), 2), (plan.Patch, plan.BatchSize));
        AssertNetwork(plan, new(8, 32, 32), [Flat, Flat, Cube, Cube, Cube], [K133, K133, K333, K333, K333, K333], 32, 64, 128, 256, 320, 320);
        Assert.True(plan.InPlaneAugmentation);
        Assert.Equal(30_766_396, plan.Architecture.ParameterCount);
        Assert.InRange(plan.FeatureMapElements, 0, 560e6);
    }

    [Fact]
    public void Pelvis_at_4_075_075_mm()
    {
        var plan = Plan([4, 0.75, 0.75], [20, 455, 633], 73);
        Assert.Equal((new(14, 320, 384), 2), (plan.Patch, plan.BatchSize));
        AssertNetwork(plan, new(2, 64, 64), [Flat, Flat, Cube, Flat, Flat, Flat], [K133, K133, K333, K333, K333, K333, K333], 32, 64, 128, 256, 320, 320, 320); // npool 1, 6, 6
        Assert.Equal(44_267_518, plan.Architecture.ParameterCount);
    }

    [Fact]
    public void Isotropic()
    {
        var plan = Plan([1, 1, 1], [160, 240, 240], 61);
        Assert.Equal((new(96, 160, 160), 2), (plan.Patch, plan.BatchSize));
        AssertNetwork(plan, new(16, 32, 32), [Cube, Cube, Cube, Cube, Flat], [K333, K333, K333, K333, K333, K333], 32, 64, 128, 256, 320, 320);
        Assert.False(plan.InPlaneAugmentation);
    }

    [Fact]
    public void Small()
    {
        var plan = Plan([4, 1, 1], [32, 128, 128], 20);
        Assert.Equal((new(32, 128, 128), 2), (plan.Patch, plan.BatchSize));
        AssertNetwork(plan, new(8, 32, 32), [Flat, Flat, Cube, Cube, Cube], [K133, K133, K333, K333, K333, K333], 32, 64, 128, 256, 320, 320);
    }

    [Fact]
    public void The_batch_fills_the_budget_up_to_5_percent_of_the_data()
    {
        Assert.Equal(9, Plan([1, 1, 1], [36, 50, 35], 260).BatchSize); // nnU-Net's own plan of the Decathlon's hippocampus: patch 40 x 56 x 40, batch 9
        Assert.Equal(new PatchShape(40, 56, 40), Plan([1, 1, 1], [36, 50, 35], 260).Patch);
        Assert.Equal(2, Plan([1, 1, 1], [36, 50, 35], 20).BatchSize);
    }

    [Fact]
    public void A_coarser_axis_in_plane_is_planned_as_nnUNet_plans_it_after_transposition()
    {
        var ours = Plan([1, 4, 1], [240, 40, 240], 61);
        var theirs = Plan([4, 1, 1], [40, 240, 240], 61);
        static PatchShape Swap(PatchShape s) => new(s.Height, s.Depth, s.Width);
        Assert.Equal(Swap(theirs.Patch), ours.Patch);
        Assert.Equal(theirs.Architecture.Strides.Select(Swap), ours.Architecture.Strides);
        Assert.Equal(theirs.Architecture.Kernels.Select(Swap), ours.Architecture.Kernels);
    }

    [Fact]
    public void Smaller_budget_gives_a_smaller_patch_of_the_same_rules()
    {
        var plan = Plan([4, 1, 1], [40, 240, 240], 61, new() { FeatureMapElements = 20e6, BaseFeatures = 16, MaxFeatures = 160, BatchSize = 3, MaxPatch = new(16, 240, 240) });
        Assert.True(plan.FeatureMapElements <= 20e6);
        Assert.True(plan.Patch.Depth <= 16 && plan.Patch.Height < 200);
        Assert.Equal(16, plan.Architecture.Features[0]);
        Assert.All(plan.Architecture.Features, f => Assert.InRange(f, 16, 160));
        Assert.Equal(3, plan.BatchSize);
        Assert.Equal((0, 0, 0), (plan.Patch.Depth % plan.Architecture.Divisor.Depth, plan.Patch.Height % plan.Architecture.Divisor.Height, plan.Patch.Width % plan.Architecture.Divisor.Width));
    }

    [Fact]
    public void Hippocampus_at_4_1_1_mm()
    {
        var plan = Plan([4, 1, 1], [12, 35, 36], 128, new() { BaseFeatures = 16 });
        Assert.Equal(new PatchShape(12, 40, 40), plan.Patch);
        Assert.Equal(new[] { 16, 32, 64, 128 }, plan.Architecture.Features.ToArray());
    }

    [Fact]
    public void Volumes_too_small_for_a_network_are_refused()
        => Assert.Contains("too small", Assert.Throws<ArgumentException>(() => Plan([4, 1, 1], [4, 6, 6], 10)).Message);

    [Fact]
    public void Thickness_is_the_median_or_nnUNets_10th_percentile()
    {
        var cases = Enumerable.Range(0, 11).Select(i => new CaseFingerprint($"c{i}", new(10, 100, 100), [3 + 0.2 * i, 0.5, 0.5], 1)).ToArray();
        var data = new DatasetFingerprint(cases);
        Assert.Equal([4, 0.5, 0.5], data.TargetSpacing(keepThickness: true).Select(v => Math.Round(v, 9)));
        Assert.Equal([3.2, 0.5, 0.5], data.TargetSpacing(keepThickness: false).Select(v => Math.Round(v, 9)));
        Assert.Equal(new[] { 10.0, 100, 100 }, data.MedianShape([4, 0.5, 0.5]).ToArray());
        Assert.False(data.NormaliseInsideNonzero);
        Assert.True(new DatasetFingerprint([.. cases.Select(c => c with { CroppedPart = 0.5 })]).NormaliseInsideNonzero);
    }

    [Fact]
    public void A_plane_coarser_than_the_slices_is_warned_of()
    {
        List<string> warnings = [];
        SegmentationPlan Plan(params double[] spacing)
            => RehrSegPlanning.Plan(new([new("a", new(32, 64, 64), [.. spacing], 1)]), new(), new() { Channels = 1, Classes = 2, Factor = 2, Axis = SliceAxis.Z }, null, warnings.Add);
        Plan(4, 1, 1);
        Assert.Empty(warnings);
        Assert.Equal([1.0, 4, 1], Plan(1, 4, 1).TargetSpacing.ToArray());
        Assert.Contains("not the coarsest", Assert.Single(warnings));
    }

    [Fact]
    public void Foreground_intensities_are_those_of_numpy()
    {
        var image = new MLVolume(new([10, 10, 10], [1, 1, 4]), Enumerable.Range(0, 2000).Select(i => i < 1000 ? i * 0.5f : -1e30f * (i % 3)).ToArray(), 2);
        var label = image.WithVoxels(Enumerable.Range(0, 1000).Select(i => i >= 100 && i < 501 ? 2f : 0).ToArray());
        var found = new DatasetFingerprint([CaseFingerprint.Measure("a", image, label, SliceAxis.Z, 1000, 1)]).Intensities();
        // numpy: v = np.arange(100, 501) * 0.5; v.mean(), np.median(v), v.std(), np.percentile(v, [0.5, 99.5])
        var first = found[0];
        Assert.Equal([150, 150, 57.879184514, 50, 250, 51, 249], new[] { first.Mean, first.Median, first.StandardDeviation, first.Minimum, first.Maximum, first.Percentile005, first.Percentile995 }.Select(v => Math.Round(v, 10)));
        Assert.All(new[] { found[1].Mean, found[1].StandardDeviation, found[1].Percentile005 }, v => Assert.True(double.IsFinite(v)));
        Assert.Equal(-2e30, found[1].Minimum, 1e24);

        var sampled = CaseFingerprint.Measure("a", image, label, SliceAxis.Z, 50, 1).Foreground;
        Assert.Equal(50, sampled[0].Length);
        Assert.Equal(sampled[0], CaseFingerprint.Measure("a", image, label, SliceAxis.Z, 50, 1).Foreground[0]);
        Assert.NotEqual(sampled[0], CaseFingerprint.Measure("b", image, label, SliceAxis.Z, 50, 1).Foreground[0]);
        Assert.All(sampled[0], v => Assert.InRange(v, 50, 250));
        Assert.Empty(CaseFingerprint.Measure("a", image, label.WithVoxels(new float[1000]), SliceAxis.Z, 50, 1).Foreground);
    }

    [Fact]
    public void Plan_survives_its_file()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "plan.json");
        var cases = Enumerable.Range(0, 5).Select(i => new CaseFingerprint($"c{i}", new(38 + i, 240, 240), [4, 1, 1 + 0.1 * i], 0.5) { Foreground = [[1, 2, 3 + i], [-7]] }).ToArray();
        var plan = Plan([4, 1, 1], [40, 240, 240], 61) with { NormaliseInsideNonzero = true, Budget = new(560e6, "a test > all"), Fingerprint = FingerprintSummary.Of(new(cases)) };
        plan.Save(path);
        foreach (string readable in (string[])
        [
            "\"largestSpacing\": [4, 1, 1.4]", "\"medianSize\": [40, 240, 240]", "\"medianRelativeSizeAfterCropping\": 0.5", "\"percentile_99_5\": ", "\"targetSpacing\": [4, 1, 1]",
            "patch: 32x224x224 voxels, 128 x 224 x 224 mm; batch 2", "network: 6 stages of 32, 64, 128, 256, 320, 320 features, pooled 8x32x32 in all, 30.766 million parameters", "a test > all",
        ])
            Assert.Contains(readable, File.ReadAllText(path));
        Assert.Contains("\"patch\": [32, 224, 224]", File.ReadAllText(path));
        Assert.Equal(plan.ToJson(), SegmentationPlan.Load(path).ToJson());
        File.WriteAllText(path, "{ \"patch\": [1, 2] }");
        Assert.Contains(path, Assert.Throws<ModelFormatException>(() => SegmentationPlan.Load(path)).Message);
    }
}
