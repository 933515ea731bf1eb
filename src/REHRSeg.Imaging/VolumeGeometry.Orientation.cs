namespace REHRSeg.Imaging;

public sealed partial class VolumeGeometry
{
    /// <summary>
    /// Where the index axes point to, in nibabel's sense: <c>LPS</c> if x goes to the patient's left, y to posterior, z to superior; letters are
    /// L or R, P or A, S or I. Oblique axes are named by the anatomical axis they are nearest to, no two by the same.
    /// </summary>
    public string OrientationCode => string.Create(3, NearestAxes(), static (code, axes) =>
    {
        for (int a = 0; a < 3; a++) code[a] = "LPSRAI"[axes[a].Negative ? axes[a].Physical + 3 : axes[a].Physical];
    });

    /// <summary>
    /// The same voxels in space with index axes permuted and reversed so that they point as <paramref name="code"/> says (nearest, for oblique grids:
    /// nothing is rotated or resampled).
    /// </summary>
    /// <param name="code">Three letters as of <see cref="OrientationCode"/>, for example <c>RAS</c>.</param>
    /// <exception cref="ArgumentException">Not one letter each of L/R, P/A, S/I.</exception>
    public VolumeGeometry Reorient(string code) => Arrange(AxesFor(code));

    /// <summary>The same voxels in space with one index axis reversed.</summary>
    public VolumeGeometry Flip(SliceAxis axis)
    {
        var arrangement = AxisArrangement.Identity;
        arrangement.Reversed[(int)axis] = true;
        return Arrange(arrangement);
    }

    /// <summary>
    /// The map from index (x, y, z, 1) to physical position as a 4x4 row-major matrix.
    /// </summary>
    /// <param name="ras">In NIfTI's RAS sense instead of LPS.</param>
    public double[] ToAffine(bool ras = false)
    {
        var m = new double[16];
        for (int row = 0; row < 3; row++)
        {
            double sign = ras && row < 2 ? -1 : 1;
            for (int a = 0; a < 3; a++) m[4 * row + a] = sign * Direction[3 * row + a] * Spacing[a] + 0.0;
            m[4 * row + 3] = sign * Origin[row] + 0.0;
        }
        m[15] = 1;
        return m;
    }

    /// <summary>The geometry of a 4x4 (or 3x4) row-major matrix from index to physical position.</summary>
    /// <param name="size">Voxels along x, y, z.</param>
    /// <param name="affine">16 (or 12) numbers; the axes perpendicular within 1e-3, which become exactly so.</param>
    /// <param name="ras">In NIfTI's RAS sense instead of LPS.</param>
    /// <exception cref="ArgumentException">Not as many numbers, not finite, flat or sheared.</exception>
    public static VolumeGeometry FromAffine(ReadOnlySpan<int> size, ReadOnlySpan<double> affine, bool ras = false)
    {
        if (affine.Length is not (12 or 16)) throw new ArgumentException($"affine has {affine.Length} numbers; it needs 12 or 16.", nameof(affine));
        double[] axes = new double[9], origin = new double[3];
        for (int row = 0; row < 3; row++)
        {
            double sign = ras && row < 2 ? -1 : 1;
            for (int a = 0; a < 3; a++) axes[3 * row + a] = sign * affine[4 * row + a];
            origin[row] = sign * affine[4 * row + 3];
        }
        try
        {
            return AffineGeometry.Create(size, axes, origin, "affine", "matrix");
        }
        catch (VolumeFormatException e)
        {
            throw new ArgumentException(e.Message, nameof(affine), e);
        }
    }

    /// <summary>Continuous index (x, y, z) of a physical position (LPS, mm): the inverse of <see cref="ToPhysical"/>.</summary>
    public (double X, double Y, double Z) ToIndex(double x, double y, double z)
    {
        var d = Direction;
        (x, y, z) = (x - Origin[0], y - Origin[1], z - Origin[2]);
        double c0 = d[4] * d[8] - d[5] * d[7], c1 = d[5] * d[6] - d[3] * d[8], c2 = d[3] * d[7] - d[4] * d[6], determinant = d[0] * c0 + d[1] * c1 + d[2] * c2;
        return ((c0 * x + (d[2] * d[7] - d[1] * d[8]) * y + (d[1] * d[5] - d[2] * d[4]) * z) / determinant / Spacing[0],
                (c1 * x + (d[0] * d[8] - d[2] * d[6]) * y + (d[2] * d[3] - d[0] * d[5]) * z) / determinant / Spacing[1],
                (c2 * x + (d[1] * d[6] - d[0] * d[7]) * y + (d[0] * d[4] - d[1] * d[3]) * z) / determinant / Spacing[2]);
    }

    /// <summary>Which axes, reversed or not, make the grid point as a code says.</summary>
    internal AxisArrangement AxesFor(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        int[] wanted = [.. code.Select(letter => "LPSRAI".IndexOf(char.ToUpperInvariant(letter)))];
        if (wanted.Length != 3 || wanted.Contains(-1) || wanted.Select(w => w % 3).Distinct().Count() < 3) throw new ArgumentException($"\"{code}\" is no orientation; it has one letter each of L or R, P or A, S or I, for example RAS.", nameof(code));
        var axes = NearestAxes();
        var result = AxisArrangement.Identity;
        for (int t = 0; t < 3; t++)
        {
            int from = Array.FindIndex(axes, a => a.Physical == wanted[t] % 3);
            (result.From[t], result.Reversed[t]) = (from, axes[from].Negative != wanted[t] >= 3);
        }
        return result;
    }

    internal VolumeGeometry Arrange(AxisArrangement axes)
    {
        double[] direction = new double[9], origin = [.. Origin];
        for (int t = 0; t < 3; t++)
        {
            int from = axes.From[t];
            for (int row = 0; row < 3; row++)
            {
                direction[3 * row + t] = axes.Reversed[t] ? 0.0 - Direction[3 * row + from] : Direction[3 * row + from];
                if (axes.Reversed[t]) origin[row] += Direction[3 * row + from] * Spacing[from] * (Size[from] - 1);
            }
        }
        return new([Size[axes.From[0]], Size[axes.From[1]], Size[axes.From[2]]], [Spacing[axes.From[0]], Spacing[axes.From[1]], Spacing[axes.From[2]]], origin, direction);
    }

    /// <summary>The anatomical axis (0: left, 1: posterior, 2: superior) of each index axis: the assignment of the largest sum of absolute cosines.</summary>
    (int Physical, bool Negative)[] NearestAxes()
    {
        ReadOnlySpan<(int X, int Y, int Z)> orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)];
        var best = orders[0];
        double most = -1;
        foreach (var order in orders)
        {
            double sum = Math.Abs(Direction[3 * order.X]) + Math.Abs(Direction[3 * order.Y + 1]) + Math.Abs(Direction[3 * order.Z + 2]);
            if (sum > most) (best, most) = (order, sum);
        }
        return [(best.X, Direction[3 * best.X] < 0), (best.Y, Direction[3 * best.Y + 1] < 0), (best.Z, Direction[3 * best.Z + 2] < 0)];
    }
}
