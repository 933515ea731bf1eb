using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// Where a model's bytes are: in memory, or in a file that is held only while it is checked. ONNX Runtime makes a second copy of what it loads from memory and none of what it reads from a file,
/// so that large models are loaded from files.
/// </summary>
internal sealed class ModelSource
{
    readonly ReadOnlyMemory<byte> _bytes;
    readonly string? _path;

    ModelSource(string name, string? path, ReadOnlyMemory<byte> bytes) => (Name, _path, _bytes) = (name, path, bytes);

    /// <summary>A file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">What messages call it; null: its path.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static ModelSource File(string path, string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!System.IO.File.Exists(path)) throw new FileNotFoundException($"The model file {path} does not exist.", path);
        return new(name ?? path, path, default);
    }

    /// <summary>Bytes.</summary>
    public static ModelSource Memory(ReadOnlyMemory<byte> bytes, string name) => new(name, null, bytes);

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>Checks the model.</summary>
    /// <exception cref="ModelFormatException">As <see cref="OnnxFile.Inspect"/>, or beyond 2 GB.</exception>
    public OnnxModel Inspect() => _path is null ? OnnxFile.Inspect(_bytes.Span, Name) : InspectFile(_path);

    /// <summary>Loads the model.</summary>
    public InferenceSession Load(SessionOptions settings)
    {
        if (_path is not null) return new(_path, settings);
        return new(MemoryMarshal.TryGetArray(_bytes, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : _bytes.ToArray(), settings);
    }

    /// <summary>In memory that is given back at once: a managed array would stay until the next collection, a mapped file fails the process when another one shortens it.</summary>
    unsafe OnnxModel InspectFile(string path)
    {
        using var file = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        long length = RandomAccess.GetLength(file);
        if (length > Array.MaxLength) throw new ModelFormatException($"{Name} has {length} bytes; an ONNX file holds at most 2 GB.");
        byte* memory = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, length));
        try
        {
            int read = 0;
            for (int now; read < length && (now = RandomAccess.Read(file, new Span<byte>(memory + read, (int)Math.Min(length - read, 1 << 24)), read)) > 0; read += now) { }
            return OnnxFile.Inspect(new(memory, read), Name);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }
}
