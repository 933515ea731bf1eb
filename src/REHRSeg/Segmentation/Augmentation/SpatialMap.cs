namespace REHRSeg;

/// <summary>A linear map from patch to source about the patch's centre, in thick voxels: <c>source = M (z, y, x)</c>.</summary>
internal sealed class SpatialMap
{
    readonly double[] _m;

    SpatialMap(double[] m, bool inPlane) => (_m, InPlane) = (m, inPlane);

    /// <summary>Copies voxels.</summary>
    public static SpatialMap Identity { get; } = new([1, 0, 0, 0, 1, 0, 0, 0, 1], true);

    /// <summary>Slices stay apart: z maps to z, and y, x do not depend on it.</summary>
    public bool InPlane { get; }
    /// <summary>No interpolation is needed.</summary>
    public bool IsIdentity => ReferenceEquals(this, Identity);

    /// <summary>Rotation in each slice by an angle (rad), coordinates scaled by <paramref name="scale"/> (above 1 zooms out).</summary>
    public static SpatialMap OfPlane(double angle, double scale)
    {
        var (sin, cos) = Math.SinCos(angle);
        return new([1, 0, 0, 0, scale * cos, -scale * sin, 0, scale * sin, scale * cos], true);
    }

    /// <summary>Rotations (rad) about the D, H and W axes, in this order, then coordinates scaled.</summary>
    public static SpatialMap OfVolume(double aboutDepth, double aboutHeight, double aboutWidth, double scale)
    {
        var (sz, cz) = Math.SinCos(aboutDepth);
        var (sy, cy) = Math.SinCos(aboutHeight);
        var (sx, cx) = Math.SinCos(aboutWidth);
        double[] m = Multiply(Multiply([cx, -sx, 0, sx, cx, 0, 0, 0, 1], [cy, 0, sy, 0, 1, 0, -sy, 0, cy]), [1, 0, 0, 0, cz, -sz, 0, sz, cz]);
        return new([.. m.Select(v => v * scale)], false);
    }

    /// <summary>Where an offset from the patch's centre lies in the source.</summary>
    public (double Z, double Y, double X) Apply(double z, double y, double x) => (
        _m[0] * z + _m[1] * y + _m[2] * x,
        _m[3] * z + _m[4] * y + _m[5] * x,
        _m[6] * z + _m[7] * y + _m[8] * x);

    static double[] Multiply(double[] a, double[] b)
    {
        var c = new double[9];
        for (int i = 0; i < 3; i++) for (int j = 0; j < 3; j++) for (int k = 0; k < 3; k++) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
        return c;
    }
}
