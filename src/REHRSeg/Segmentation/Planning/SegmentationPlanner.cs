using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>What the planner may spend. Defaults are nnU-Net's <c>3d_fullres</c> (METHOD.md 6.2).</summary>
internal sealed record PlanningBudget
{
    /// <summary>Feature-map elements of a training pair that fit the reference GPU (8 GB).</summary>
    public double FeatureMapElements { get; init; } = TrainingMemory.NnUNetElements;
    /// <summary>Channels of the first stage; each stage doubles them.</summary>
    public int BaseFeatures { get; init; } = 32;
    /// <summary>Upper limit of channels.</summary>
    public int MaxFeatures { get; init; } = 320;
    /// <summary>Smallest edge of a feature map.</summary>
    public int MinFeatureEdge { get; init; } = 4;
    /// <summary>Largest patch to start from; null: the median shape.</summary>
    public PatchShape? MaxPatch { get; init; }
    /// <summary>Samples per iteration; null: what fits, at least 2, at most 5 % of the dataset.</summary>
    public int? BatchSize { get; init; }
    /// <summary>True: the target thickness is the median. False: nnU-Net's 10th percentile for strongly anisotropic data.</summary>
    public bool KeepThickness { get; init; } = true;
}

/// <summary>nnU-Net's planning for one resolution: patch, topology and batch from spacing, shape and memory (METHOD.md 6.2).</summary>
internal static class SegmentationPlanner
{
    /// <summary>Plans for a dataset.</summary>
    /// <exception cref="ArgumentException">The volumes, or the budget, are too small for a network with one pooling.</exception>
    public static SegmentationPlan Plan(DatasetFingerprint data, PlanningBudget budget, int channels, int classes, int factor)
    {
        var spacing = data.TargetSpacing(budget.KeepThickness);
        return Plan(spacing, data.MedianShape(spacing), data.Cases.Count, budget, channels, classes, factor) with { NormaliseInsideNonzero = data.NormaliseInsideNonzero };
    }

    /// <summary>Plans for a target spacing (mm along D, H, W) and the median shape at it.</summary>
    /// <exception cref="ArgumentException">The volumes, or the budget, are too small for a network with one pooling.</exception>
    public static SegmentationPlan Plan(ImmutableArray<double> spacing, ImmutableArray<double> medianShape, int cases, PlanningBudget budget, int channels, int classes, int factor)
    {
        var topology = Topology.For(spacing, InitialPatch(spacing, medianShape, budget.MaxPatch), budget.MinFeatureEdge);
        if (topology.Strides.Count < 2)
            throw new ArgumentException($"Volumes of {string.Join("x", medianShape)} voxels (slices first) are too small for a U-Net: an in-plane side of at least {3 * budget.MinFeatureEdge} voxels is needed.", nameof(medianShape));
        double elements = FeatureMapElements(topology, budget, classes);
        while (elements > budget.FeatureMapElements || topology.Strides.Count < 2) // on the way down a patch may be one that is not pooled at all: no network
        {
            int[] patch = [.. topology.Patch];
            int axis = Enumerable.Range(0, 3).MaxBy(a => (patch[a] / medianShape[a], a));
            int[] cut = [.. patch];
            cut[axis] -= topology.Divisor[axis];
            if (cut[axis] >= 1) patch[axis] -= Topology.For(spacing, cut, budget.MinFeatureEdge).Divisor[axis];
            if (cut[axis] < 1 || patch[axis] < 1) throw new ArgumentException($"A feature-map budget of {budget.FeatureMapElements:0} is too small for {budget.BaseFeatures} base features; raise the budget or lower the base features.", nameof(budget));
            topology = Topology.For(spacing, patch, budget.MinFeatureEdge);
            elements = FeatureMapElements(topology, budget, classes);
        }
        double voxels = topology.Patch.Aggregate(1.0, (a, s) => a * s), dataset = medianShape.Aggregate((double)cases, (a, s) => a * s);
        int fits = (int)Math.Round(budget.FeatureMapElements / elements * 2), share = (int)Math.Round(dataset * 0.05 / voxels);
        return new()
        {
            TargetSpacing = spacing,
            MedianShape = medianShape,
            Cases = cases,
            Patch = Shape(topology.Patch),
            BatchSize = budget.BatchSize ?? Math.Max(Math.Min(fits, share), 2),
            FeatureMapElements = elements,
            Architecture = new()
            {
                Channels = channels,
                Classes = classes,
                Features = [.. Enumerable.Range(0, topology.Strides.Count).Select(s => Features(budget, s))],
                Kernels = [.. topology.Kernels.Select(Shape)],
                Strides = [.. topology.Strides.Select(Shape)],
                Factor = factor,
                HighResolutionWidth = Math.Max(budget.BaseFeatures / 2, 4),
            },
        };
    }

