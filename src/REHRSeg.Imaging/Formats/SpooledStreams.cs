namespace REHRSeg.Imaging;

/// <summary>Streams for formats that know only paths: through a temporary file, removed at once.</summary>
static class SpooledStreams
{
    internal static VolumeReader Read(IVolumeFormat format, Stream stream, VolumeReadLimits limits)
    {
        string path = TemporaryPath(format);
        try
        {
            using (var file = Create(path)) stream.CopyTo(file);
            return new MemoryVolumeReader(format.Read(path, limits));
        }
        finally
        {
            File.Delete(path);
        }
    }

    internal static async Task<VolumeReader> ReadAsync(IVolumeFormat format, Stream stream, VolumeReadLimits limits, CancellationToken cancel)
    {
        string path = TemporaryPath(format);
        try
        {
            using (var file = Create(path)) await stream.CopyToAsync(file, cancel).ConfigureAwait(false);
            return new MemoryVolumeReader(await Task.Run(() => format.Read(path, limits), cancel).ConfigureAwait(false));
        }
        finally
        {
            File.Delete(path);
        }
    }

    internal static async ValueTask Write(IVolumeFormat format, MLVolume volume, Stream stream, string name, VolumeDataType dataType, bool async, CancellationToken cancel)
    {
        string path = TemporaryPath(format);
        try
        {
            if (async) await Task.Run(() => format.Write(volume, path, dataType), cancel).ConfigureAwait(false);
            else format.Write(volume, path, dataType);
            using var file = File.OpenRead(path);
            if (async) await file.CopyToAsync(stream, cancel).ConfigureAwait(false);
            else file.CopyTo(stream);
        }
        catch (VolumeFormatException e)
        {
            throw new VolumeFormatException($"{name}: {e.Message}", e);
        }
        finally
        {
            File.Delete(path);
        }
    }

    static string TemporaryPath(IVolumeFormat format) => Path.Combine(Path.GetTempPath(), $"rehrseg-{Guid.NewGuid():N}{format.Endings[0]}");

    /// <summary>Readable by this user alone: the content may be a patient's.</summary>
    static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new(path, options);
    }
}
