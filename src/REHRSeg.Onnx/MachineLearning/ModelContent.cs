using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// A model's bytes as a transformer keeps them to save them again: small ones in memory; large ones in a temporary file without a name, so that beside ONNX Runtime's own copy of the weights there is none in memory.
/// </summary>
internal sealed class ModelContent : IDisposable
{
    /// <summary>Largest model that is kept in memory.</summary>
    internal const int MostInMemory = 16 << 20;

    readonly byte[]? _bytes;
    readonly FileStream? _file;
    readonly string? _folder;
    bool _disposed;

    ModelContent(byte[]? bytes, FileStream? file, string? folder, string name) => (_bytes, _file, _folder, Name) = (bytes, file, folder, name);

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>Copies a model and loads it.</summary>
    /// <param name="stream">From its position to its end.</param>
    /// <param name="name">For messages.</param>
    /// <param name="load">Loads the copy; it is not used afterwards.</param>
    /// <param name="mostInMemory">Bytes from which on a file is used.</param>
    public static ModelContent Take(Stream stream, string name, Action<ModelSource> load, int mostInMemory = MostInMemory)
    {
        using var start = new MemoryStream();
        var buffer = new byte[1 << 20];
        for (int read; start.Length <= mostInMemory && (read = stream.Read(buffer)) > 0;) start.Write(buffer, 0, read);
        if (start.Length <= mostInMemory)
        {
            byte[] bytes = start.ToArray();
            load(ModelSource.Memory(bytes, name));
            return new(bytes, null, null, name);
        }
        string folder = Directory.CreateTempSubdirectory("rehrseg-").FullName, path = Path.Combine(folder, "model.onnx");
        try
        {
            using (var copy = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
            {
                start.WriteTo(copy);
                start.SetLength(0);
                start.Capacity = 0;
                stream.CopyTo(copy, buffer.Length);
            }
            load(ModelSource.File(path, name));
            // Open, it needs no name; without one, nothing is left behind whatever becomes of the process.
            return new(null, new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete), folder, name);
        }
        finally
        {
            Remove(folder);
        }
    }

    /// <summary>Where a system does not let an open file go, it stays in the temporary folder until <see cref="Dispose"/>: no reason to fail.</summary>
    static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Writes the model.</summary>
    /// <exception cref="ObjectDisposedException">Disposed.</exception>
    public void WriteTo(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_bytes is not null)
        {
            stream.Write(_bytes);
            return;
        }
        var buffer = new byte[1 << 20];
        long at = 0;
        for (int read; (read = RandomAccess.Read(_file!.SafeFileHandle, buffer, at)) > 0; at += read) stream.Write(buffer, 0, read);
    }

    /// <summary>Forgets a model that lies in a file.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _file?.Dispose();
        if (_folder is not null && Directory.Exists(_folder)) Remove(_folder);
    }
}
