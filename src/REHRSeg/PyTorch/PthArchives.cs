using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace REHRSeg;

/// <summary>One of the two forms of a <c>.pth</c> file: an object, and storages that are read on demand.</summary>
internal interface IPthArchive : IDisposable
{
    /// <summary>The saved object.</summary>
    object? Root { get; }

    /// <summary>Bytes of some elements of a storage.</summary>
    byte[] Read(PthStorage storage, long first, int count);
}

/// <summary>
/// PyTorch before 1.6 (METHOD.md 1.5): the pickles of a magic number, of the version, of the machine's number formats, of the object and of the storages' keys; then for each
/// key the number of elements (int64) and the elements.
/// </summary>
internal sealed class LegacyPthArchive : IPthArchive
{
    static readonly BigInteger s_magic = BigInteger.Parse("01950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber);

    readonly Stream _stream;
    readonly Dictionary<PthStorage, long> _positions = [];

    /// <param name="stream">Owned from here on.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="content">What the file may hold beside tensors.</param>
    public LegacyPthArchive(Stream stream, string file, PthContent content)
    {
        _stream = stream;
        var pickle = new PickleReader(stream, file, content);
        if (pickle.Read() is not BigInteger magic || magic != s_magic) throw PickleRefusal.Damaged(file, "it is a pickle, but not one of torch.save");
        if (pickle.Read() is not 1001L) throw PickleRefusal.Damaged(file, "its version is not 1001");
        if (pickle.Read() is not Dictionary<string, object?> machine || machine.GetValueOrDefault("little_endian") is not true) throw PickleRefusal.Refused(file, "its numbers are not little-endian");
        Root = pickle.Read();
        if (pickle.Read() is not List<object?> keys) throw PickleRefusal.Damaged(file, "it has no list of storages");

        long position = stream.Position;
        Span<byte> count = stackalloc byte[8];
        foreach (object? key in keys)
        {
            if (key is not string name || !pickle.Storages.TryGetValue(name, out var storage)) throw PickleRefusal.Damaged(file, "its list of storages has one that no tensor uses");
            if (stream.Length - position < 8) throw PickleRefusal.Damaged(file, $"it ends before storage \"{name}\"");
            stream.Position = position;
            stream.ReadExactly(count);
            long elements = BinaryPrimitives.ReadInt64LittleEndian(count);
            if (elements != storage.Count) throw PickleRefusal.Damaged(file, $"storage \"{name}\" has {elements} elements where its tensors say {storage.Count}");
            if (stream.Length - position - 8 < storage.Bytes) throw PickleRefusal.Damaged(file, $"it ends within storage \"{name}\"");
            if (!_positions.TryAdd(storage, position + 8)) throw PickleRefusal.Damaged(file, $"storage \"{name}\" occurs twice");
            position += 8 + storage.Bytes;
        }
        if (pickle.Storages.Values.FirstOrDefault(s => !_positions.ContainsKey(s)) is { } missing) throw PickleRefusal.Damaged(file, $"storage \"{missing.Key}\" is missing");
    }

    public object? Root { get; }

    public byte[] Read(PthStorage storage, long first, int count)
    {
        var bytes = new byte[count * storage.Type.Size];
        _stream.Position = _positions[storage] + first * storage.Type.Size;
        _stream.ReadExactly(bytes);
        return bytes;
    }

    public void Dispose() => _stream.Dispose();
}

/// <summary>PyTorch from 1.6 on: a zip file of <c>NAME/data.pkl</c> and <c>NAME/data/KEY</c>.</summary>
internal sealed class ZipPthArchive : IPthArchive
{
    /// <summary>Inflated to compressed size above which an entry of more than <see cref="SmallEntry"/> bytes is refused.</summary>
    const int MaximumRatio = 100;
    const int SmallEntry = 1 << 20;

    readonly ZipArchive _zip;
    readonly string _root, _file;

    /// <param name="stream">Owned from here on.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="content">What the file may hold beside tensors.</param>
    public ZipPthArchive(Stream stream, string file, PthContent content)
    {
        _file = file;
        _zip = new ZipArchive(stream, ZipArchiveMode.Read);
        var pickles = _zip.Entries.Where(e => e.FullName is "data.pkl" || e.FullName.EndsWith("/data.pkl", StringComparison.Ordinal)).Take(2).ToArray();
        if (pickles.Length != 1) throw PickleRefusal.Damaged(file, $"it is a zip file with {(pickles.Length == 0 ? "no" : "more than one")} data.pkl");
        _root = pickles[0].FullName[..^"data.pkl".Length];
        if (_zip.GetEntry(_root + "byteorder") is { } order && !Inflate(order, 0, (int)Math.Min(order.Length, 16)).AsSpan().SequenceEqual("little"u8)) throw PickleRefusal.Refused(file, "its numbers are not little-endian");
        if (pickles[0].Length > PickleReader.MaximumBytes) throw PickleRefusal.Refused(file, $"its pickle has more than {PickleReader.MaximumBytes >> 20} MB");
        var pickle = new PickleReader(new MemoryStream(Inflate(pickles[0], 0, (int)pickles[0].Length)), file, content);
        Root = pickle.Read();
        foreach (var storage in pickle.Storages.Values)
        {
            var entry = Entry(storage) ?? throw PickleRefusal.Damaged(file, $"storage \"{storage.Key}\" is missing");
            if (entry.Length != storage.Bytes) throw PickleRefusal.Damaged(file, $"storage \"{storage.Key}\" has {entry.Length} bytes where its tensors say {storage.Bytes}");
        }
    }

    public object? Root { get; }

    public byte[] Read(PthStorage storage, long first, int count) => Inflate(Entry(storage)!, first * storage.Type.Size, count * storage.Type.Size);

    public void Dispose() => _zip.Dispose();

    ZipArchiveEntry? Entry(PthStorage storage) => _zip.GetEntry($"{_root}data/{storage.Key}");

    byte[] Inflate(ZipArchiveEntry entry, long skip, int count)
    {
        if (entry.Length > SmallEntry && entry.Length / MaximumRatio > entry.CompressedLength)
            throw PickleRefusal.Refused(_file, $"its entry {entry.FullName} would inflate from {entry.CompressedLength} to {entry.Length} bytes");
        using var stream = entry.Open();
        var discard = new byte[(int)Math.Min(skip, 1 << 16)];
        for (long left = skip; left > 0; left -= discard.Length)
            stream.ReadExactly(discard.AsSpan(0, (int)Math.Min(left, discard.Length)));
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
