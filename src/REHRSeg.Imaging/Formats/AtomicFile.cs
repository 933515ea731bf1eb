namespace REHRSeg.Imaging;

/// <summary>Writes a file so that a reader sees the old content or the new, never a part: temporary name beside it, flush to disk, rename.</summary>
static class AtomicFile
{
    /// <summary>Lets <paramref name="write"/> fill a temporary file <c>.NAME.XXXX.tmpENDING</c> in the target's folder (created if absent), then renames it.</summary>
    /// <exception cref="IOException">The folder cannot be created or written; the message names path, cause and remedy. The temporary file is removed.</exception>
    internal static void Write(string path, string ending, Action<string> write) => Write(path, ending, write, null);

    /// <summary>Replaces a file by what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="backup">Where the content that was there before is kept; null: it is lost.</param>
    /// <exception cref="IOException">The folder cannot be created or written.</exception>
    internal static void Write(string path, Action<Stream> write, string? backup = null) => Write(path, "", temporary =>
    {
        using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        write(file);
    }, backup);

    /// <summary>Replaces a text file (UTF-8, no byte order mark) as a whole.</summary>
    /// <exception cref="IOException">The folder cannot be created or written.</exception>
    internal static void WriteText(string path, string text) => Write(path, "", temporary => File.WriteAllText(temporary, text));

    static void Write(string path, string ending, Action<string> write, string? backup)
    {
        string target = Path.GetFullPath(path), folder = Path.GetDirectoryName(target) ?? throw new IOException($"{path} is a root folder; name a file.");
        string temporary = Path.Combine(folder, $".{Path.GetFileName(target)}.{Guid.NewGuid().ToString("N")[..8]}.tmp{ending}");
        try
        {
            if (Directory.Exists(target)) throw new IOException("it is a folder");
            Directory.CreateDirectory(folder);
            write(temporary);
            using (var handle = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite)) RandomAccess.FlushToDisk(handle);
            if (backup is not null && File.Exists(target)) File.Move(target, backup, overwrite: true);
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e)
        {
            Remove(temporary);
            if (e is VolumeFormatException or not (IOException or UnauthorizedAccessException)) throw;
            throw new IOException($"{path} cannot be written: {e.Message.TrimEnd('.')}. Choose another output folder, or correct its permissions and free space.", e);
        }
    }

    static void Remove(string temporary)
    {
        try { File.Delete(temporary); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { } // the first failure is the one to report
    }
}
