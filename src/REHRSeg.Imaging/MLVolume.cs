using System.Globalization;
using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>
/// A 3-D volume with its geometry: immutable, thread-safe, garbage-collected (nothing to dispose). Voxels are <c>float</c>,
/// row-major <c>C x D x H x W</c> with x fastest. Labels and probabilities are volumes too. Integers up to 2^24 are exact.
/// </summary>
public sealed class MLVolume
{
    readonly ReadOnlyMemory<float> _voxels;

    /// <summary>Wraps voxels (not copied: the caller must not change them afterwards).</summary>
    /// <param name="geometry">Size, spacing, origin, direction.</param>
    /// <param name="voxels"><c>C x D x H x W</c> values.</param>
    /// <param name="channels">Channels C, at least 1.</param>
    /// <exception cref="ArgumentException">The number of voxels is not channels x geometry.</exception>
    public MLVolume(VolumeGeometry geometry, ReadOnlyMemory<float> voxels, int channels = 1)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (voxels.Length != (long)channels * geometry.VoxelCount) throw new ArgumentException($"{voxels.Length} voxels were given for {channels} channel(s) of {geometry}.", nameof(voxels));
        (Geometry, _voxels, Channels) = (geometry, voxels, channels);
    }

    /// <summary>Where the voxels lie.</summary>
    public VolumeGeometry Geometry { get; }
    /// <summary>Channels C (image modalities, or classes of a probability map).</summary>
    public int Channels { get; }
    /// <summary>Voxels along z.</summary>
    public int Depth => Geometry.Depth;
    /// <summary>Voxels along y.</summary>
    public int Height => Geometry.Height;
    /// <summary>Voxels along x.</summary>
    public int Width => Geometry.Width;
    /// <summary>All values, <c>C x D x H x W</c>.</summary>
    public ReadOnlyMemory<float> Memory => _voxels;
    /// <summary>All values, <c>C x D x H x W</c>.</summary>
    public ReadOnlySpan<float> Voxels => _voxels.Span;
    /// <summary>The value at array position (z, y, x) of the first channel.</summary>
    public float this[int z, int y, int x] => _voxels.Span[(z * Height + y) * Width + x];

    /// <summary>The values of one channel, <c>D x H x W</c>.</summary>
    public ReadOnlySpan<float> Channel(int channel) => _voxels.Span.Slice(channel * Geometry.VoxelCount, Geometry.VoxelCount);

    /// <summary>A volume on the same grid with other values (not copied).</summary>
    public MLVolume WithVoxels(ReadOnlyMemory<float> voxels, int channels = 1) => new(Geometry, voxels, channels);

    /// <summary>
    /// The same voxels in space with two index axes exchanged; twice is the identity, bit for bit. Components bring the slice axis
    /// to D with <c>SwapAxes(axis, SliceAxis.Z)</c> and restore the file's orientation with the same call.
    /// </summary>
    public MLVolume SwapAxes(SliceAxis a, SliceAxis b) => a == b ? this : Arrange(AxisArrangement.Swap(a, b));

    /// <summary>The same voxels in space, bit for bit, with index axes permuted and reversed so that they point as <paramref name="code"/> says (<see cref="VolumeGeometry.OrientationCode"/>).</summary>
    /// <param name="code">Three letters, for example <c>RAS</c> or <c>LPS</c>.</param>
    /// <exception cref="ArgumentException">Not one letter each of L/R, P/A, S/I.</exception>
    public MLVolume Reorient(string code) => Arrange(Geometry.AxesFor(code));

    /// <summary>The same voxels in space, bit for bit, with one index axis reversed.</summary>
    public MLVolume Flip(SliceAxis axis)
    {
        var arrangement = AxisArrangement.Identity;
        arrangement.Reversed[(int)axis] = true;
        return Arrange(arrangement);
    }

    /// <summary>The exchange of axes for the voxels of one or more channels on a grid, into other memory.</summary>
    internal static void SwapAxes(ReadOnlySpan<float> source, VolumeGeometry grid, SliceAxis a, SliceAxis b, Span<float> result) => AxisArrangement.Swap(a, b).Copy(source, grid.Size.AsSpan(), result);

    MLVolume Arrange(AxisArrangement axes)
    {
        if (axes.IsIdentity) return this;
        var result = new float[_voxels.Length];
        axes.Copy(Voxels, Geometry.Size.AsSpan(), result);
        return new(Geometry.Arrange(axes), result, Channels);
    }

    /// <summary>Throws if <paramref name="other"/> does not lie on this volume's grid.</summary>
    /// <exception cref="GeometryMismatchException">Names both volumes and the field that differs.</exception>
    public void RequireSameGrid(MLVolume other, string thisName, string otherName)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Geometry.DescribeDifference(other.Geometry) is { } difference)
            throw new GeometryMismatchException($"{thisName} and {otherName} do not lie on the same grid: {difference}. Resample one onto the other, or correct its header.");
    }

    /// <summary>The first value that is NaN or infinite; null: every voxel is finite.</summary>
    internal float? FirstNotFinite()
    {
        if (TensorPrimitives.IsFiniteAll(Voxels)) return null;
        foreach (float value in Voxels) if (!float.IsFinite(value)) return value;
        return null;
    }

    /// <summary>Shape, spacing, orientation and memory on one line.</summary>
    public override string ToString() => $"MLVolume {(Channels > 1 ? Channels + " x " : "")}{Geometry}, {Geometry.OrientationCode}; {(_voxels.Length * 4L / 1e6).ToString("0.0", CultureInfo.InvariantCulture)} MB";
}
