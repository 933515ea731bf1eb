using System.Collections.Immutable;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// One prepared case as a file: signature, length of the header, JSON header, then the arrays in the machine's byte order, each at a multiple of 64 bytes, and the SHA-256
/// of all that. Opening checks the hash and maps the arrays into memory, where the system pages them in and out.
/// </summary>
internal static class CaseCacheFile
{
    /// <summary>Changes with the layout and with every change of what preprocessing computes.</summary>
    public const int Version = 1;

    const int Alignment = 64;
    static ReadOnlySpan<byte> Signature => "RSegCase"u8;

    /// <summary>What the arrays are; the numbers of their values, null where there is none.</summary>
    sealed record Header(string Key, bool LittleEndian, int[] Shape, int Channels, int Factor, float[] UnitRanges, int Image, int Label, int? HrLabel, int? Uncertainty, int[] Foreground);

    /// <summary>Writes a case.</summary>
    public static void Write(Stream stream, SegmentationCase source, string key)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long position = 0;
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new Header(
            key, BitConverter.IsLittleEndian, [source.Shape.Depth, source.Shape.Height, source.Shape.Width], source.Channels, source.Factor, [.. source.UnitRanges.SelectMany(r => new[] { r.Scale, r.Offset })],
            source.Image.Length, source.Label.Length, source.HrLabel?.Length, source.Uncertainty?.Length, [.. source.Foreground.Select(f => f.Length)]));
        Put(Signature);
        Put(BitConverter.GetBytes(header.Length));
        Put(header);
        Array(source.Image);
        Array(source.Label);
        if (source.HrLabel is { } hr) Array(hr);
        if (source.Uncertainty is { } uncertainty) Array(uncertainty);
        foreach (var voxels in source.Foreground) Array(voxels);
        Pad();
        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            stream.Write(bytes);
            hash.AppendData(bytes);
            position += bytes.Length;
        }
        void Pad() => Put(new byte[Align(position) - position]);
        void Array<T>(CaseArray<T> values) where T : unmanaged
        {
            Pad();
            Put(MemoryMarshal.AsBytes(values.AsSpan()));
        }
    }

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Key that it must have.</param>
    /// <param name="id">Name of the case in messages.</param>
    /// <returns>The case, and the view to dispose when it is no longer used.</returns>
    /// <exception cref="InvalidDataException">Damaged, cut off, or another case's.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (SegmentationCase Case, MemoryMappedViewAccessor View) Open(string path, string key, string id)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20);
        RequireIntact(file);
        file.Position = Signature.Length;
        Span<byte> number = stackalloc byte[4];
        file.ReadExactly(number);
        var header = ReadHeader(file, BitConverter.ToInt32(number));
        if (header.Key != key || header.LittleEndian != BitConverter.IsLittleEndian) throw new InvalidDataException("it belongs to another case, or to another kind of machine");
        // The view outlives file and mapping: no handle stays open for a case.
        using var mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        var view = mapping.CreateViewAccessor(0, file.Length, MemoryMappedFileAccess.Read);
        long position = Align(file.Position), end = file.Length - SHA256.HashSizeInBytes;
        try
        {
            return (new()
            {
                Id = id,
                Shape = new(header.Shape[0], header.Shape[1], header.Shape[2]),
                Channels = header.Channels,
                Factor = header.Factor,
                UnitRanges = [.. header.UnitRanges.Chunk(2).Select(r => new UnitRange(r[0], r[1]))],
                Image = Array<float>(header.Image)!,
                Label = Array<byte>(header.Label)!,
                HrLabel = Array<byte>(header.HrLabel),
                Uncertainty = Array<float>(header.Uncertainty),
                Foreground = [.. header.Foreground.Select(n => Array<int>(n)!)],
            }, view);
        }
        catch
        {
            view.Dispose();
            throw;
        }

        CaseArray<T>? Array<T>(int? length) where T : unmanaged
        {
            if (length is not { } n) return null;
            long bytes = (long)n * Marshal.SizeOf<T>(), offset = position;
            if (n < 0 || offset + bytes > end) throw new InvalidDataException("its header does not fit its length");
            position = Align(offset + bytes);
            return new(view, offset, n);
        }
    }

    static void RequireIntact(FileStream file)
    {
        long left = file.Length - SHA256.HashSizeInBytes;
        Span<byte> signature = stackalloc byte[Signature.Length], expected = stackalloc byte[SHA256.HashSizeInBytes];
        if (left < Signature.Length + sizeof(int)) throw new InvalidDataException("it is cut off");
        file.ReadExactly(signature);
        if (!signature.SequenceEqual(Signature)) throw new InvalidDataException("it is no prepared case");
        file.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (; left > 0; left -= Math.Min(left, buffer.Length))
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            file.ReadExactly(part);
            hash.AppendData(part);
        }
        file.ReadExactly(expected);
        if (!expected.SequenceEqual(hash.GetHashAndReset())) throw new InvalidDataException("its checksum is wrong");
    }

    static Header ReadHeader(FileStream file, int length)
    {
        if (length < 2 || length > file.Length) throw new InvalidDataException("its header is damaged");
        byte[] json = new byte[length];
        file.ReadExactly(json);
        try
        {
            var header = JsonSerializer.Deserialize<Header>(json);
            return header is { Shape.Length: 3, UnitRanges: not null, Foreground: not null } ? header : throw new InvalidDataException("its header is incomplete");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("its header is damaged", e);
        }
    }

    static long Align(long position) => (position + Alignment - 1) / Alignment * Alignment;
}
