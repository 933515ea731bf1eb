using System.Collections.Immutable;
using System.Globalization;

namespace REHRSeg.Imaging;

/// <summary>
/// Where a voxel grid lies in space: size, spacing (mm), origin (mm) and direction cosines, in ITK's LPS sense
/// (x to the patient's left, y to posterior, z to superior). The physical position of index (x, y, z) is
/// <c>origin + direction * diag(spacing) * (x, y, z)</c>; the columns of <see cref="Direction"/> are the index axes.
/// </summary>
public sealed partial class VolumeGeometry : IEquatable<VolumeGeometry>
{
    static readonly ImmutableArray<double> Identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];

    /// <summary>Creates a geometry.</summary>
    /// <param name="size">Voxels along x, y, z; each at least 1.</param>
    /// <param name="spacing">Millimetres between voxel centres along x, y, z; each finite and positive.</param>
    /// <param name="origin">Physical position (LPS, mm) of the first voxel's centre; null: zero.</param>
    /// <param name="direction">3x3 row-major direction cosines; null: identity. Must be orthonormal within 1e-3.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public VolumeGeometry(ReadOnlySpan<int> size, ReadOnlySpan<double> spacing, ReadOnlySpan<double> origin = default, ReadOnlySpan<double> direction = default)
    {
        if (size.Length != 3 || size[0] < 1 || size[1] < 1 || size[2] < 1) throw new ArgumentException($"size is ({string.Join(", ", size.ToArray())}); it needs three values of at least 1.", nameof(size));
        if (!FitsArray(size)) throw new ArgumentException($"size {size[0]}x{size[1]}x{size[2]} is more voxels than one array holds.", nameof(size));
        if (spacing.Length != 3) throw new ArgumentException("spacing needs three values.", nameof(spacing));
        foreach (double s in spacing)
            if (!(s > 0) || double.IsInfinity(s)) throw new ArgumentException($"spacing is ({Format(spacing)}); each value must be finite and positive.", nameof(spacing));
        Size = [.. size];
        Spacing = [.. spacing];
        Origin = origin.IsEmpty ? [0.0, 0.0, 0.0] : [.. origin];
        Direction = direction.IsEmpty ? Identity : [.. direction];
        if (Origin.Length != 3 || Origin.Any(v => !double.IsFinite(v))) throw new ArgumentException($"origin is ({Format(origin)}); it needs three finite values.", nameof(origin));
        if (Direction.Length != 9 || !IsOrthonormal(Direction)) throw new ArgumentException($"direction is ({Format(direction)}); it needs nine values with orthonormal columns.", nameof(direction));
    }

    /// <summary>Voxels along x, y, z.</summary>
    public ImmutableArray<int> Size { get; }
    /// <summary>Millimetres between voxel centres along x, y, z.</summary>
    public ImmutableArray<double> Spacing { get; }
    /// <summary>Physical position (LPS, mm) of voxel (0, 0, 0).</summary>
    public ImmutableArray<double> Origin { get; }
    /// <summary>3x3 row-major direction cosines; column a is the unit vector of index axis a.</summary>
    public ImmutableArray<double> Direction { get; }
    /// <summary>Voxels along x.</summary>
    public int Width => Size[0];
    /// <summary>Voxels along y.</summary>
    public int Height => Size[1];
    /// <summary>Voxels along z.</summary>
    public int Depth => Size[2];
    /// <summary>Number of voxels.</summary>
    public int VoxelCount => Size[0] * Size[1] * Size[2];

    /// <summary>Physical position (LPS, mm) of a continuous index.</summary>
    public (double X, double Y, double Z) ToPhysical(double x, double y, double z)
    {
        double a = x * Spacing[0], b = y * Spacing[1], c = z * Spacing[2];
        return (Origin[0] + Direction[0] * a + Direction[1] * b + Direction[2] * c,
                Origin[1] + Direction[3] * a + Direction[4] * b + Direction[5] * c,
                Origin[2] + Direction[6] * a + Direction[7] * b + Direction[8] * c);
    }

    /// <summary>The axis of largest spacing, if it exceeds the smallest by more than 10 %; else null (isotropic: the caller must say).</summary>
    public SliceAxis? DetectSliceAxis()
    {
        int worst = 0;
        for (int a = 1; a < 3; a++) if (Spacing[a] >= Spacing[worst]) worst = a;
        return Spacing[worst] > 1.1 * Spacing.Min() ? (SliceAxis)worst : null;
    }

    /// <summary>Spacing along the slice axis over the smaller of the two in-plane spacings: the factor, where it is an integer.</summary>
    public double SliceRatio(SliceAxis axis) => Spacing[(int)axis] / Spacing.Where((_, a) => a != (int)axis).Min();

    /// <summary>
    /// The grid with <paramref name="factor"/> times the slices along <paramref name="axis"/> and the same field of view:
    /// spacing c/r, origin moved by -((r-1)/2)(c/r) along the axis (DESIGN.md section 4).
    /// </summary>
    public VolumeGeometry Refine(int factor, SliceAxis axis)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        int a = (int)axis;
        double fine = Spacing[a] / factor;
        if ((long)Size[a] * factor > int.MaxValue) throw new ArgumentOutOfRangeException(nameof(factor), factor, $"{Size[a]} slices refined {factor} times are more than {int.MaxValue}.");
        return new(Size.SetItem(a, Size[a] * factor).AsSpan(), Spacing.SetItem(a, fine).AsSpan(), Moved(a, -(factor - 1) / 2.0 * fine).AsSpan(), Direction.AsSpan());
    }

    /// <summary>
    /// The inverse of <see cref="Refine"/>: blocks of <paramref name="factor"/> slices from slice <paramref name="start"/> on become one;
    /// incomplete blocks are dropped.
    /// </summary>
    /// <exception cref="ArgumentException">No complete block is left.</exception>
    public VolumeGeometry Coarsen(int factor, SliceAxis axis, int start = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        int a = (int)axis, blocks = (Size[a] - start) / factor;
        if (blocks < 1) throw new ArgumentException($"{Size[a]} slices along {axis} hold no complete block of {factor} from slice {start} on.", nameof(factor));
        return new(Size.SetItem(a, blocks).AsSpan(), Spacing.SetItem(a, Spacing[a] * factor).AsSpan(), Moved(a, (start + (factor - 1) / 2.0) * Spacing[a]).AsSpan(), Direction.AsSpan());
    }

    /// <summary>The part of the grid from slice <paramref name="start"/> on, <paramref name="count"/> slices along <paramref name="axis"/>.</summary>
    public VolumeGeometry Crop(SliceAxis axis, int start, int count)
    {
        int a = (int)axis;
        if (start < 0 || count < 1 || (long)start + count > Size[a]) throw new ArgumentOutOfRangeException(nameof(count), $"Slices {start} to {(long)start + count - 1} along {axis} are not within 0 to {Size[a] - 1}.");
        return new(Size.SetItem(a, count).AsSpan(), Spacing.AsSpan(), Moved(a, start * Spacing[a]).AsSpan(), Direction.AsSpan());
    }

    /// <summary>The same voxels in space with index axes <paramref name="a"/> and <paramref name="b"/> exchanged. Applying it twice restores the geometry exactly.</summary>
    public VolumeGeometry SwapAxes(SliceAxis a, SliceAxis b) => a == b ? this : Arrange(AxisArrangement.Swap(a, b));

    /// <summary>
    /// True if both grids coincide: equal sizes, spacing within 3e-4 relative, origin within 1e-2 of a voxel, each direction cosine within 5e-4. That
    /// accepts what files with few digits do to one grid (cosines, and with them the lengths of axes, off by 1e-4). The far ends of grids that pass are at most 5e-4 of their distance apart: 0.1 mm at 200 mm.
    /// </summary>
    public bool IsSameGrid(VolumeGeometry other) => DescribeDifference(other) is null;

    /// <summary>Names the first field in which the grids differ (with both values), or null if they coincide as <see cref="IsSameGrid"/> defines it.</summary>
    public string? DescribeDifference(VolumeGeometry other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!Size.SequenceEqual(other.Size)) return $"size {string.Join("x", Size)} against {string.Join("x", other.Size)}";
        for (int a = 0; a < 3; a++)
            if (Math.Abs(Spacing[a] - other.Spacing[a]) > 3e-4 * Spacing[a]) return $"spacing ({Format(Spacing.AsSpan())}) against ({Format(other.Spacing.AsSpan())}) mm";
        for (int a = 0; a < 9; a++)
            if (Math.Abs(Direction[a] - other.Direction[a]) > 5e-4) return $"direction ({Format(Direction.AsSpan())}) against ({Format(other.Direction.AsSpan())})";
        double tolerance = 1e-2 * Spacing.Min();
        for (int a = 0; a < 3; a++)
            if (Math.Abs(Origin[a] - other.Origin[a]) > tolerance) return $"origin ({Format(Origin.AsSpan())}) against ({Format(other.Origin.AsSpan())}) mm";
        return null;
    }

    /// <inheritdoc/>
    public bool Equals(VolumeGeometry? other) => other is not null && Size.SequenceEqual(other.Size) && Spacing.SequenceEqual(other.Spacing) && Origin.SequenceEqual(other.Origin) && Direction.SequenceEqual(other.Direction);
    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VolumeGeometry);
    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Size[0], Size[1], Size[2], Spacing[0], Spacing[1], Spacing[2], Origin[0]);
    /// <summary>Size and spacing on one line.</summary>
    public override string ToString() => $"{string.Join("x", Size)} voxels of {string.Join("x", Spacing.Select(s => s.ToString("0.###", CultureInfo.InvariantCulture)))} mm";

    ImmutableArray<double> Moved(int axis, double mm) => [Origin[0] + Direction[axis] * mm, Origin[1] + Direction[3 + axis] * mm, Origin[2] + Direction[6 + axis] * mm];

    /// <summary>True if one array can hold the voxels; the product of three <c>int</c> may overflow <c>long</c>.</summary>
    internal static bool FitsArray(ReadOnlySpan<int> size) => (Int128)size[0] * size[1] * size[2] <= Array.MaxLength;

    static bool IsOrthonormal(ImmutableArray<double> m)
    {
        for (int a = 0; a < 3; a++)
            for (int b = a; b < 3; b++)
            {
                double dot = m[a] * m[b] + m[3 + a] * m[3 + b] + m[6 + a] * m[6 + b];
                if (!(Math.Abs(dot - (a == b ? 1 : 0)) < 1e-3)) return false;
            }
        return true;
    }

    static string Format(ReadOnlySpan<double> values) => string.Join(", ", values.ToArray().Select(v => v.ToString("0.####", CultureInfo.InvariantCulture)));
}
