namespace REHRSeg.Imaging;

/// <summary>
/// An open volume whose voxels are read a few slices at a time, for volumes that are not to be in memory as a whole
/// (<see cref="VolumeFile.OpenRead(string, VolumeReadLimits)"/>). Slices (planes of z) come in the order <c>C x D</c>: all of the first channel, then all of
/// the second. Not thread-safe.
/// </summary>
public abstract class VolumeReader : IDisposable, IAsyncDisposable
{
    /// <summary>Where the voxels lie.</summary>
    public abstract VolumeGeometry Geometry { get; }
    /// <summary>Channels C.</summary>
    public abstract int Channels { get; }
    /// <summary>How the file stores its voxels; float32 where a scaling is applied.</summary>
    public abstract VolumeDataType DataType { get; }
    /// <summary>Slices of all channels: <c>C x D</c>.</summary>
    public int SliceCount => Channels * Geometry.Depth;
    /// <summary>Slices that have been read so far.</summary>
    public int SlicesRead { get; protected set; }

    /// <summary>Reads as many of the next slices as fit (scaling applied).</summary>
    /// <param name="voxels">Takes whole slices of <c>H x W</c> values; at least one.</param>
    /// <returns>Slices read; 0 after the last one.</returns>
    /// <exception cref="ArgumentException">There is no room for one slice.</exception>
    /// <exception cref="VolumeFormatException">The file is truncated or damaged; with the last slice also where a checksum does not fit.</exception>
    public abstract int ReadSlices(Memory<float> voxels);

    /// <summary>Reads as many of the next slices as fit (scaling applied).</summary>
    /// <param name="voxels">Takes whole slices of <c>H x W</c> values; at least one.</param>
    /// <param name="cancellationToken">Stops between blocks; the reader cannot be used afterwards.</param>
    /// <returns>Slices read; 0 after the last one.</returns>
    /// <exception cref="ArgumentException">There is no room for one slice.</exception>
    /// <exception cref="VolumeFormatException">The file is truncated or damaged; with the last slice also where a checksum does not fit.</exception>
    public abstract ValueTask<int> ReadSlicesAsync(Memory<float> voxels, CancellationToken cancellationToken = default);

    /// <summary>How many of the next slices fit into <paramref name="voxels"/>.</summary>
    /// <exception cref="ArgumentException">There is no room for one slice.</exception>
    protected int CountFitting(Memory<float> voxels)
    {
        int plane = Geometry.Width * Geometry.Height;
        if (voxels.Length < plane) throw new ArgumentException($"{voxels.Length} values do not hold one slice of {Geometry.Width} x {Geometry.Height}.", nameof(voxels));
        return Math.Min(voxels.Length / plane, SliceCount - SlicesRead);
    }

    /// <summary>Closes the file; a stream that the caller opened stays open.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file; a stream that the caller opened stays open.</summary>
    public virtual ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Releases what the reader holds.</summary>
    protected virtual void Dispose(bool disposing) { }
}
