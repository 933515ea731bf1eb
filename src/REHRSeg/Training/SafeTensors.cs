using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes. Nothing in a file is executed, and every size is
/// checked against the file's length before memory is taken.
/// </summary>
internal static class SafeTensors
{
    const string MetadataKey = "__metadata__";
    const int MaximumHeader = 100_000_000;

    static readonly (string Name, torch.ScalarType Type, int Size)[] s_types =
    [
        ("F32", torch.ScalarType.Float32, 4), ("F64", torch.ScalarType.Float64, 8), ("F16", torch.ScalarType.Float16, 2), ("BF16", torch.ScalarType.BFloat16, 2),
        ("I64", torch.ScalarType.Int64, 8), ("I32", torch.ScalarType.Int32, 4), ("I16", torch.ScalarType.Int16, 2), ("I8", torch.ScalarType.Int8, 1),
        ("U8", torch.ScalarType.Byte, 1), ("BOOL", torch.ScalarType.Bool, 1),
    ];

    /// <summary>Writes a file under a temporary name, flushes it to the disk, then renames it.</summary>
    /// <param name="path">File to make or replace.</param>
    /// <param name="tensors">Tensors of any device and layout.</param>
    /// <param name="metadata">Free text.</param>
    /// <param name="backup">Where the file that is replaced is kept; null: it is dropped.</param>
    public static void Write(string path, IReadOnlyDictionary<string, torch.Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null, string? backup = null)
    {
        AtomicFile.Write(path, file => Write(file, tensors, metadata), backup);
    }

    /// <summary>Writes to a stream.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, torch.Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        var header = Header(tensors, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        using var noGrad = torch.no_grad();
        foreach (var tensor in tensors.Values.Where(t => t.numel() > 0))
        {
            using var scope = torch.NewDisposeScope();
            stream.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }

