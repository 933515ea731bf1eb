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
    internal async ValueTask Commit(bool async, CancellationToken cancel)
    {
        if (_stream is null)
        {
            // Flushing to disk has no asynchronous form.
            if (async) await Task.Run(() => _files.ForEach(file => file.Commit()), CancellationToken.None).ConfigureAwait(false);
            else _files.ForEach(file => file.Commit());
        }
        else if (async) await _stream.FlushAsync(cancel).ConfigureAwait(false);
        else _stream.Flush();
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }
}
