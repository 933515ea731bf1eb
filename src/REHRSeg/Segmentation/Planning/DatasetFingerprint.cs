using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>One case as the planner sees it, slice axis first.</summary>
/// <param name="Id">Case identifier.</param>
/// <param name="Shape">D, H, W after cropping to the non-zero box.</param>
/// <param name="Spacing">Millimetres along D, H, W.</param>
/// <param name="CroppedPart">Voxels after cropping / before, (0, 1].</param>
internal sealed record CaseFingerprint(string Id, PatchShape Shape, ImmutableArray<double> Spacing, double CroppedPart)
{
    /// <summary>Sampled intensities of annotated voxels, one array a channel; empty: there are none.</summary>
    public ImmutableArray<float[]> Foreground { get; init; } = [];

    /// <summary>Measures a case.</summary>
    /// <param name="id">Case identifier.</param>
    /// <param name="image">Image in its file's orientation.</param>
    /// <param name="label">Its label map; null: no intensities.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="limit">Most foreground voxels to keep (<see cref="ForegroundSample.Limit"/>).</param>
    /// <param name="seed">Of the choice among them.</param>
    public static CaseFingerprint Measure(string id, MLVolume image, MLVolume? label, SliceAxis axis, int limit, int seed)
    {
        var sliceFirst = image.SwapAxes(axis, SliceAxis.Z);
        var box = SegmentationPreprocessor.NonzeroBox(sliceFirst);
        var spacing = sliceFirst.Geometry.Spacing;
        return new(id, box.Shape, [spacing[2], spacing[1], spacing[0]], (double)box.Shape.Voxels / image.Geometry.VoxelCount)
        {
            Foreground = label is null ? [] : ForegroundSample.Draw(image, label, limit, TrainingSeeds.Random(seed, $"foreground intensities of {id}")),
        };
    }
}

/// <summary>Shapes, spacings and intensities of a dataset's cases (METHOD.md 6.1). Never empty.</summary>
internal sealed record DatasetFingerprint(IReadOnlyList<CaseFingerprint> Cases)
{
    /// <summary>nnU-Net's mask rule: z-score over non-zero voxels alone if cropping leaves less than 75 % of the voxels in the median case.</summary>
    public bool NormaliseInsideNonzero => MedianCroppedPart < 0.75;

    /// <summary>Voxels after cropping / before, in the median case.</summary>
    public double MedianCroppedPart => Percentile([.. Cases.Select(c => c.CroppedPart)], 0.5);

    /// <summary>Intensities of annotated voxels, by channel; empty where no case has any.</summary>
    public ImmutableArray<IntensityProperties> Intensities()
    {
        int channels = Cases.Max(c => c.Foreground.Length);
        return [.. Enumerable.Range(0, channels).Select(ch => IntensityProperties.Of([.. Cases.Where(c => c.Foreground.Length > ch).SelectMany(c => c.Foreground[ch])]))];
    }

    /// <summary>
    /// Median spacing along D, H, W. Where D is by far the coarsest axis and short, nnU-Net takes its 10th percentile;
    /// REHRSeg keeps the median (<paramref name="keepThickness"/>): through-plane resampling would falsify the slice profile.
    /// </summary>
    public ImmutableArray<double> TargetSpacing(bool keepThickness)
    {
        double[] spacing = new double[3], size = new double[3];
        for (int a = 0; a < 3; a++)
        {
            spacing[a] = Percentile([.. Cases.Select(c => c.Spacing[a])], 0.5);
            size[a] = Percentile([.. Cases.Select(c => (double)Axis(c.Shape, a))], 0.5);
        }
        int worst = Array.IndexOf(spacing, spacing.Max());
        double finest = spacing.Where((_, a) => a != worst).Max(), shortest = size.Where((_, a) => a != worst).Min();
        if (!keepThickness && spacing[worst] > 3 * finest && 3 * size[worst] < shortest)
        {
            double tenth = Percentile([.. Cases.Select(c => c.Spacing[worst])], 0.1);
            spacing[worst] = tenth < finest ? finest + 1e-5 : tenth;
        }
        return [.. spacing];
    }

    /// <summary>Median over cases of the shape at <paramref name="target"/> spacing.</summary>
    public ImmutableArray<double> MedianShape(ImmutableArray<double> target)
        => [.. Enumerable.Range(0, 3).Select(a => Percentile([.. Cases.Select(c => Math.Round(Axis(c.Shape, a) * c.Spacing[a] / target[a]))], 0.5))];

    /// <summary>Percentile with linear interpolation (numpy's default); <paramref name="part"/> in [0,1]. Sorts the values.</summary>
    internal static double Percentile(double[] values, double part)
    {
        Array.Sort(values);
        return PercentileOfSorted(values, part);
    }

    /// <summary>As <see cref="Percentile"/>, of ascending values.</summary>
    internal static double PercentileOfSorted(double[] values, double part)
    {
        double at = part * (values.Length - 1);
        int below = (int)at;
        return below + 1 < values.Length ? values[below] + (at - below) * (values[below + 1] - values[below]) : values[below];
    }

    internal static int Axis(PatchShape shape, int axis) => axis switch { 0 => shape.Depth, 1 => shape.Height, _ => shape.Width };
}