    /// <summary>Reads a file to the CPU.</summary>
    /// <exception cref="ModelFormatException">Names the file, the field and the remedy.</exception>
    public static SafeTensorsContent Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        return Read(file, path);
    }

    /// <summary>Reads a stream from its position to its end, to the CPU.</summary>
    /// <param name="stream">A stream that cannot seek is first copied to memory.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ModelFormatException">Names the stream, the field and the remedy.</exception>
    public static SafeTensorsContent Read(Stream stream, string name)
    {
        var reader = Open(stream, name);
        var tensors = new Dictionary<string, torch.Tensor>(reader.Shapes.Count);
        try
        {
            foreach (var (key, tensor) in reader.ReadTensors()) tensors.Add(key, tensor);
        }
        catch
        {
            foreach (var tensor in tensors.Values) tensor.Dispose();
            throw;
        }
        return new(tensors, reader.Metadata);
    }

    /// <summary>Reads the header of a stream, which is checked against the stream's length; the tensors follow one by one.</summary>
    /// <param name="stream">As in <see cref="Read(Stream, string)"/>. Not closed.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ModelFormatException">Names the stream, the field and the remedy.</exception>
    public static SafeTensorsReader Open(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
        {
            var copy = new MemoryStream();
            stream.CopyTo(copy);
            copy.Position = 0;
            return Open(copy, name);
        }
        long available = stream.Length - stream.Position;
        if (available < 8) throw Damaged(name, $"it has {available} bytes");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        long length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length < 2 || length > Math.Min(MaximumHeader, available - 8)) throw Damaged(name, $"the header length is {length}, and {available - 8} bytes follow");
        var header = new byte[length];
        stream.ReadExactly(header);
        var (entries, metadata) = Parse(header, available - 8 - length, name);
        return new(stream, [.. entries.Select(e => (e.Name, e.Type, e.Shape))], metadata);
    }

    static byte[] Header(IReadOnlyDictionary<string, torch.Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, tensor) in tensors)
            {
                var type = Array.Find(s_types, t => t.Type == tensor.dtype);
                if (type.Name is null) throw new ArgumentException($"Tensor {name} is {tensor.dtype}, which safetensors does not hold.", nameof(tensors));
                json.WriteStartObject(name);
                json.WriteString("dtype", type.Name);
                json.WriteStartArray("shape");
                foreach (long size in tensor.shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.numel() * type.Size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    sealed record Entry(string Name, torch.ScalarType Type, long[] Shape, long Begin, long End);

    static (List<Entry> Entries, Dictionary<string, string> Metadata) Parse(byte[] header, long dataLength, string file)
    {
        var entries = new List<Entry>();
        var metadata = new Dictionary<string, string>();
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var field in document.RootElement.EnumerateObject())
            {
                if (field.Name == MetadataKey)
                    foreach (var pair in field.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? "";
                else
                    entries.Add(ParseEntry(field, file));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or DecoderFallbackException)
        {
            throw Damaged(file, $"its header is not that of safetensors ({e.Message})", e);
        }
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        long position = 0;
        foreach (var entry in entries)
        {
            if (entry.Begin != position) throw Damaged(file, $"tensor {entry.Name} begins at {entry.Begin} where {position} was expected");
            position = entry.End;
        }
        if (position != dataLength) throw Damaged(file, $"the header describes {position} bytes of tensors and {dataLength} are there");
        if (entries.DistinctBy(e => e.Name).Count() != entries.Count) throw Damaged(file, "a tensor name occurs twice");
        return (entries, metadata);
    }

    static Entry ParseEntry(JsonProperty field, string file)
    {
        string dtype = field.Value.GetProperty("dtype").GetString() ?? "";
        var type = Array.Find(s_types, t => t.Name == dtype);
        if (type.Name is null) throw Damaged(file, $"tensor {field.Name} has the unknown dtype \"{dtype}\"");
        long[] shape = [.. field.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64())];
        long[] offsets = [.. field.Value.GetProperty("data_offsets").EnumerateArray().Select(e => e.GetInt64())];
        if (offsets.Length != 2 || offsets[0] < 0 || Array.Exists(shape, s => s < 0)) throw Damaged(file, $"tensor {field.Name} has an impossible shape or place");
        long bytes = shape.Aggregate((long)type.Size, (product, size) => checked(product * size));
        if (offsets[1] - offsets[0] != bytes) throw Damaged(file, $"tensor {field.Name} of shape [{string.Join(", ", shape)}] {dtype} takes {bytes} bytes and has {offsets[1] - offsets[0]}");
        return new(field.Name, type.Type, shape, offsets[0], offsets[1]);
    }

    static ModelFormatException Damaged(string file, string what, Exception? inner = null) =>
        new($"{file} is damaged or not a safetensors file: {what}. Restore it from a copy, or make it again.", inner);
}

/// <summary>What a safetensors file held; disposing frees the tensors.</summary>
/// <param name="Tensors">On the CPU, outside any dispose scope.</param>
/// <param name="Metadata">Free text.</param>
internal sealed record SafeTensorsContent(IReadOnlyDictionary<string, torch.Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Tensors.Values) tensor.Dispose();
    }
}

/// <summary>A safetensors stream behind its header.</summary>
internal sealed class SafeTensorsReader(Stream stream, IReadOnlyList<(string Name, torch.ScalarType Type, long[] Shape)> entries, IReadOnlyDictionary<string, string> metadata)
{
    /// <summary>Free text.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata;

    /// <summary>Shapes by name.</summary>
    public IReadOnlyDictionary<string, long[]> Shapes { get; } = entries.ToDictionary(e => e.Name, e => e.Shape);

    /// <summary>The tensors, in the stream's order, on the CPU and outside any dispose scope: the caller's. Once.</summary>
    public IEnumerable<(string Name, torch.Tensor Tensor)> ReadTensors()
    {
        foreach (var (name, type, shape) in entries)
        {
            var tensor = torch.empty(shape, type).DetachFromDisposeScope();
            try
            {
                if (tensor.numel() > 0) stream.ReadExactly(tensor.bytes);
            }
            catch
            {
                tensor.Dispose();
                throw;
            }
            yield return (name, tensor);
        }
    }
}
