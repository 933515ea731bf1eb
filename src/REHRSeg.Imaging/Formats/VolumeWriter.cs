namespace REHRSeg.Imaging;

/// <summary>
/// A volume that is written a few slices at a time (<see cref="VolumeFile.OpenWrite(string, VolumeGeometry, int, VolumeDataType?)"/>). Slices (planes of z) are
/// given in the order <c>C x D</c>: all of the first channel, then all of the second. A file appears, or replaces an older one, only with
/// <see cref="Complete"/>; a writer that is disposed before leaves the target as it was. Not thread-safe.
/// </summary>
public abstract class VolumeWriter : IDisposable, IAsyncDisposable
{
    /// <summary>Where the voxels lie.</summary>
    public abstract VolumeGeometry Geometry { get; }
    /// <summary>Channels C.</summary>
    public abstract int Channels { get; }
    /// <summary>Slices of all channels: <c>C x D</c>.</summary>
    public int SliceCount => Channels * Geometry.Depth;
    /// <summary>Slices that have been written so far.</summary>
    public int SlicesWritten { get; protected set; }

    /// <summary>Writes the next slices.</summary>
    /// <param name="voxels">One or more whole slices of <c>H x W</c> values.</param>
    /// <exception cref="ArgumentException">Not whole slices, or more than are missing.</exception>
    /// <exception cref="VolumeFormatException">A value does not fit the data type.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public abstract void WriteSlices(ReadOnlyMemory<float> voxels);

    /// <summary>Writes the next slices.</summary>
    /// <param name="voxels">One or more whole slices of <c>H x W</c> values.</param>
    /// <param name="cancellationToken">Stops between blocks; the writer can only be disposed afterwards.</param>
    /// <exception cref="ArgumentException">Not whole slices, or more than are missing.</exception>
    /// <exception cref="VolumeFormatException">A value does not fit the data type.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public abstract ValueTask WriteSlicesAsync(ReadOnlyMemory<float> voxels, CancellationToken cancellationToken = default);

    /// <summary>Ends the file, flushes it to disk and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">Slices are missing.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public abstract void Complete();

    /// <summary>Ends the file, flushes it to disk and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">Slices are missing.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public abstract ValueTask CompleteAsync(CancellationToken cancellationToken = default);

    /// <summary>Slices in <paramref name="voxels"/>, checked against what is missing.</summary>
    /// <exception cref="ArgumentException">Not whole slices, or more than are missing.</exception>
    protected int CountSlices(ReadOnlyMemory<float> voxels)
    {
        int plane = Geometry.Width * Geometry.Height, count = voxels.Length / plane;
        if (voxels.Length % plane != 0) throw new ArgumentException($"{voxels.Length} values are not whole slices of {Geometry.Width} x {Geometry.Height}.", nameof(voxels));
        if (count > SliceCount - SlicesWritten) throw new ArgumentException($"{count} slices were given, but only {SliceCount - SlicesWritten} of {SliceCount} are missing.", nameof(voxels));
        return count;
    }

    /// <summary>Throws if slices are missing.</summary>
    /// <exception cref="InvalidOperationException">Slices are missing.</exception>
    protected void RequireAllSlices()
    {
        if (SlicesWritten < SliceCount) throw new InvalidOperationException($"{SlicesWritten} of {SliceCount} slices were written; write the others before Complete.");
    }

    /// <summary>Closes the file. Without <see cref="Complete"/> before, the target is left as it was.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file. Without <see cref="Complete"/> before, the target is left as it was.</summary>
    public virtual ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Releases what the writer holds.</summary>
    protected virtual void Dispose(bool disposing) { }
}
