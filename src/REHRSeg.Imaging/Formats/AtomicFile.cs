namespace REHRSeg.Imaging;

/// <summary>
/// A file written so that a reader sees the old content or the new, never a part: temporary name <c>.NAME.XXXX.tmpENDING</c> beside the target
/// (whose folder is created if absent), flush to disk, rename. Disposed before <see cref="Commit"/> it leaves the target as it was.
/// </summary>
sealed class AtomicFile : IDisposable
{
    readonly string _path, _target;
    FileStream? _stream;
    bool _committed;

    /// <summary>Chooses the temporary name.</summary>
    /// <exception cref="IOException">The folder cannot be created, or the target is a folder.</exception>
    internal AtomicFile(string path, string ending = "")
    {
        (_path, _target) = (path, Path.GetFullPath(path));
        string folder = Path.GetDirectoryName(_target) ?? throw new IOException($"{path} is a root folder; name a file.");
        TemporaryPath = Path.Combine(folder, $".{Path.GetFileName(_target)}.{Guid.NewGuid().ToString("N")[..8]}.tmp{ending}");
        try
        {
            if (Directory.Exists(_target)) throw new IOException("it is a folder");
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(path, e);
        }
    }

    internal string TemporaryPath { get; }

    /// <summary>Creates the temporary file.</summary>
    internal FileStream Create()
    {
        try
        {
            return _stream = new FileStream(TemporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(_path, e);
        }
    }

    /// <summary>Flushes to disk, closes, renames.</summary>
    /// <param name="backup">Where the content that was there before is kept; null: it is lost.</param>
    internal void Commit(string? backup = null)
    {
        if (_stream is not null)
        {
            _stream.Flush(flushToDisk: true);
            _stream.Dispose();
        }
        else
        {
            using var handle = File.OpenHandle(TemporaryPath, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
        if (backup is not null && File.Exists(_target)) File.Move(_target, backup, overwrite: true);
        File.Move(TemporaryPath, _target, overwrite: true);
        _committed = true;
    }

    /// <summary>Closes, and removes the temporary file if it was not renamed.</summary>
    public void Dispose()
    {
        if (_committed) return;
        try
        {
            _stream?.Dispose();
        }
        catch (Exception e) when (IsOfDisk(e)) { } // the first failure is the one to report
        try
        {
            File.Delete(TemporaryPath);
        }
        catch (Exception e) when (IsOfDisk(e)) { }
    }

    /// <summary>Lets <paramref name="write"/> fill a temporary file, then renames it.</summary>
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

    /// <summary>True for what a disk may answer, which is told with a remedy; false for errors of the content. A file larger than the file system or a quota allows (EFBIG) comes as an argument's fault.</summary>
    internal static bool IsOfDisk(Exception e) => e is not VolumeFormatException and (IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" });

    /// <summary>The failure with path, cause and remedy.</summary>
    internal static IOException CannotWrite(string path, Exception cause) =>
        new($"{path} cannot be written: {cause.Message.TrimEnd('.')}. Choose another output folder, or correct its permissions and free space.", cause);

    static void Write(string path, string ending, Action<string> write, string? backup)
    {
        using var file = new AtomicFile(path, ending);
        try
        {
            write(file.TemporaryPath);
            file.Commit(backup);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw CannotWrite(path, e);
        }
    }
}
