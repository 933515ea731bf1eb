namespace REHRSeg.Imaging;

/// <summary>A file or a caller's stream that is being read: its name for messages, its length where that is known, its bytes.</summary>
sealed class VolumeInput : IDisposable
{
    readonly Stream _stream;
    readonly long? _start;

    VolumeInput(Stream stream, string name, string? path)
    {
        (_stream, Name, Path) = (stream, name, path);
        if (stream.CanSeek) (_start, Length) = (stream.Position, stream.Length - stream.Position);
        Content = new(stream);
        if (Length == 0) throw Empty(name);
    }

    /// <summary>For messages.</summary>
    internal string Name { get; }
    /// <summary>Null for a stream, which has no files beside it.</summary>
    internal string? Path { get; }
    /// <summary>Bytes from the start to the end; null if the stream cannot tell.</summary>
    internal long? Length { get; }
    /// <summary>The bytes from the start on.</summary>
    internal PeekableStream Content { get; private set; }

    /// <summary>Opens a file.</summary>
    internal static VolumeInput Open(string path, bool async)
    {
        if (new FileInfo(path).Length == 0) throw Empty(path); // before it is opened: opening a named pipe would wait for a writer
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan | (async ? FileOptions.Asynchronous : FileOptions.None));
        try
        {
            return new(file, path, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a stream from where it stands; it stays open.</summary>
    internal static VolumeInput Of(Stream stream, string name) => new(stream, name, null);

    /// <summary>True if <see cref="Rewind"/> is possible.</summary>
    internal bool CanRewind => _start is not null;

    /// <summary>Goes back to the start.</summary>
    internal void Rewind()
    {
        _stream.Position = _start!.Value;
        Content = new(_stream);
    }

    /// <summary>Moves to a place after the start, where the stream is seekable.</summary>
    internal void Seek(long offset)
    {
        _stream.Position = _start!.Value + offset;
        Content = new(_stream);
    }

    static VolumeFormatException Empty(string name) => FormatProblem.Invalid(name, "file length", "0 bytes", "the file is empty or no ordinary file; copy or export it again");

    /// <summary>Closes a file; leaves a caller's stream open.</summary>
    public void Dispose()
    {
        if (Path is not null) _stream.Dispose();
    }
}
