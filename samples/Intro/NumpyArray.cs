using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using REHRSeg.Imaging;

namespace Intro;

/// <summary>One array of a NumPy archive: the entry <c>NAME.npy</c> of a zip file, format version 1.0, little-endian, C order (numpy.lib.format).</summary>
static partial class NumpyArray
{
    const int MaxDeflateRatio = 1032, BlockValues = 1 << 14;
    static readonly byte[] s_magic = [0x93, .. "NUMPY"u8, 1, 0];
    static readonly Dictionary<string, int> s_typeBytes = new() { ["|b1"] = 1, ["|u1"] = 1, ["|i1"] = 1, ["<i2"] = 2, ["<u2"] = 2, ["<i4"] = 4, ["<u4"] = 4, ["<i8"] = 8, ["<u8"] = 8, ["<f4"] = 4, ["<f8"] = 8 };

    /// <summary>The array's shape.</summary>
    /// <exception cref="VolumeFormatException">No such array, no npy, another order or type, or more than <paramref name="most"/> values.</exception>
    public static int[] ReadShape(ZipArchive archive, string name, string file, long most)
    {
        var entry = Find(archive, name, file);
        using var stream = entry.Open();
        return ReadHeader(entry, stream, file, most).Shape;
    }

    /// <summary>The array's values, converted. What the entry cannot hold is refused before memory is allocated.</summary>
    /// <exception cref="VolumeFormatException">As of <see cref="ReadShape"/>.</exception>
    public static T[] Read<T>(ZipArchive archive, string name, string file, long most) where T : struct, INumberBase<T>
    {
        var entry = Find(archive, name, file);
        using var stream = entry.Open();
        var (type, shape) = ReadHeader(entry, stream, file, most);
        var values = new T[shape.Aggregate(1, (a, b) => a * b)];
        switch (type)
        {
            case "|b1" or "|u1": Decode<byte, T>(stream, values); break;
            case "|i1": Decode<sbyte, T>(stream, values); break;
            case "<i2": Decode<short, T>(stream, values); break;
            case "<u2": Decode<ushort, T>(stream, values); break;
            case "<i4": Decode<int, T>(stream, values); break;
            case "<u4": Decode<uint, T>(stream, values); break;
            case "<i8": Decode<long, T>(stream, values); break;
            case "<u8": Decode<ulong, T>(stream, values); break;
            case "<f4": Decode<float, T>(stream, values); break;
            default: Decode<double, T>(stream, values); break;
        }
        return values;
    }

