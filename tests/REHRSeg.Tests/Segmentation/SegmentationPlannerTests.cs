using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Against the planner of nnU-Net 2.3.1 (METHOD.md 6.2, measured).</summary>
public class SegmentationPlannerTests
{
    static SegmentationPlan Plan(ImmutableArray<double> spacing, ImmutableArray<double> shape, int cases, PlanningBudget? budget = null)
        => SegmentationPlanner.Plan(spacing, shape, cases, budget ?? new(), 1, 2, 4);

    [Fact]
    public void Brain_at_4_1_1_mm()
    {
        var plan = Plan([4, 1, 1], [40, 240, 240], 61);
        Assert.Equal(new PatchShape(32, 224, 224), plan.Patch);
        Assert.Equal(2, plan.BatchSize);
        Assert.Equal(new[] { 32, 64, 128, 256, 320, 320 }, plan.Architecture.Features.ToArray());
        PatchShape flat = new(1, 2, 2), cube = new(2, 2, 2), k3 = new(3, 3, 3), k133 = new(1, 3, 3);
        Assert.Equal(new[] { new(1, 1, 1), flat, flat, cube, cube, cube }, plan.Architecture.Strides.ToArray());
        Assert.Equal(new[] { k133, k133, k3, k3, k3, k3 }, plan.Architecture.Kernels.ToArray());
        Assert.Equal(new PatchShape(8, 32, 32), plan.Architecture.Divisor);
        Assert.True(plan.InPlaneAugmentation);
    }

    [Fact]
    public void Pelvis_at_4_075_075_mm()
    {
        var plan = Plan([4, 0.75, 0.75], [20, 455, 633], 73);
        Assert.Equal(new PatchShape(14, 320, 384), plan.Patch);
        Assert.Equal(7, plan.Architecture.Features.Length);
        Assert.Equal(new PatchShape(2, 64, 64), plan.Architecture.Divisor);
    }

    [Fact]
    public void Isotropic()
    {
        var plan = Plan([1, 1, 1], [160, 240, 240], 61);
        Assert.Equal(new PatchShape(96, 160, 160), plan.Patch);
        Assert.Equal(6, plan.Architecture.Features.Length);
        Assert.False(plan.InPlaneAugmentation);
    }

    [Fact]
    public void Small() => Assert.Equal(new PatchShape(32, 128, 128), Plan([4, 1, 1], [32, 128, 128], 20).Patch);

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
    public void Plan_survives_its_file()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "plan.json");
        var plan = Plan([4, 1, 1], [40, 240, 240], 61) with { NormaliseInsideNonzero = true };
        plan.Save(path);
        Assert.Contains("\"patch\": [32, 224, 224]", File.ReadAllText(path));
        Assert.Equal(plan.ToJson(), SegmentationPlan.Load(path).ToJson());
        File.WriteAllText(path, "{ \"patch\": [1, 2] }");
        Assert.Contains(path, Assert.Throws<ModelFormatException>(() => SegmentationPlan.Load(path)).Message);
    }
}
