namespace REHRSeg.Imaging;

/// <summary>
/// Through-plane point spread of a thick slice over thin ones: weights normalised to 1, centred on the block centre
/// (half-integer for even r), edge-replicated on application (DESIGN.md section 4, METHOD.md section 3.2).
/// </summary>
public sealed class SliceProfile
{
    /// <summary>Half of each symmetric SLR profile of METHOD.md section 3.2, outermost tap first, centre tap last; r = 2 to 6.</summary>
    static readonly double[][] SlrHalves =
    [
        [.00313, .02012, .9535],
        [.00102, .00109, .33183, .33213],
        [.00115, .00098, .08785, .27334, .27335],
        [.00049, .00102, .00141, .19866, .19895, .19895],
        [.0002, .00049, .0019, .07553, .16872, .16878, .16878],
    ];

    /// <summary>Bicubic (a = -0.75) weights at a half-integer: the published code's sampling between two thin slices.</summary>
    static readonly double[] HalfPixelTaps = [-.09375, .59375, .59375, -.09375];

    internal SliceProfile(string name, int factor, int first, float[] weights) => (Name, Factor, First, Weights) = (name, factor, first, weights);

    /// <summary>"gaussian" or "slr".</summary>
    public string Name { get; }
    /// <summary>Thin slices per thick slice, r.</summary>
    public int Factor { get; }
    /// <summary>Position of the first weight relative to the block's first thin slice (0 or negative).</summary>
    public int First { get; }
    /// <summary>Weights, summing to 1.</summary>
    public IReadOnlyList<float> Weights { get; }

    /// <summary>Gaussian of the given FWHM in thin voxels (default r), truncated at 3 sigma or more.</summary>
    /// <param name="factor">Thin slices per thick slice, r, at least 2.</param>
    /// <param name="fwhm">Full width at half maximum in thin voxels, positive; null: r.</param>
    public static SliceProfile Gaussian(int factor, double? fwhm = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 2);
        double width = fwhm ?? factor;
        if (!(width > 0) || !double.IsFinite(width)) throw new ArgumentOutOfRangeException(nameof(fwhm), width, "The FWHM, in thin voxels, must be finite and positive.");
        double sigma = width / (2 * Math.Sqrt(2 * Math.Log(2))), centre = (factor - 1) / 2.0;
        // A kernel narrower than the block still spans it, which keeps First at 0 or below.
        int first = (int)Math.Min(0, Math.Floor(centre - 3 * sigma)), count = (int)Math.Round(2 * (centre - first)) + 1;
        var weights = new double[count];
        for (int i = 0; i < count; i++)
        {
            double d = (first + i - centre) / sigma;
            weights[i] = Math.Exp(-0.5 * d * d);
        }
        return new("gaussian", factor, first, Normalised(weights));
    }

    /// <summary>
    /// Gaussian of slices that are thinner than their spacing (a gap) or thicker (an overlap): its FWHM in thin voxels is thickness / (spacing / r).
    /// </summary>
    /// <param name="factor">Thin slices per thick slice, r, at least 2.</param>
    /// <param name="thickness">Slice thickness in mm: full width at half maximum of the scanner's profile; 0.1 to 4 times the spacing.</param>
    /// <param name="spacing">Distance between the centres of thick slices in mm.</param>
    /// <exception cref="ArgumentOutOfRangeException">The thickness is out of its range.</exception>
    public static SliceProfile ForThickness(int factor, double thickness, double spacing)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(spacing);
        if (!(thickness >= 0.1 * spacing && thickness <= 4 * spacing))
            throw new ArgumentOutOfRangeException(nameof(thickness), FormattableString.Invariant($"The slice thickness is {thickness:0.###} mm at a slice spacing of {spacing:0.###} mm; it must be 0.1 to 4 times the spacing."));
        return Gaussian(factor, thickness * factor / spacing);
    }

    /// <summary>The published code's simulated 90-degree SLR pulse, r = 2 to 6 (METHOD.md 3.2); even r is brought to the half-integer centre by its bicubic taps.</summary>
    /// <param name="factor">Thin slices per thick slice, r, 2 to 6.</param>
    public static SliceProfile Slr(int factor)
    {
        if (factor is < 2 or > 6) throw new ArgumentOutOfRangeException(nameof(factor), factor, "SLR slice profiles are tabulated for factors 2 to 6; use the Gaussian profile.");
        double[] half = SlrHalves[factor - 2], odd = [.. half, .. half[..^1].Reverse()];
        int radius = half.Length - 1;
        return factor % 2 == 1
            ? new("slr", factor, (factor - 1) / 2 - radius, Normalised(odd))
            : new("slr", factor, factor / 2 - 2 - radius, Normalised(Convolve(odd, HalfPixelTaps)));
    }

    static double[] Convolve(double[] a, double[] b)
    {
        var result = new double[a.Length + b.Length - 1];
        for (int i = 0; i < a.Length; i++)
            for (int j = 0; j < b.Length; j++) result[i + j] += a[i] * b[j];
        return result;
    }

    static float[] Normalised(double[] weights)
    {
        double sum = weights.Sum();
        return [.. weights.Select(w => (float)(w / sum))];
    }
}
