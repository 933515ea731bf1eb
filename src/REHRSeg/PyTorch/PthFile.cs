using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>
/// A file of <c>torch.save</c>, in its zip form or the stream form before PyTorch 1.6. Opening reads the object; the numbers of tensors are read when they are asked for.
/// </summary>
internal sealed class PthFile : IDisposable
{
    /// <summary>Elements of all tensors read at once, as a multiple of those that the file holds for them (tensors may share a storage).</summary>
    const int MaximumSharing = 16;

    readonly IPthArchive _archive;
    readonly string _file;

    PthFile(IPthArchive archive, string file) => (_archive, _file) = (archive, file);

    /// <summary>The saved object; <see cref="PickleReader"/> says which types occur. It may be shared and even cyclic.</summary>
    public object? Root => _archive.Root;

    /// <summary>Opens a file.</summary>
    /// <param name="stream">Can seek; owned from here on.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="content">What it may hold beside tensors and plain values.</param>
    /// <exception cref="ModelFormatException">Not such a file, damaged, or with more than plain values and tensors.</exception>
    public static PthFile Open(Stream stream, string file, PthContent content = PthContent.Weights)
    {
        try
        {
            return new(Guard(file, () =>
            {
                Span<byte> head = stackalloc byte[2];
                int read = stream.ReadAtLeast(head, 2, throwOnEndOfStream: false);
                stream.Position = 0;
                return read == 2 && head.SequenceEqual("PK"u8) ? (IPthArchive)new ZipPthArchive(stream, file, content)
                    : read == 2 && head[0] == 0x80 ? new LegacyPthArchive(stream, file, content)
                    : throw PickleRefusal.Damaged(file, "it begins like neither form of torch.save");
            }), file);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The state dict: the first of some entries of the root that is a dict with tensors, else the root itself.</summary>
    /// <param name="keys">Where to look in the root.</param>
    /// <exception cref="ModelFormatException">There is none; says what is there.</exception>
    public IReadOnlyDictionary<string, PthTensor> StateDict(params ReadOnlySpan<string> keys)
    {
        if (Root is not Dictionary<string, object?> root) throw PickleRefusal.Damaged(_file, "it holds no dict of tensors");
        foreach (string key in keys)
            if (root.GetValueOrDefault(key) is Dictionary<string, object?> inner && Tensors(inner) is { Count: > 0 } tensors) return tensors;
        return Tensors(root) is { Count: > 0 } own ? own
            : throw PickleRefusal.Damaged(_file, $"it holds no state dict under {string.Join(", ", [.. keys])}, only {(root.Count == 0 ? "an empty dict" : string.Join(", ", root.Keys.Take(8)))}");

        static Dictionary<string, PthTensor> Tensors(Dictionary<string, object?> dictionary) =>
            dictionary.Where(e => e.Value is PthTensor).ToDictionary(e => e.Key, e => (PthTensor)e.Value!);
    }

    /// <summary>The numbers of tensors as float32; a storage that several share is read once.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, or they would take far more memory than the file.</exception>
    public Dictionary<string, WeightArray> Read(IReadOnlyDictionary<string, PthTensor> tensors)
    {
        Int128 wanted = 0, held = 0;
        foreach (var tensor in tensors.Values) wanted += tensor.Count;
        foreach (var storage in tensors.Values.Select(t => t.Storage).Distinct()) held += storage.Count;
        if (wanted > held * MaximumSharing) throw PickleRefusal.Refused(_file, $"its tensors have {wanted} elements and share storages of {held}");
        var weights = new Dictionary<string, WeightArray>(tensors.Count);
        foreach (var group in tensors.GroupBy(t => t.Value.Storage))
        {
            var used = group.Where(t => t.Value.Count > 0).ToArray();
            long first = used.Length == 0 ? 0 : used.Min(t => t.Value.Offset), count = used.Length == 0 ? 0 : used.Max(t => t.Value.Offset + t.Value.Span) - first;
            if (count * group.Key.Type.Size > Array.MaxLength) throw PickleRefusal.Refused(_file, $"storage \"{group.Key.Key}\" has more than 2 GB in one piece");
            float[] values = count == 0 ? [] : group.Key.Type.ToSingle(Guard(_file, () => _archive.Read(group.Key, first, (int)count)));
            foreach (var (name, tensor) in group)
                weights.Add(name, new([.. tensor.Shape.Select(s => (int)s)], tensor.Gather(values, first)));
        }
        return weights;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _archive.Dispose();

    // What ZipArchive and the streams throw for damaged bytes.
    static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw PickleRefusal.Damaged(file, e.Message.TrimEnd('.'), e);
        }
    }
}
