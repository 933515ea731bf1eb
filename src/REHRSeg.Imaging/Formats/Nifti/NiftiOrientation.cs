namespace REHRSeg.Imaging;

/// <summary>
/// Between NIfTI's affine (index to RAS, in the header's unit of length) and <see cref="VolumeGeometry"/> (LPS, mm):
/// the first two rows change sign. sform is preferred to qform, qform to pixdim, as in nibabel and ITK.
/// </summary>
static class NiftiOrientation
{
    /// <summary>Cosines of the angles between axes up to which a sheared affine counts as rounding and is replaced by the nearest rotation.</summary>
    const double ShearTolerance = 1e-3;

    /// <summary>Reads the geometry out of a header.</summary>
    /// <exception cref="VolumeFormatException">The affine is not finite, flat or sheared.</exception>
    internal static VolumeGeometry ToGeometry(NiftiHeader header, string file)
    {
        var (field, affine) = header.SformCode > 0 ? ("sform", Sform(header)) : header.QformCode > 0 ? ("qform", Qform(header, file)) : ("pixdim", Pixdim(header, file));
        double[] spacing = new double[3], origin = new double[3], direction = new double[9];
        for (int axis = 0; axis < 3; axis++)
        {
            spacing[axis] = Math.Sqrt(affine[axis] * affine[axis] + affine[4 + axis] * affine[4 + axis] + affine[8 + axis] * affine[8 + axis]);
            if (!(spacing[axis] > 0) || !double.IsFinite(spacing[axis]))
                throw NiftiHeader.Invalid(file, field, Describe(affine), $"index axis {axis} has no finite positive length; correct the header's {field}");
            for (int row = 0; row < 3; row++) direction[3 * row + axis] = (row < 2 ? -1 : 1) * affine[4 * row + axis] / spacing[axis];
        }
        for (int row = 0; row < 3; row++) origin[row] = (row < 2 ? -1 : 1) * affine[4 * row + 3] * header.Millimetres;
        if (!origin.All(double.IsFinite)) throw NiftiHeader.Invalid(file, field, Describe(affine), $"the origin is not finite; correct the header's {field}");
        if (Shear(direction) is var shear && !(shear < ShearTolerance))
            throw NiftiHeader.Invalid(file, field, Describe(affine), $"its axes are not perpendicular (cosine {shear:0.####}); resample the volume onto a rectangular grid{(field == "sform" && header.QformCode > 0 ? ", or set sform_code to 0 so that the qform counts" : "")}");
        return new(header.Size, [.. spacing.Select(s => s * header.Millimetres)], [.. origin.Select(v => v + 0.0)], NearestRotation(direction));
    }

    /// <summary>The fields that store a geometry: pixdim, quaternion with offset, affine.</summary>
    internal static (float[] PixDim, float[] Quaternion, float[] Affine) FromGeometry(VolumeGeometry geometry)
    {
        var ras = geometry.Direction.Select((v, i) => i < 6 ? -v : v).ToArray();
        double[] origin = [-geometry.Origin[0], -geometry.Origin[1], geometry.Origin[2]];
        var affine = new float[12];
        for (int row = 0; row < 3; row++)
        {
            for (int axis = 0; axis < 3; axis++) affine[4 * row + axis] = (float)(ras[3 * row + axis] * geometry.Spacing[axis] + 0.0);
            affine[4 * row + 3] = (float)(origin[row] + 0.0);
        }
        double handedness = Math.Sign(Determinant(ras));
        for (int row = 0; row < 3; row++) ras[3 * row + 2] *= handedness;
        var (b, c, d) = ToQuaternion(ras);
        float[] quaternion = [(float)b, (float)c, (float)d];
        if (1 + ras[0] + ras[4] + ras[8] < 4e-6) LengthenToOne(quaternion);
        return ([(float)handedness, .. geometry.Spacing.Select(s => (float)s)], [.. quaternion, affine[3], affine[7], affine[11]], affine);
    }

    /// <summary>
    /// A half turn has real part 0, which readers compute as sqrt(1 - b^2 - c^2 - d^2): rounding b, c, d down to float would turn it by
    /// up to 0.03 degrees, so the largest is stepped up until the square root vanishes.
    /// </summary>
    static void LengthenToOne(float[] quaternion)
    {
        int largest = 0;
        for (int i = 1; i < 3; i++) if (MathF.Abs(quaternion[i]) > MathF.Abs(quaternion[largest])) largest = i;
        while (quaternion.Sum(v => (double)v * v) < 1)
            quaternion[largest] = quaternion[largest] < 0 ? MathF.BitDecrement(quaternion[largest]) : MathF.BitIncrement(quaternion[largest]);
    }

    static double[] Sform(NiftiHeader header) => [.. header.Affine.Select(v => (double)v)];

    static double[] Qform(NiftiHeader header, string file)
    {
        double b = header.Quaternion[0], c = header.Quaternion[1], d = header.Quaternion[2], squared = b * b + c * c + d * d;
        if (!(squared < 1 + 1e-3)) throw NiftiHeader.Invalid(file, "quatern_b, quatern_c, quatern_d", $"({b}, {c}, {d})", "a rotation's quaternion is not longer than 1; correct the header's qform");
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
        return edge > 0 && double.IsFinite(edge) ? edge : throw NiftiHeader.Invalid(file, $"pixdim[{axis}]", header.PixDim[axis], "a voxel's edge is finite and not 0; correct the header");
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

    static double Shear(double[] m)
    {
        double largest = 0;
        for (int a = 0; a < 2; a++)
            for (int b = a + 1; b < 3; b++)
                largest = Math.Max(largest, Math.Abs(m[a] * m[b] + m[3 + a] * m[3 + b] + m[6 + a] * m[6 + b]));
        return largest;
    }

    /// <summary>The orthogonal factor of the polar decomposition, by Newton's iteration X := (X + X^-T)/2.</summary>
    static double[] NearestRotation(double[] m)
    {
        var x = (double[])m.Clone();
        for (int step = 0; step < 4; step++)
        {
            double[] cofactors =
            [
                x[4] * x[8] - x[5] * x[7], x[5] * x[6] - x[3] * x[8], x[3] * x[7] - x[4] * x[6],
                x[2] * x[7] - x[1] * x[8], x[0] * x[8] - x[2] * x[6], x[1] * x[6] - x[0] * x[7],
                x[1] * x[5] - x[2] * x[4], x[2] * x[3] - x[0] * x[5], x[0] * x[4] - x[1] * x[3],
            ];
            double determinant = Determinant(x);
            for (int i = 0; i < 9; i++) x[i] = (x[i] + cofactors[i] / determinant) / 2 + 0.0;
        }
        return x;
    }

    static double Determinant(ReadOnlySpan<double> m) => m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);

    static string Describe(double[] affine) => $"({string.Join(", ", affine.Select(v => FormattableString.Invariant($"{v:0.####}")))})";
}
