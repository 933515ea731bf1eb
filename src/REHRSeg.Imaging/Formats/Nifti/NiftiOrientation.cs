namespace REHRSeg.Imaging;

/// <summary>
/// Between NIfTI's affine (index to RAS, in the header's unit of length) and <see cref="VolumeGeometry"/> (LPS, mm):
/// the first two rows change sign. sform is preferred to qform, qform to pixdim, as in nibabel and ITK.
/// </summary>
static class NiftiOrientation
{
    /// <summary>Reads the geometry out of a header.</summary>
    /// <exception cref="VolumeFormatException">The affine is not finite, flat or sheared.</exception>
    internal static VolumeGeometry ToGeometry(NiftiHeader header, string file)
    {
        var (field, affine) = header.SformCode > 0 ? ("sform", header.Affine) : header.QformCode > 0 ? ("qform", Qform(header, file)) : ("pixdim", Pixdim(header, file));
        double[] axes = new double[9], origin = new double[3];
        for (int row = 0; row < 3; row++)
        {
            double unit = (row < 2 ? -1 : 1) * header.Millimetres; // RAS to LPS
            for (int axis = 0; axis < 3; axis++) axes[3 * row + axis] = unit * affine[4 * row + axis];
            origin[row] = unit * affine[4 * row + 3];
        }
        return AffineGeometry.Create(header.Size, axes, origin, file, field, field == "sform" && header.QformCode > 0 ? ", or set sform_code to 0 so that the qform counts" : "");
    }

    /// <summary>The fields that store a geometry: pixdim, quaternion with offset, affine.</summary>
    /// <param name="geometry">What to store.</param>
    /// <param name="single">True if the header has 32-bit floats (NIfTI-1).</param>
    internal static (double[] PixDim, double[] Quaternion, double[] Affine) FromGeometry(VolumeGeometry geometry, bool single)
    {
        var ras = geometry.Direction.Select((v, i) => i < 6 ? -v : v).ToArray();
        double[] origin = [-geometry.Origin[0], -geometry.Origin[1], geometry.Origin[2]];
        var affine = new double[12];
        for (int row = 0; row < 3; row++)
        {
            for (int axis = 0; axis < 3; axis++) affine[4 * row + axis] = ras[3 * row + axis] * geometry.Spacing[axis] + 0.0;
            affine[4 * row + 3] = origin[row] + 0.0;
        }
        double handedness = Math.Sign(DirectionMatrix.Determinant(ras));
        for (int row = 0; row < 3; row++) ras[3 * row + 2] *= handedness;
        var (b, c, d) = ToQuaternion(ras);
        double real = 0.5 * Math.Sqrt(Math.Max(0, 1 + ras[0] + ras[4] + ras[8]));
        double[] quaternion = single && real < 0.02 ? RoundNearHalfTurn([(float)b, (float)c, (float)d], real) : [b, c, d];
        return ([handedness, .. geometry.Spacing], [.. quaternion, affine[3], affine[7], affine[11]], affine);
    }

    /// <summary>
    /// Near a half turn the real part is small, and readers compute it as sqrt(1 - b^2 - c^2 - d^2): rounding b, c, d to float would turn an exact
    /// half turn by up to 0.03 degrees. Of the floats next to the largest of them, the one that gives the real part best is stored.
    /// </summary>
    static double[] RoundNearHalfTurn(float[] quaternion, double real)
    {
        int largest = 0;
        for (int i = 1; i < 3; i++) if (MathF.Abs(quaternion[i]) > MathF.Abs(quaternion[largest])) largest = i;
        float rounded = quaternion[largest];
        float[] candidates = [rounded, MathF.BitDecrement(rounded), MathF.BitIncrement(rounded), MathF.BitDecrement(MathF.BitDecrement(rounded)), MathF.BitIncrement(MathF.BitIncrement(rounded))];
        quaternion[largest] = candidates.MinBy(candidate =>
        {
            double rest = 1 - quaternion.Select((v, i) => i == largest ? candidate : (double)v).Sum(v => v * v);
            return Math.Abs(Math.Sqrt(Math.Max(0, rest)) - real);
        });
        return [.. quaternion.Select(v => (double)v)];
    }

