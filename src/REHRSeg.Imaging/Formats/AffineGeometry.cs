namespace REHRSeg.Imaging;

/// <summary>From the vectors that a header gives for its index axes to <see cref="VolumeGeometry"/>.</summary>
static class AffineGeometry
{
    /// <summary>Voxel edges from a picometre to a thousand kilometres, in mm: what every format here can store and read again.</summary>
    const double MinSpacing = 1e-9, MaxSpacing = 1e9;
    const double MaxOrigin = 1e12;

    /// <summary>Builds the geometry.</summary>
    /// <param name="size">Voxels along x, y, z.</param>
    /// <param name="axes">3x3 row-major: column a is the step from one voxel to the next along axis a, LPS, mm.</param>
    /// <param name="origin">LPS, mm.</param>
    /// <param name="file">For messages.</param>
    /// <param name="field">For messages: where the vectors come from.</param>
    /// <param name="otherRemedy">A further way out where axes are not perpendicular, beginning with ", or"; empty: none.</param>
    /// <exception cref="VolumeFormatException">A vector is not finite or has no length, or the axes are not perpendicular.</exception>
    internal static VolumeGeometry Create(ReadOnlySpan<int> size, double[] axes, double[] origin, string file, string field, string otherRemedy = "")
    {
        if (!VolumeGeometry.FitsArray(size)) throw FormatProblem.Invalid(file, "number of voxels", string.Join(" x ", size.ToArray()), $"a channel has at most {Array.MaxLength}; crop or split the volume");
        double[] spacing = new double[3], direction = new double[9];
        for (int a = 0; a < 3; a++)
        {
            spacing[a] = Math.Sqrt(axes[a] * axes[a] + axes[3 + a] * axes[3 + a] + axes[6 + a] * axes[6 + a]);
            if (!IsPlausibleSpacing(spacing[a])) throw FormatProblem.Invalid(file, field, Describe(axes), $"index axis {a} has no finite positive length from {MinSpacing} to {MaxSpacing} mm; correct the header's {field}");
            for (int row = 0; row < 3; row++) direction[3 * row + a] = axes[3 * row + a] / spacing[a];
        }
        if (!origin.All(IsPlausibleOrigin)) throw FormatProblem.Invalid(file, field, Describe(origin), $"the origin is not finite or further than {MaxOrigin} mm away; correct the header's {field}");
        if (DirectionMatrix.LargestCosine(direction) is var cosine && !(cosine < DirectionMatrix.Tolerance))
            throw FormatProblem.Invalid(file, field, Describe(axes), FormattableString.Invariant($"its axes are not perpendicular (cosine {cosine:0.####}); resample the volume onto a rectangular grid{otherRemedy}"));
        return new(size, spacing, [.. origin.Select(v => v + 0.0)], DirectionMatrix.NearestRotation(direction));
    }

    /// <summary>Refuses to write what could not be read again.</summary>
    /// <exception cref="VolumeFormatException">Spacing or origin out of range.</exception>
    internal static void RequireStorable(VolumeGeometry geometry, string file)
    {
        if (!geometry.Spacing.All(IsPlausibleSpacing)) throw FormatProblem.Invalid(file, "spacing", Describe(geometry.Spacing), $"files hold {MinSpacing} to {MaxSpacing} mm; correct the geometry");
        if (!geometry.Origin.All(IsPlausibleOrigin)) throw FormatProblem.Invalid(file, "origin", Describe(geometry.Origin), $"files hold up to {MaxOrigin} mm; correct the geometry");
    }

    static bool IsPlausibleSpacing(double mm) => mm is >= MinSpacing and <= MaxSpacing;
    static bool IsPlausibleOrigin(double mm) => Math.Abs(mm) <= MaxOrigin;

    internal static string Describe(IEnumerable<double> values) => $"({string.Join(", ", values.Select(v => FormattableString.Invariant($"{v:G6}")))})";
}