    /// <summary>Aspect 1/spacing at the volume 256^3, not larger than the median shape.</summary>
    static int[] InitialPatch(ImmutableArray<double> spacing, ImmutableArray<double> medianShape, PatchShape? limit)
    {
        double scale = Math.Cbrt(Math.Pow(256, 3) * spacing[0] * spacing[1] * spacing[2]);
        return [.. Enumerable.Range(0, 3).Select(a =>
        {
            double side = Math.Min(Math.Round(scale / spacing[a]), Math.Ceiling(medianShape[a]));
            return (int)Math.Max(1, limit is { } l ? Math.Min(side, DatasetFingerprint.Axis(l, a)) : side);
        })];
    }

    internal static double FeatureMapElements(Topology topology, PlanningBudget budget, int classes)
        => FeatureMapElements(Shape(topology.Patch), [.. Enumerable.Range(0, topology.Strides.Count).Select(s => Features(budget, s))], topology.Strides.Select(Shape), classes, 2);

    /// <summary>As the planner counts them, of any network.</summary>
    public static double FeatureMapElements(SegmentationArchitecture network, PatchShape patch) => FeatureMapElements(patch, network.Features, network.Strides, network.Classes, network.ConvolutionsPerStage);

    /// <summary>Elements of all convolution outputs of one sample: n per stage and side, transposed convolutions, and the final segmentation layer.</summary>
    static double FeatureMapElements(PatchShape patch, IReadOnlyList<int> features, IEnumerable<PatchShape> strides, int classes, int convolutions)
    {
        double sum = 0, voxels = patch.Voxels;
        foreach (var (stage, stride) in strides.Index())
        {
            voxels /= stride.Voxels;
            sum += (stage < features.Count - 1 ? 2 * convolutions + 1 : convolutions) * features[stage] * voxels;
            if (stage == 0) sum += classes * voxels;
        }
        return sum;
    }

    internal static int Features(PlanningBudget budget, int stage) => (int)Math.Min(budget.MaxFeatures, (long)budget.BaseFeatures << stage);

    internal static PatchShape Shape(int[] s) => new(s[0], s[1], s[2]);

    /// <summary>Strides and kernels of each stage, the padded patch, and what it must be divisible by.</summary>
    internal sealed record Topology(int[] Patch, int[] Divisor, IReadOnlyList<int[]> Strides, IReadOnlyList<int[]> Kernels)
    {
        /// <summary>Pools each axis while its edge stays at least <paramref name="minEdge"/>, axes joining as their spacing comes within a factor of two of the finest.</summary>
        public static Topology For(ImmutableArray<double> spacing, int[] patch, int minEdge)
        {
            double[] current = [.. spacing];
            int[] size = [.. patch], kernel = [1, 1, 1], divisor = [1, 1, 1];
            List<int[]> strides = [[1, 1, 1]], kernels = [];
            while (true)
            {
                int[] candidates = [.. Enumerable.Range(0, 3).Where(a => size[a] >= 2 * minEdge)];
                if (candidates.Length == 0) break;
                double finest = candidates.Min(a => current[a]);
                int[] pooled = [.. candidates.Where(a => current[a] / finest < 2)];
                if (pooled.Length == 1 && size[pooled[0]] < 3 * minEdge) break;
                double finestOfAll = current.Min();
                for (int a = 0; a < 3; a++) if (current[a] / finestOfAll < 2) kernel[a] = 3;
                int[] stride = [1, 1, 1];
                foreach (int a in pooled)
                {
                    stride[a] = 2;
                    current[a] *= 2;
                    size[a] = (size[a] + 1) / 2;
                    divisor[a] *= 2;
                }
                strides.Add(stride);
                kernels.Add([.. kernel]);
            }
            kernels.Add([3, 3, 3]);
            return new([.. patch.Select((s, a) => (s + divisor[a] - 1) / divisor[a] * divisor[a])], divisor, strides, kernels);
        }
    }
}