    static double[] Qform(NiftiHeader header, string file)
    {
        double b = header.Quaternion[0], c = header.Quaternion[1], d = header.Quaternion[2], squared = b * b + c * c + d * d;
        if (!(squared < 1 + 1e-3)) throw FormatProblem.Invalid(file, "quatern_b, quatern_c, quatern_d", AffineGeometry.Describe([b, c, d]), "a rotation's quaternion is not longer than 1; correct the header's qform");
        if (squared > 1) (b, c, d) = (b / Math.Sqrt(squared), c / Math.Sqrt(squared), d / Math.Sqrt(squared));
        double a = Math.Sqrt(Math.Max(0, 1 - squared));
        double x = Edge(header, 1, file), y = Edge(header, 2, file), z = Edge(header, 3, file) * (header.PixDim[0] < 0 ? -1 : 1);
        return
        [
            (a * a + b * b - c * c - d * d) * x, 2 * (b * c - a * d) * y, 2 * (b * d + a * c) * z, header.Quaternion[3],
            2 * (b * c + a * d) * x, (a * a + c * c - b * b - d * d) * y, 2 * (c * d - a * b) * z, header.Quaternion[4],
            2 * (b * d - a * c) * x, 2 * (c * d + a * b) * y, (a * a + d * d - b * b - c * c) * z, header.Quaternion[5],
        ];
    }

    /// <summary>nibabel's base affine: x to the left, the origin of space at the volume's centre.</summary>
    static double[] Pixdim(NiftiHeader header, string file)
    {
        double x = -Edge(header, 1, file), y = Edge(header, 2, file), z = Edge(header, 3, file);
        return [x, 0, 0, -x * (header.Size[0] - 1) / 2, 0, y, 0, -y * (header.Size[1] - 1) / 2, 0, 0, z, -z * (header.Size[2] - 1) / 2];
    }

    /// <summary><c>pixdim[axis]</c>, positive; an axis of one voxel may leave it unset.</summary>
    static double Edge(NiftiHeader header, int axis, string file)
    {
        double edge = Math.Abs(header.PixDim[axis]);
        if (edge == 0 && header.Size[axis - 1] == 1) return 1 / header.Millimetres;
        return edge > 0 && double.IsFinite(edge) ? edge : throw FormatProblem.Invalid(file, $"pixdim[{axis}]", header.PixDim[axis], "a voxel's edge is finite and not 0; correct the header");
    }

    static (double B, double C, double D) ToQuaternion(double[] m)
    {
        double a = 0.5 * Math.Sqrt(Math.Max(0, 1 + m[0] + m[4] + m[8]));
        if (a > 0.25) return ((m[7] - m[5]) / (4 * a), (m[2] - m[6]) / (4 * a), (m[3] - m[1]) / (4 * a));
        double b = 0.5 * Math.Sqrt(Math.Max(0, 1 + m[0] - m[4] - m[8])), c = 0.5 * Math.Sqrt(Math.Max(0, 1 + m[4] - m[0] - m[8])), d = 0.5 * Math.Sqrt(Math.Max(0, 1 + m[8] - m[0] - m[4]));
        double sign;
        if (b >= c && b >= d) (c, d, sign) = ((m[1] + m[3]) / (4 * b), (m[2] + m[6]) / (4 * b), m[7] - m[5]);
        else if (c >= d) (b, d, sign) = ((m[1] + m[3]) / (4 * c), (m[5] + m[7]) / (4 * c), m[2] - m[6]);
        else (b, c, sign) = ((m[2] + m[6]) / (4 * d), (m[5] + m[7]) / (4 * d), m[3] - m[1]);
        return sign < 0 ? (-b, -c, -d) : (b, c, d); // the stored quaternion's real part is not negative
    }
}
