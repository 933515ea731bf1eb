using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// nnU-Net's planning of its <c>2d</c> configuration (nnU-Net v2.3.1 default planner): the two in-plane axes alone, from an initial patch of area 2048^2, 85e6 feature-map
/// elements for a slice on the reference GPU, 12 slices beside them, up to 512 channels. The network is the 3-D one with patches of one slice, kernels (1,3,3) and strides (1,2,2).
/// </summary>
internal static class PlanarPlanner
{
    /// <summary>Feature-map elements of a slice that fit the reference GPU (8 GB), 12 to a batch.</summary>
    public const double NnUNetElements = 85e6;
    const int ReferenceBatch = 12;
    const double InitialArea = 2048.0 * 2048;

    /// <summary>Plans for a dataset.</summary>
    /// <exception cref="ArgumentException">The slices are too small for a network with one pooling.</exception>
    public static SegmentationPlan Plan(DatasetFingerprint data, PlanningBudget budget, int channels, int classes)
    {
        var spacing = data.TargetSpacing(budget.KeepThickness);
        return Plan(spacing, data.MedianShape(spacing), data.Cases.Count, budget, channels, classes) with { NormaliseInsideNonzero = data.NormaliseInsideNonzero };
    }

    /// <summary>Plans for a target spacing (mm along D, H, W) and the median shape at it; D counts for the size of the dataset alone.</summary>
    /// <exception cref="ArgumentException">The slices are too small for a network with one pooling, or the budget for the slices.</exception>
    public static SegmentationPlan Plan(ImmutableArray<double> spacing, ImmutableArray<double> medianShape, int cases, PlanningBudget budget, int channels, int classes)
    {
        ImmutableArray<double> inPlane = [double.PositiveInfinity, spacing[1], spacing[2]]; // D is never pooled, nor convolved
        var topology = SegmentationPlanner.Topology.For(inPlane, InitialPatch(spacing, medianShape, budget.MaxPatch), budget.MinFeatureEdge);
        double elements = SegmentationPlanner.FeatureMapElements(topology, budget, classes);
        while (elements > budget.FeatureMapElements)
        {
            int[] patch = [.. topology.Patch];
            int axis = patch[1] / medianShape[1] > patch[2] / medianShape[2] ? 1 : 2;
            int[] cut = [.. patch];
            cut[axis] -= topology.Divisor[axis];
            if (cut[axis] < 1) throw new ArgumentException($"A feature-map budget of {budget.FeatureMapElements:0} is too small for {budget.BaseFeatures} base features; raise the budget or lower the base features.", nameof(budget));
            patch[axis] -= SegmentationPlanner.Topology.For(inPlane, cut, budget.MinFeatureEdge).Divisor[axis];
            topology = SegmentationPlanner.Topology.For(inPlane, patch, budget.MinFeatureEdge);
            elements = SegmentationPlanner.FeatureMapElements(topology, budget, classes);
        }
        if (topology.Strides.Count < 2)
            throw new ArgumentException($"Slices of {medianShape[1]:0.#}x{medianShape[2]:0.#} voxels are too small for a U-Net: a side of at least {3 * budget.MinFeatureEdge} voxels is needed.", nameof(medianShape));
        double dataset = medianShape.Aggregate((double)cases, (a, s) => a * s);
        int fits = (int)Math.Round(budget.FeatureMapElements / elements * ReferenceBatch), share = (int)Math.Round(dataset * 0.05 / (topology.Patch[1] * topology.Patch[2]));
        return new()
        {
            TargetSpacing = spacing,
            MedianShape = medianShape,
            Cases = cases,
            Patch = SegmentationPlanner.Shape(topology.Patch),
            BatchSize = budget.BatchSize ?? Math.Max(Math.Min(fits, share), 2),
            FeatureMapElements = elements,
            Architecture = new()
            {
                Channels = channels,
                Classes = classes,
                Features = [.. Enumerable.Range(0, topology.Strides.Count).Select(s => SegmentationPlanner.Features(budget, s))],
                Kernels = [.. topology.Kernels.Select(k => SegmentationPlanner.Shape(k) with { Depth = 1 })],
                Strides = [.. topology.Strides.Select(SegmentationPlanner.Shape)],
                Factor = 0,
            },
        };
    }

    /// <summary>nnU-Net's limit of in-plane rotations (rad): 15 degrees for single slices more than 1.5 times as long as wide, else none.</summary>
    public static double RotationLimit(PatchShape patch)
        => patch.Depth == 1 && Math.Max(patch.Height, patch.Width) > 1.5 * Math.Min(patch.Height, patch.Width) ? Math.PI / 12 : Math.PI;

    /// <summary>One slice of aspect 1/spacing and area 2048^2, not larger than the median shape.</summary>
    static int[] InitialPatch(ImmutableArray<double> spacing, ImmutableArray<double> medianShape, PatchShape? limit)
    {
        double scale = Math.Sqrt(InitialArea * spacing[1] * spacing[2]);
        int Side(int axis)
        {
            double side = Math.Min(Math.Round(scale / spacing[axis]), Math.Ceiling(medianShape[axis]));
            return (int)Math.Max(1, limit is { } l ? Math.Min(side, DatasetFingerprint.Axis(l, axis)) : side);
        }
        return [1, Side(1), Side(2)];
    }
}
