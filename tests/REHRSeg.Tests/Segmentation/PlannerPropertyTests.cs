using System.Collections.Immutable;
using CsCheck;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>What holds for every plan, whatever the data and the budget.</summary>
public class PlannerPropertyTests
{
    sealed record Situation(ImmutableArray<double> Spacing, ImmutableArray<double> Shape, int Cases, double Elements, int BaseFeatures)
    {
        public SegmentationPlan? Plan(double? elements = null)
        {
            try
            {
                return SegmentationPlanner.Plan(Spacing, Shape, Cases, new() { FeatureMapElements = elements ?? Elements, BaseFeatures = BaseFeatures, MaxFeatures = 10 * BaseFeatures }, 1, 3, 4);
            }
            catch (ArgumentException)
            {
                return null; // too small a volume or budget; says so
            }
        }
    }

    static readonly Gen<Situation> Situations =
        from spacing in Gen.Double[-1.6, 2.3].Array[3] // 0.2 to 10 mm
        from size in Gen.Double[1.4, 6.6].Array[3] // 4 to 735 voxels
        from cases in Gen.Int[1, 2000]
        from elements in Gen.Double[13, 21] // 0.4 to 1300 million
        from features in Gen.Int[1, 8]
        select new Situation([.. spacing.Select(Math.Exp)], [.. size.Select(s => Math.Round(2 * Math.Exp(s)) / 2)], cases, Math.Exp(elements), 4 * features);

    [Fact]
    public void Every_plan_keeps_its_rules() => Situations.Sample(s =>
    {
        if (s.Plan() is not { } plan) return;
        var network = plan.Architecture;
        int[] patch = [plan.Patch.Depth, plan.Patch.Height, plan.Patch.Width], divisor = [network.Divisor.Depth, network.Divisor.Height, network.Divisor.Width];
        for (int a = 0; a < 3; a++)
        {
            Assert.Equal(0, patch[a] % divisor[a]);
            Assert.True(divisor[a] == 1 || patch[a] / divisor[a] >= 4, "a feature map edge below 4");
            Assert.InRange(patch[a], 1, 1.5 * Math.Ceiling(s.Shape[a]) + 8); // padded to its divisor, perhaps more than once
        }
        Assert.True(plan.FeatureMapElements <= s.Elements);
        int stages = network.Features.Length;
        Assert.Equal((stages, stages), (network.Kernels.Length, network.Strides.Length));
        Assert.Equal(new PatchShape(1, 1, 1), network.Strides[0]);
        Assert.Equal(new PatchShape(3, 3, 3), network.Kernels[^1]);
        Assert.All(network.Strides.Skip(1), stride => Assert.True(stride.Voxels is 2 or 4 or 8));
        for (int i = 1; i < stages; i++)
            for (int a = 0; a < 3; a++) // sticky: a kernel never shrinks on the way down
                Assert.True(DatasetFingerprint.Axis(network.Kernels[i], a) >= DatasetFingerprint.Axis(network.Kernels[i - 1], a));
        Assert.Equal(network.Features.Select((_, i) => (int)Math.Min(10L * s.BaseFeatures, (long)s.BaseFeatures << i)), network.Features);
        double share = s.Shape.Aggregate(0.05 * s.Cases, (v, n) => v * n) / plan.Patch.Voxels;
        Assert.True(plan.BatchSize == 2 || plan.BatchSize <= share + 0.5, "above 5 % of the data");
        Assert.True(plan.BatchSize == 2 || plan.FeatureMapElements * (plan.BatchSize - 0.5) <= 2 * s.Elements, "above the budget");
        Assert.True(plan.BatchSize >= 2);
        Assert.Equal(plan.FeatureMapElements, SegmentationPlanner.FeatureMapElements(network, plan.Patch));
    }, iter: 5000, seed: "0000KOIPRNZ4");

    /// <summary>
    /// The patches that the planner goes through do not depend on the budget, only where it stops: so a smaller budget can never end at more elements. (It can end at a patch of more
    /// voxels, in nnU-Net too: where a cut axis is pooled less, another may be pooled more and is then padded up to its new divisor.)
    /// </summary>
    [Fact]
    public void A_smaller_budget_never_gives_a_larger_network() => Gen.Select(Situations, Gen.Double[0.2, 1]).Sample((s, part) =>
    {
        if (s.Plan() is not { } plan) return;
        if (s.Plan(s.Elements * part) is not { } smaller) return;
        Assert.True(smaller.FeatureMapElements <= plan.FeatureMapElements);
    }, iter: 3000, seed: "0000KOIPRNZ4");

    [Fact]
    public void Where_a_budget_fits_a_larger_one_fits() => Gen.Select(Situations, Gen.Double[1, 10]).Sample((s, times) => { if (s.Plan() is not null) Assert.NotNull(s.Plan(s.Elements * times)); }, iter: 2000, seed: "0000KOIPRNZ4");

    [Fact]
    public void More_memory_never_gives_a_smaller_budget() => Gen.Select(Gen.Double[1, 200], Gen.Double[1, 200]).Sample((a, b) => Assert.Equal(a.CompareTo(b), TrainingMemory.Elements(a).CompareTo(TrainingMemory.Elements(b))), iter: 500);

    [Fact]
    public void Random_fingerprints_give_finite_targets() => (
        from cases in Gen.Select(Gen.Double[-1.6, 2.3].Array[3], Gen.Int[4, 400].Array[3], Gen.Double[0.05, 1]).Array[1, 12]
        select new DatasetFingerprint([.. cases.Select((c, i) => new CaseFingerprint($"c{i}", new(c.Item2[0], c.Item2[1], c.Item2[2]), [.. c.Item1.Select(Math.Exp)], c.Item3))])).Sample(data =>
    {
        foreach (bool keep in (bool[])[true, false])
        {
            var target = data.TargetSpacing(keep);
            for (int a = 0; a < 3; a++)
            {
                double[] spacings = [.. data.Cases.Select(c => c.Spacing[a])];
                Assert.InRange(target[a], spacings.Min() * (1 - 1e-12), Math.Max(spacings.Max(), target.Where((_, b) => b != a).Max() + 1e-5) * (1 + 1e-12));
            }
            Assert.All(data.MedianShape(target), s => Assert.True(s >= 0 && double.IsFinite(s)));
        }
    }, iter: 1000);
}
