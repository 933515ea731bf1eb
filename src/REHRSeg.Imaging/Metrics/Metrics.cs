namespace REHRSeg.Imaging;

/// <summary>Agreement of label maps and of images.</summary>
public static class Metrics
{
    /// <summary>Dice similarity coefficient of one label value, 0 to 1; NaN if both are empty.</summary>
    public static double Dice(MLVolume prediction, MLVolume reference, int label) => throw new NotImplementedException();

    /// <summary>
    /// 95th percentile (linear interpolation) of the surface distances in mm, both directions concatenated; surface = mask minus its
    /// 6-connected erosion (MedPy's definition, METHOD.md section 11). NaN if both are empty, +infinity if one is.
    /// </summary>
    public static double HausdorffDistance95(MLVolume prediction, MLVolume reference, int label) => throw new NotImplementedException();

    /// <summary>Peak signal-to-noise ratio in dB over the whole volume after mapping the reference's min-max to [0,1] on both (data range 1).</summary>
    public static double Psnr(MLVolume prediction, MLVolume reference) => throw new NotImplementedException();

    /// <summary>3-D structural similarity: Gaussian window 11, sigma 1.5, K1 .01, K2 .03, valid region, mean; same mapping as <see cref="Psnr"/>.</summary>
    public static double Ssim(MLVolume prediction, MLVolume reference) => throw new NotImplementedException();
}
