namespace REHRSeg.Imaging;

/// <summary>Where a volume is written: one or two files, which get their names when all are whole, or a caller's stream.</summary>
sealed class VolumeOutput : IDisposable
{
    readonly Stream? _stream;
    readonly List<AtomicFile> _files = [];

    VolumeOutput(Stream? stream, string name) => (_stream, Name) = (stream, name);

    /// <summary>Path or name, for messages and for the ending.</summary>
    internal string Name { get; }
    /// <summary>True for a caller's stream, which has no files beside it.</summary>
    internal bool IsStream => _stream is not null;

    internal static VolumeOutput ToFile(string path) => new(null, path);

    internal static VolumeOutput ToStream(Stream stream, string name) => new(stream, name);

    /// <summary>A new file that will have this path, or the caller's stream.</summary>
    internal Stream Create(string path)
    {
        if (_stream is not null) return _stream;
        var file = new AtomicFile(path);
        _files.Add(file);
        return file.Create();
    }

    /// <summary>
    /// Flushes and renames, in the order of creation. Of two files the first has its name before the second: a process that is killed in
    /// between leaves new voxels beside the old header, which is why formats in one file are to be preferred.
    /// </summary>
    internal void Commit()
    {
        if (_stream is not null) _stream.Flush();
        foreach (var file in _files) file.Commit();
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }
}
