using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>One case as the planner sees it, slice axis first.</summary>
/// <param name="Id">Case identifier.</param>
/// <param name="Shape">D, H, W after cropping to the non-zero box.</param>
/// <param name="Spacing">Millimetres along D, H, W.</param>
/// <param name="CroppedPart">Voxels after cropping / before, (0, 1].</param>
internal sealed record CaseFingerprint(string Id, PatchShape Shape, ImmutableArray<double> Spacing, double CroppedPart);

/// <summary>Shapes and spacings of a dataset's cases (METHOD.md 6.1). Never empty.</summary>
internal sealed record DatasetFingerprint(IReadOnlyList<CaseFingerprint> Cases)
{
    /// <summary>nnU-Net's mask rule: z-score over non-zero voxels alone if cropping leaves less than 75 % of the voxels in the median case.</summary>
    public bool NormaliseInsideNonzero => Percentile([.. Cases.Select(c => c.CroppedPart)], 0.5) < 0.75;

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

    /// <summary>Percentile with linear interpolation (numpy's default); <paramref name="part"/> in [0,1].</summary>
    internal static double Percentile(double[] values, double part)
    {
        Array.Sort(values);
        double at = part * (values.Length - 1);
        int below = (int)at;
        return below + 1 < values.Length ? values[below] + (at - below) * (values[below + 1] - values[below]) : values[below];
    }

    internal static int Axis(PatchShape shape, int axis) => axis switch { 0 => shape.Depth, 1 => shape.Height, _ => shape.Width };
}
