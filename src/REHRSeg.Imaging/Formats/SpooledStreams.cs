namespace REHRSeg.Imaging;

/// <summary>Streams for formats that know only paths: through a temporary file, removed at once.</summary>
static class SpooledStreams
{
    internal static VolumeReader Read(IVolumeFormat format, Stream stream, VolumeReadLimits limits)
    {
        string folder = TemporaryFolder(format, out string path);
        try
        {
            using (var file = File.Create(path)) stream.CopyTo(file);
            return new MemoryVolumeReader(format.Read(path, limits));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static async Task<VolumeReader> ReadAsync(IVolumeFormat format, Stream stream, VolumeReadLimits limits, CancellationToken cancel)
    {
        string folder = TemporaryFolder(format, out string path);
        try
        {
            using (var file = File.Create(path)) await stream.CopyToAsync(file, cancel).ConfigureAwait(false);
            return new MemoryVolumeReader(await Task.Run(() => format.Read(path, limits), cancel).ConfigureAwait(false));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static async ValueTask Write(IVolumeFormat format, MLVolume volume, Stream stream, string name, VolumeDataType dataType, bool async, CancellationToken cancel)
    {
        string folder = TemporaryFolder(format, out string path);
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
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A folder that this user alone can enter: the content may be a patient's.</summary>
    static string TemporaryFolder(IVolumeFormat format, out string path)
    {
        string folder = Directory.CreateTempSubdirectory("rehrseg-").FullName;
        path = Path.Combine(folder, "volume" + format.Endings[0]);
        return folder;
    }
}
