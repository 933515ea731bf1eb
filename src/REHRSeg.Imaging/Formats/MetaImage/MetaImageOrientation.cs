namespace REHRSeg.Imaging;

/// <summary>MetaImage's <c>TransformMatrix</c> (one row an axis), <c>Offset</c> and <c>ElementSpacing</c>, in ITK's LPS sense.</summary>
static class MetaImageOrientation
{
    /// <summary>Reads the geometry out of a header's fields.</summary>
    /// <exception cref="VolumeFormatException">A wrong number of values, or an impossible place.</exception>
    internal static VolumeGeometry ToGeometry(Dictionary<string, string> fields, long[] size, string file)
    {
        int n = size.Length, spatial = Math.Min(n, 3);
        var (matrixField, matrix) = First(["TransformMatrix", "Rotation", "Orientation"], n * n);
        var (_, offset) = First(["Offset", "Position", "Origin"], n);
        var (spacingField, spacing) = First(["ElementSpacing", "ElementSize"], n);
        if (n == 4 && matrix is not null && Enumerable.Range(0, 3).Any(i => Math.Abs(matrix[4 * i + 3]) > 1e-6 || Math.Abs(matrix[12 + i]) > 1e-6))
            throw FormatProblem.Invalid(file, matrixField, fields[matrixField], "the fourth axis is that of channels and is not turned into the others; correct the header");
        double unit = fields.TryGetValue("DistanceUnits", out var units) ? TextHeader.Millimetres(units) ?? 1 : 1;
        double[] axes = [1, 0, 0, 0, 1, 0, 0, 0, 1], origin = [0, 0, 0];
        for (int a = 0; a < spatial; a++)
        {
            if (spacing is not null && !(spacing[a] > 0 && double.IsFinite(spacing[a]))) throw FormatProblem.Invalid(file, spacingField, fields[spacingField], "each voxel edge is finite and positive; correct the header");
            for (int row = 0; row < spatial; row++) axes[3 * row + a] = (matrix is null ? (row == a ? 1 : 0) : matrix[n * a + row]);
            Normalise(axes, a, matrixField, fields, file);
            for (int row = 0; row < spatial; row++) axes[3 * row + a] *= unit * (spacing?[a] ?? 1);
            origin[a] = unit * (offset?[a] ?? 0);
        }
        return AffineGeometry.Create([(int)size[0], (int)size[1], n > 2 ? (int)size[2] : 1], axes, origin, file, matrix is null ? "ElementSpacing" : matrixField);

        (string Field, double[]? Values) First(string[] names, int count)
        {
            string? name = names.FirstOrDefault(fields.ContainsKey);
            return name is null ? ("", null) : (name, TextHeader.Numbers(fields[name], count, file, name));
        }
    }

    /// <summary>Directions have length 1, whatever few digits they were written with: the spacing is the field's.</summary>
    static void Normalise(double[] axes, int a, string field, Dictionary<string, string> fields, string file)
    {
        double length = Math.Sqrt(axes[a] * axes[a] + axes[3 + a] * axes[3 + a] + axes[6 + a] * axes[6 + a]);
        if (!(Math.Abs(length - 1) < 0.01)) throw FormatProblem.Invalid(file, field, fields[field], $"axis {a} has length {TextHeader.Format(length)} instead of 1; correct the header");
        for (int row = 0; row < 3; row++) axes[3 * row + a] /= length;
    }
}
