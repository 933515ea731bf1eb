namespace REHRSeg.Imaging;

/// <summary>What the built-in formats say of themselves; <see cref="VoxelFormat"/> makes the members of <see cref="IVolumeFormat"/> out of it.</summary>
interface IVoxelFormat : IVolumeFormat
{
    /// <summary>Reads the header and finds the voxels. On success the reader closes the input.</summary>
    ValueTask<VoxelReader> Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel);
    /// <summary>Writes the header, or keeps it for the end.</summary>
    VoxelWriter Create(VolumeOutput output, VoxelLayout layout);

    VolumeReader IVolumeFormat.OpenRead(string path, VolumeReadLimits limits) => VoxelFormat.Open(this, path, limits, false, default).Finished();
    async ValueTask<VolumeReader> IVolumeFormat.OpenReadAsync(string path, VolumeReadLimits limits, CancellationToken cancellationToken) => await VoxelFormat.Open(this, path, limits, true, cancellationToken).ConfigureAwait(false);
    VolumeReader IVolumeFormat.OpenRead(Stream stream, string name, VolumeReadLimits limits) => VoxelFormat.Open(this, VolumeInput.Of(stream, name), limits, false, default).Finished();
    async ValueTask<VolumeReader> IVolumeFormat.OpenReadAsync(Stream stream, string name, VolumeReadLimits limits, CancellationToken cancellationToken) => await VoxelFormat.Open(this, VolumeInput.Of(stream, name), limits, true, cancellationToken).ConfigureAwait(false);
    VolumeWriter IVolumeFormat.OpenWrite(string path, VolumeGeometry geometry, int channels, VolumeDataType dataType) => VoxelFormat.Create(this, VolumeOutput.ToFile(path), geometry, channels, dataType);
    VolumeWriter IVolumeFormat.OpenWrite(Stream stream, string name, VolumeGeometry geometry, int channels, VolumeDataType dataType) => VoxelFormat.Create(this, VolumeOutput.ToStream(stream, name), geometry, channels, dataType);
}

/// <summary>Opening, reading and writing, once for all built-in formats.</summary>
static class VoxelFormat
{
    internal static ValueTask<VoxelReader> Open(IVoxelFormat format, string path, VolumeReadLimits limits, bool async, CancellationToken cancel) => Open(format, VolumeInput.Open(path, async), limits, async, cancel);

    internal static async ValueTask<VoxelReader> Open(IVoxelFormat format, VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel)
    {
        try
        {
            var reader = await format.Open(input, limits, async, cancel).ConfigureAwait(false);
            if ((long)reader.Channels * reader.Geometry.Depth > int.MaxValue) throw FormatProblem.Invalid(input.Name, "channels and slices", $"{reader.Channels} x {reader.Geometry.Depth}", $"there are at most {int.MaxValue} slices of all channels; split the file");
            if (input.Path is { } path) reader.Reopen = (again, token) => Open(format, path, limits, again, token);
            else if (input.CanRewind) reader.Reopen = (again, token) =>
            {
                input.Rewind();
                return format.Open(input, limits, again, token);
            };
            return reader;
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    internal static async ValueTask<MLVolume> Read(VoxelReader opened, bool async, CancellationToken cancel)
    {
        using var reader = opened;
        return await reader.ReadVolume(async, cancel).ConfigureAwait(false);
    }

    internal static MLVolume Read(IVoxelFormat format, string path, VolumeReadLimits limits) => Read(Open(format, path, limits, false, default).Finished(), false, default).Finished();

    internal static VolumeGeometry ReadGeometry(IVoxelFormat format, string path, VolumeReadLimits limits)
    {
        using var reader = Open(format, path, limits, false, default).Finished();
        return reader.Geometry;
    }

    internal static VoxelWriter Create(IVoxelFormat format, VolumeOutput output, VolumeGeometry geometry, int channels, VolumeDataType dataType)
    {
        AffineGeometry.RequireStorable(geometry, output.Name);
        try
        {
            return format.Create(output, new(geometry, channels, false, new(dataType)));
        }
        catch (Exception e)
        {
            output.Dispose();
            if (AtomicFile.IsOfDisk(e) && e.InnerException is null) throw AtomicFile.CannotWrite(output.Name, e);
            throw;
        }
    }

    internal static void Write(IVoxelFormat format, MLVolume volume, string path, VolumeDataType dataType)
    {
        using var writer = Create(format, VolumeOutput.ToFile(path), volume.Geometry, volume.Channels, dataType);
        writer.WriteSlices(volume.Memory);
        writer.Complete();
    }
}