    /// <summary>Adds an array; for integer types, values are rounded.</summary>
    /// <exception cref="VolumeFormatException">A value does not fit the type.</exception>
    public static void Write<T>(ZipArchive archive, string name, ReadOnlySpan<int> shape, ReadOnlySpan<T> values, VolumeDataType type) where T : struct, IFloatingPoint<T>
    {
        using var stream = archive.CreateEntry(name + ".npy", CompressionLevel.Fastest).Open();
        switch (type)
        {
            case VolumeDataType.UInt8: Encode<T, byte>(stream, "|u1", shape, values); break;
            case VolumeDataType.Int16: Encode<T, short>(stream, "<i2", shape, values); break;
            case VolumeDataType.UInt16: Encode<T, ushort>(stream, "<u2", shape, values); break;
            case VolumeDataType.Int32: Encode<T, int>(stream, "<i4", shape, values); break;
            case VolumeDataType.Float32: Encode<T, float>(stream, "<f4", shape, values); break;
            case VolumeDataType.Float64: Encode<T, double>(stream, "<f8", shape, values); break;
            case VolumeDataType.Int8: Encode<T, sbyte>(stream, "|i1", shape, values); break;
            case VolumeDataType.UInt32: Encode<T, uint>(stream, "<u4", shape, values); break;
            case VolumeDataType.Int64: Encode<T, long>(stream, "<i8", shape, values); break;
            case VolumeDataType.UInt64: Encode<T, ulong>(stream, "<u8", shape, values); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "NumPy has no such type.");
        }
    }

    static ZipArchiveEntry Find(ZipArchive archive, string name, string file) =>
        archive.GetEntry(name + ".npy") ?? throw new VolumeFormatException($"{file}: it has no array '{name}'; save it with np.savez_compressed(file, voxels=..., spacing=...).");

    static (string Type, int[] Shape) ReadHeader(ZipArchiveEntry entry, Stream stream, string file, long most)
    {
        var head = new byte[s_magic.Length + 2];
        stream.ReadExactly(head);
        if (!head.AsSpan().StartsWith(s_magic)) throw Refuse("is no npy array of format version 1.0");
        var text = new byte[head[^2] | head[^1] << 8];
        stream.ReadExactly(text);
        if (Header().Match(Encoding.ASCII.GetString(text)) is not { Success: true } header) throw Refuse("has a header that describes no array of numbers");
        string type = header.Groups["type"].Value;
        if (!s_typeBytes.TryGetValue(type, out int bytes)) throw Refuse($"holds values of type {type}; save it as an integer type, float32 or float64");
        if (header.Groups["fortran"].Value == "True") throw Refuse("is in Fortran order; save np.ascontiguousarray of it");
        int[] shape = [.. Digits().Matches(header.Groups["shape"].Value).Select(m => int.TryParse(m.Value, out int n) && n > 0 ? n : throw Refuse($"has an axis of {m.Value} values"))];
        var count = shape.Aggregate(BigInteger.One, (a, b) => a * b);
        if (count > Math.Min(most, Array.MaxLength)) throw Refuse($"has {count} values; at most {most} are read");
        if (entry.Length != head.Length + text.Length + (long)count * bytes || entry.Length / MaxDeflateRatio > entry.CompressedLength) throw Refuse($"is {entry.Length} bytes long, which its shape ({string.Join(", ", shape)}) contradicts");
        return (type, shape);

        VolumeFormatException Refuse(string what) => new($"{file}: {entry.Name} {what}.");
    }

    static void Decode<TStored, T>(Stream stream, Span<T> values) where TStored : unmanaged, INumberBase<TStored> where T : struct, INumberBase<T>
    {
        var block = new TStored[Math.Min(BlockValues, values.Length)];
        for (; !values.IsEmpty; values = values[Math.Min(block.Length, values.Length)..])
        {
            var stored = block.AsSpan(0, Math.Min(block.Length, values.Length));
            stream.ReadExactly(MemoryMarshal.AsBytes(stored));
            for (int i = 0; i < stored.Length; i++) values[i] = T.CreateTruncating(stored[i]);
        }
    }

    static void Encode<T, TStored>(Stream stream, string type, ReadOnlySpan<int> shape, ReadOnlySpan<T> values) where TStored : unmanaged, INumberBase<TStored> where T : struct, IFloatingPoint<T>
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(", ", shape.ToArray())}{(shape.Length == 1 ? "," : "")}), }}";
        int length = (s_magic.Length + 2 + header.Length + 1 + 63) / 64 * 64 - s_magic.Length - 2;      // the values begin at a multiple of 64 bytes
        stream.Write([.. s_magic, (byte)length, (byte)(length >> 8), .. Encoding.ASCII.GetBytes(header.PadRight(length - 1)), (byte)'\n']);
        var block = new TStored[Math.Min(BlockValues, values.Length)];
        bool round = TStored.IsInteger(TStored.One / (TStored.One + TStored.One));                      // one half is an integer only where fractions do not exist
        for (; !values.IsEmpty; values = values[Math.Min(block.Length, values.Length)..])
        {
            var stored = block.AsSpan(0, Math.Min(block.Length, values.Length));
            for (int i = 0; i < stored.Length; i++) stored[i] = Convert(values[i]);
            stream.Write(MemoryMarshal.AsBytes(stored));
        }

        TStored Convert(T value)
        {
            try { return TStored.CreateChecked(round ? T.Round(value) : value); }
            catch (OverflowException e) { throw new VolumeFormatException(FormattableString.Invariant($"a voxel is {value}, which type {type} cannot hold; write Float32, or rescale the volume first."), e); }
        }
    }

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)'.*'fortran_order':\s*(?<fortran>True|False).*'shape':\s*\((?<shape>[\d\s,]*)\)", RegexOptions.None, 1000)]
    private static partial Regex Header();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
