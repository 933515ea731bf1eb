namespace REHRSeg.Imaging;

/// <summary>Agreement of label maps and of images. Both volumes must lie on the same grid and have one channel.</summary>
public static class Metrics
{
    /// <summary>Dice similarity coefficient of one label value, 0 to 1; NaN if both are empty.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double Dice(MLVolume prediction, MLVolume reference, int label)
    {
        RequireComparable(prediction, reference);
        ReadOnlySpan<float> p = prediction.Voxels, r = reference.Voxels;
        long both = 0, sum = 0;
        for (int i = 0; i < p.Length; i++)
        {
            bool inP = p[i] == label, inR = r[i] == label;
            if (inP) sum++;
            if (inR) sum++;
            if (inP && inR) both++;
        }
        return sum == 0 ? double.NaN : 2.0 * both / sum;
    }

    /// <summary>
    /// 95th percentile (linear interpolation) of the surface distances in mm, both directions concatenated; surface = mask minus its
    /// 6-connected erosion (MedPy's definition, METHOD.md section 11). NaN if both are empty, +infinity if one is.
    /// </summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public static double HausdorffDistance95(MLVolume prediction, MLVolume reference, int label)
    {
        RequireComparable(prediction, reference);
        return SurfaceDistance.Percentile(prediction, reference, label, 95);
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

    static (double Offset, double Scale) UnitRange(MLVolume reference)
    {
        float min = float.PositiveInfinity, max = float.NegativeInfinity;
        foreach (float v in reference.Voxels) (min, max) = (Math.Min(min, v), Math.Max(max, v));
        return (min, max > min ? 1 / ((double)max - min) : 1);
    }

    static void RequireComparable(MLVolume prediction, MLVolume reference)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(reference);
        prediction.RequireSameGrid(reference, "Prediction", "reference");
        if (prediction.Channels != 1 || reference.Channels != 1)
            throw new ArgumentException($"Metrics compare volumes of one channel; the prediction has {prediction.Channels}, the reference {reference.Channels}. Compare channel by channel.", nameof(prediction));
    }
}
