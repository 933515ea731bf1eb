namespace REHRSeg.Imaging;

/// <summary>Agreement of label maps and of images. Both volumes must lie on the same grid and have one channel.</summary>
public static class Metrics
{
    /// <summary>Dice similarity coefficient of one label value, 0 to 1; NaN if both are empty, 0 if one is.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double Dice(MLVolume prediction, MLVolume reference, int label) => MaskOverlap.Count(prediction, reference, label).Dice;

    /// <summary>Jaccard index (intersection over union) of one label value, 0 to 1; NaN if both are empty, 0 if one is.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double Jaccard(MLVolume prediction, MLVolume reference, int label) => MaskOverlap.Count(prediction, reference, label).Jaccard;

    /// <summary>Hausdorff distance in mm: the largest of the <see cref="SurfaceDistances"/>. NaN if both are empty, +infinity if one is.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double HausdorffDistance(MLVolume prediction, MLVolume reference, int label) => SurfaceDistances.Between(prediction, reference, label).Hausdorff;

    /// <summary>
    /// 95th percentile (linear interpolation) of the surface distances in mm, both directions concatenated; surface = mask minus its
    /// 6-connected erosion (MedPy's definition, METHOD.md section 11). NaN if both are empty, +infinity if one is.
    /// </summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double HausdorffDistance95(MLVolume prediction, MLVolume reference, int label) => SurfaceDistances.Between(prediction, reference, label).Percentile(95);

    /// <summary>Average symmetric surface distance (ASSD) in mm: the mean of the two directions' means, as in MedPy. NaN if both are empty, +infinity if one is.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double AverageSurfaceDistance(MLVolume prediction, MLVolume reference, int label) => SurfaceDistances.Between(prediction, reference, label).AverageSymmetric;

    /// <summary>Surface Dice: the share of both surfaces' voxels within <paramref name="tolerance"/> mm of the other surface, 0 to 1. NaN if both are empty, 0 if one is.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double SurfaceDice(MLVolume prediction, MLVolume reference, int label, double tolerance) => SurfaceDistances.Between(prediction, reference, label).Dice(tolerance);

    /// <summary>Volume of one label value in the prediction minus that in the reference, mm³; 0 if both are empty.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double VolumeDifference(MLVolume prediction, MLVolume reference, int label) => Volume(MaskOverlap.Count(prediction, reference, label), reference.Geometry);

    /// <summary><see cref="VolumeDifference"/> over the reference's volume; NaN if both are empty, +infinity if only the reference is, -1 if only the prediction is.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double RelativeVolumeDifference(MLVolume prediction, MLVolume reference, int label) => MaskOverlap.Count(prediction, reference, label).RelativeDifference;

    /// <summary>All measures of one label value at once.</summary>
    /// <param name="prediction">Label map of one channel.</param>
    /// <param name="reference">Label map on the same grid.</param>
    /// <param name="label">Label value.</param>
    /// <param name="tolerance">Of the surface Dice, mm.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static LabelAgreement Compare(MLVolume prediction, MLVolume reference, int label, double tolerance = 1)
    {
        var overlap = MaskOverlap.Count(prediction, reference, label);
        var surfaces = SurfaceDistances.Between(prediction, reference, label);
        return new(overlap.Dice, overlap.Jaccard, surfaces.Hausdorff, surfaces.Percentile(95), surfaces.AverageSymmetric, surfaces.Dice(tolerance),
            Volume(overlap, reference.Geometry), overlap.RelativeDifference);
    }

    /// <summary>Peak signal-to-noise ratio in dB over the whole volume after mapping the reference's min-max to [0,1] on both (data range 1).</summary>
    /// <remarks>Equal volumes give +infinity. A constant reference is shifted to 0 and not scaled.</remarks>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double Psnr(MLVolume prediction, MLVolume reference)
    {
        RequireComparable(prediction, reference);
        var (_, scale) = UnitRange(reference);
        ReadOnlySpan<float> p = prediction.Voxels, r = reference.Voxels;
        double sum = 0;
        for (int i = 0; i < p.Length; i++)
        {
            double d = ((double)p[i] - r[i]) * scale;
            sum += d * d;
        }
        return -10 * Math.Log10(sum / p.Length);
    }

    /// <summary>3-D structural similarity: Gaussian window 11, sigma 1.5, K1 .01, K2 .03, valid region, mean; same mapping as <see cref="Psnr"/>.</summary>
    /// <remarks>
    /// Equal to scikit-image's <c>structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1)</c>.
    /// Along an axis of fewer than 11 voxels the window shrinks to the largest odd number that fits, its weights normalised again.
    /// </remarks>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double Ssim(MLVolume prediction, MLVolume reference)
    {
        RequireComparable(prediction, reference);
        var (offset, scale) = UnitRange(reference);
        return StructuralSimilarity.Mean(prediction, reference, offset, scale);
    }

    /// <summary>2-D structural similarity: the mean over the slices across an axis, window 11 x 11; else as <see cref="Ssim"/>, with the mapping of the whole volume.</summary>
    /// <param name="prediction">Image of one channel.</param>
    /// <param name="reference">Image on the same grid.</param>
    /// <param name="axis">The slice axis, along which there is no window.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double SsimOfSlices(MLVolume prediction, MLVolume reference, SliceAxis axis)
    {
        RequireComparable(prediction, reference);
        var (offset, scale) = UnitRange(reference);
        return StructuralSimilarity.Mean(prediction, reference, offset, scale, axis);
    }

    static double Volume(MaskOverlap overlap, VolumeGeometry geometry) => (overlap.Prediction - overlap.Reference) * geometry.Spacing[0] * geometry.Spacing[1] * geometry.Spacing[2];

    static (double Offset, double Scale) UnitRange(MLVolume reference)
    {
        float min = float.PositiveInfinity, max = float.NegativeInfinity;
        foreach (float v in reference.Voxels) (min, max) = (Math.Min(min, v), Math.Max(max, v));
        return (min, max > min ? 1 / ((double)max - min) : 1);
    }

    internal static void RequireComparable(MLVolume prediction, MLVolume reference)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(reference);
        prediction.RequireSameGrid(reference, "Prediction", "reference");
        if (prediction.Channels != 1 || reference.Channels != 1)
            throw new ArgumentException($"Metrics compare volumes of one channel; the prediction has {prediction.Channels}, the reference {reference.Channels}. Compare channel by channel.", nameof(prediction));
    }
}
