namespace REHRSeg.Imaging;

/// <summary>The affine map from the indices (x, y, z) of one grid to the continuous indices of another: <c>source = Matrix target + Shift</c>.</summary>
sealed class GridMapping
{
    /// <summary>Positions this near (in voxels) count as equal.</summary>
    internal const double Tolerance = 1e-6;

    readonly VolumeGeometry _source, _target;

    internal GridMapping(VolumeGeometry source, VolumeGeometry target)
    {
        (_source, _target) = (source, target);
        var s = new double[9];
        for (int r = 0; r < 3; r++) for (int c = 0; c < 3; c++) s[3 * r + c] = source.Direction[3 * r + c] * source.Spacing[c];
        double determinant = DirectionMatrix.Determinant(s);
        double[] inverse =
        [
            s[4] * s[8] - s[5] * s[7], s[2] * s[7] - s[1] * s[8], s[1] * s[5] - s[2] * s[4],
            s[5] * s[6] - s[3] * s[8], s[0] * s[8] - s[2] * s[6], s[2] * s[3] - s[0] * s[5],
            s[3] * s[7] - s[4] * s[6], s[1] * s[6] - s[0] * s[7], s[0] * s[4] - s[1] * s[3],
        ];
        for (int r = 0; r < 3; r++)
            for (int k = 0; k < 3; k++)
            {
                double part = inverse[3 * r + k] / determinant;
                Shift[r] += part * (target.Origin[k] - source.Origin[k]);
                for (int c = 0; c < 3; c++) Matrix[3 * r + c] += part * target.Direction[3 * k + c] * target.Spacing[c];
            }
    }

    /// <summary>3x3, row-major.</summary>
    internal double[] Matrix { get; } = new double[9];
    internal double[] Shift { get; } = new double[3];

    /// <summary>True if the grids' axes are parallel, in the same order (flips included): each axis can be resampled by itself.</summary>
    internal bool IsSeparable
    {
        get
        {
            for (int r = 0; r < 3; r++)
                for (int c = 0; c < 3; c++)
                    if (r != c && Math.Abs(Matrix[3 * r + c]) * (_target.Size[c] - 1) > Tolerance) return false;
            return true;
        }
    }

    /// <summary>True if axis <paramref name="a"/> of both grids has the same positions.</summary>
    internal bool IsIdentity(int a) =>
        _source.Size[a] == _target.Size[a] && Math.Abs(Shift[a]) <= Tolerance && Math.Abs(Matrix[4 * a] - 1) * _target.Size[a] <= Tolerance;

    /// <summary>The furthest that a target voxel lies from the source's voxel centres along axis <paramref name="a"/>, in source voxels.</summary>
    internal double Excursion(int a)
    {
        double low = Shift[a], high = Shift[a];
        for (int c = 0; c < 3; c++)
        {
            double length = Matrix[3 * a + c] * (_target.Size[c] - 1);
            (low, high) = (low + Math.Min(length, 0), high + Math.Max(length, 0));
        }
        return Math.Max(0, Math.Max(-low, high - (_source.Size[a] - 1)));
    }
}
