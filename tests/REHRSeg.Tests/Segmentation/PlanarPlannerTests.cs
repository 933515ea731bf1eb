using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Against the 2d configurations of published plans of nnU-Net v2's default planner: files nnUNetPlans.json of the named repositories on GitHub.</summary>
public class PlanarPlannerTests
{
    static SegmentationPlan Plan(double height, double width, ImmutableArray<double> shape, int cases, int classes, PlanningBudget? budget = null)
        => PlanarPlanner.Plan([3, height, width], shape, cases, budget ?? new() { FeatureMapElements = PlanarPlanner.NnUNetElements, MaxFeatures = 512 }, 1, classes);

    [Theory]
    [InlineData(0.78515625, 0.78515625, 252, 512, 512, 2, 512, 512, 12, 8)] // Usamakhan843/3D-Lung-Tumor-Segmentation-with-nnU-Net
    [InlineData(0.78515625, 0.81640625, 434.5, 512, 467, 4, 512, 512, 12, 8)] // cemmacabales/nnunetv2_3DKidney
    [InlineData(2.0364201068878174, 2.0364201068878174, 326, 400, 400, 2, 448, 448, 16, 7)] // NIH-MIP/FDG-PET-CT_AI
    [InlineData(0.9765625, 0.9765625, 1323, 512, 512, 73, 448, 448, 13, 7)] // Dataset105_TotalBone: 73 classes make the last feature map too large for 512 x 512
    public void Published_plans(double height, double width, double depth, double rows, double columns, int classes, int patchHeight, int patchWidth, int batch, int stages)
    {
        var plan = Plan(height, width, [depth, rows, columns], 60, classes);
        Assert.Equal((new(1, patchHeight, patchWidth), batch), (plan.Patch, plan.BatchSize));
        int[] features = [32, 64, 128, 256, 512, 512, 512, 512];
        Assert.Equal(features[..stages], plan.Architecture.Features.ToArray());
        Assert.Equal([new(1, 1, 1), .. Enumerable.Repeat(new PatchShape(1, 2, 2), stages - 1)], plan.Architecture.Strides.ToArray());
        Assert.Equal(Enumerable.Repeat(new PatchShape(1, 3, 3), stages), plan.Architecture.Kernels.ToArray());
        Assert.Equal((1, 0), (plan.Architecture.Divisor.Depth, plan.Architecture.Factor));
        Assert.True(plan.InPlaneAugmentation);
    }

    [Fact]
    public void A_batch_is_at_most_5_percent_of_the_dataset()
    {
        // 260 cases of 36 x 50 x 35: 0.05 * 260 * 36 * 50 * 35 / (56 * 40) = 365.6, where the budget would allow 1565.
        var plan = Plan(1, 1, [36, 50, 35], 260, 3);
        Assert.Equal((new(1, 56, 40), 366), (plan.Patch, plan.BatchSize));
        Assert.Equal(24, Plan(1, 1, [36, 50, 35], 260, 3, new() { BatchSize = 24 }).BatchSize);
        Assert.Equal(2, Plan(1, 1, [4, 50, 35], 2, 3).BatchSize);
    }

    [Fact]
    public void Limits_of_patch_and_memory_are_kept()
    {
        var plan = Plan(1, 1, [40, 240, 240], 60, 2, new() { FeatureMapElements = 2e6, BaseFeatures = 16, MaxFeatures = 64, MaxPatch = new(8, 200, 200) });
        Assert.True(plan.FeatureMapElements <= 2e6 && plan.Patch is { Depth: 1, Height: <= 200, Width: <= 200 }, $"{plan.Patch}");
        Assert.Equal((0, 0), (plan.Patch.Height % plan.Architecture.Divisor.Height, plan.Patch.Width % plan.Architecture.Divisor.Width));
        Assert.Equal(64, plan.Architecture.Features.Max());
        Assert.Contains("too small", Assert.Throws<ArgumentException>(() => Plan(1, 1, [40, 6, 8], 60, 2)).Message);
        Assert.Equal(85e6, new RehrSegOptions().PlanarBudgetOf(560e6).FeatureMapElements);
        Assert.Equal(8.5e6, new RehrSegOptions().PlanarBudgetOf(56e6).FeatureMapElements, 1e-3);
    }

    [Fact]
    public void Oblong_slices_are_rotated_by_15_degrees_at_most()
    {
        Assert.Equal(Math.PI, PlanarPlanner.RotationLimit(new(1, 56, 40)));
        Assert.Equal(Math.PI / 12, PlanarPlanner.RotationLimit(new(1, 64, 40)));
        Assert.Equal(Math.PI, PlanarPlanner.RotationLimit(new(8, 64, 40)));
        var random = TrainingSeeds.Random(1, "angles");
        var transform = new SpatialTransform(1, 0, InPlane: true) { InPlaneLimit = Math.PI / 12 };
        double[] angles = [.. Enumerable.Range(0, 500).Select(_ => Math.Asin(transform.Draw(random).Apply(0, 0, 1).Y))];
        Assert.InRange(angles.Max(Math.Abs), 0.9 * Math.PI / 12, Math.PI / 12);
    }

    [Fact]
    public void Patches_of_one_slice_hold_that_slice_alone_and_the_last_third_its_foreground()
    {
        var size = new PatchShape(5, 64, 64);
        float[] image = new float[size.Voxels];
        var label = new byte[size.Voxels];
        for (int i = 0; i < image.Length; i++) image[i] = 1 + i / (64 * 64);
        label[(3 * 64 + 20) * 64 + 40] = 1;
        var source = new SegmentationCase { Id = "slices", Shape = size, Channels = 1, Image = image, Label = label, Factor = 4, Foreground = SegmentationCase.FindForeground(label, 2, TrainingSeeds.Random(1, "f")) };
        var plan = Plan(1, 1, [5, 32, 32], 20, 2) with { BatchSize = 6 };
        var options = new RehrSegOptions
        {
            RotationProbability = 1, ScalingProbability = 1, BlurProbability = 1, LowResolutionProbability = 1,
            NoiseProbability = 0, BrightnessProbability = 0, ContrastProbability = 0, GammaProbability = 0, InvertedGammaProbability = 0,
        };
        var sampler = new PatchSampler([source], [], PatchSamplerSettings.From(plan, options));
        var random = TrainingSeeds.Random(2, "planar");
        var slices = new HashSet<int>();
        for (int n = 0; n < 40; n++)
        {
            var batch = sampler.Draw(random);
            for (int b = 0; b < 6; b++)
            {
                float centre = batch.Image[(b * 32 + 16) * 32 + 16];
                Assert.Equal(MathF.Round(centre), centre, 1e-3f);
                slices.Add((int)MathF.Round(centre));
                if (b >= 4) Assert.Equal(4, centre, 1e-3f);
            }
        }
        Assert.Equal([1, 2, 3, 4, 5], slices.Order());
    }
}
