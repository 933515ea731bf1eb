using System.Collections.Immutable;
using System.Globalization;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>The fingerprint as <c>plan.json</c> tells it. Axes are D (slices), H, W; sizes are voxels after cropping to the non-zero box, before resampling.</summary>
internal sealed record FingerprintSummary
{
    public required int Cases { get; init; }
    /// <summary>mm.</summary>
    public required ImmutableArray<double> MedianSpacing { get; init; }
    public required ImmutableArray<double> SmallestSpacing { get; init; }
    public required ImmutableArray<double> LargestSpacing { get; init; }
    public required ImmutableArray<double> MedianSize { get; init; }
    public required ImmutableArray<double> SmallestSize { get; init; }
    public required ImmutableArray<double> LargestSize { get; init; }
    /// <summary>Voxels after cropping / before, in the median case; below 0.75 the z-score is over non-zero voxels alone.</summary>
    public required double MedianRelativeSizeAfterCropping { get; init; }
    /// <summary>By channel, over annotated voxels. They describe the data; MR is z-scored case by case.</summary>
    public required ImmutableArray<IntensityProperties> ForegroundIntensityPropertiesPerChannel { get; init; }

    public static FingerprintSummary Of(DatasetFingerprint data)
    {
        ImmutableArray<double> Spacing(double part) => [.. Enumerable.Range(0, 3).Select(a => Round(DatasetFingerprint.Percentile([.. data.Cases.Select(c => c.Spacing[a])], part)))];
        ImmutableArray<double> Size(double part) => [.. Enumerable.Range(0, 3).Select(a => DatasetFingerprint.Percentile([.. data.Cases.Select(c => (double)DatasetFingerprint.Axis(c.Shape, a))], part))];
        return new()
        {
            Cases = data.Cases.Count,
            MedianSpacing = Spacing(0.5), SmallestSpacing = Spacing(0), LargestSpacing = Spacing(1), MedianSize = Size(0.5), SmallestSize = Size(0), LargestSize = Size(1),
            MedianRelativeSizeAfterCropping = Round(data.MedianCroppedPart),
            ForegroundIntensityPropertiesPerChannel = data.Intensities(),
        };
    }

    static double Round(double value) => Math.Round(value, 6);
}

/// <summary>A plan in words and units, for people: <c>plan.json</c>, <c>check</c> and the log.</summary>
internal static class PlanDescription
{
    /// <summary>Key and value of each line.</summary>
    public static IEnumerable<(string Key, string Value)> Lines(SegmentationPlan plan)
    {
        var (patch, spacing, network) = (plan.Patch, plan.TargetSpacing, plan.Architecture);
        var divisor = network.Divisor;
        yield return ("resolution", Text($"{spacing[0]:0.###} x {spacing[1]:0.###} x {spacing[2]:0.###} mm (slices first), median volume {string.Join(" x ", plan.MedianShape.Select(s => s.ToString("0.#", CultureInfo.InvariantCulture)))} voxels"));
        yield return ("patch", Text($"{patch} voxels, {patch.Depth * spacing[0]:0} x {patch.Height * spacing[1]:0} x {patch.Width * spacing[2]:0} mm; batch {plan.BatchSize}"));
        yield return ("network", Text($"{network.Features.Length} stages of {string.Join(", ", network.Features)} features, pooled {divisor} in all, {network.ParameterCount / 1e6:0.0##} million parameters"));
        yield return ("kernels", string.Join(", ", network.Kernels));
        yield return ("strides", string.Join(", ", network.Strides));
        yield return ("normalisation", plan.NormaliseInsideNonzero ? "z-score over non-zero voxels" : "z-score");
        yield return ("training step", Text($"about {TrainingMemory.Estimate(plan) / 1e9:0.0} GB beside the cases ({plan.FeatureMapElements / 1e6:0} million feature-map elements a sample)"));
        if (plan.Budget is { } budget) yield return ("budget", Text($"{budget.Elements / 1e6:0} million feature-map elements: {budget.Reason}"));
        if (plan.Source is { } source) yield return ("plan from", source);
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
