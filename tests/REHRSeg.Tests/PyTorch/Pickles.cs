using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace REHRSeg.Tests.PyTorch;

/// <summary>Files of torch.save made by hand, byte by byte, for what PyTorch itself would not write.</summary>
internal static class Pickles
{
    /// <summary>Pickle text: latin-1 with opcodes as characters; <c>\u0080\u0002</c> and the final dot are added.</summary>
    public static byte[] Of(string body) => Encoding.Latin1.GetBytes("\u0080\u0002" + body + ".");

    public static string Text(string text) => "X" + Int(text.Length) + text;

    public static string Int(long value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)value);
        return Encoding.Latin1.GetString(bytes);
    }

    public static string Long(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return "\u008a\u0008" + Encoding.Latin1.GetString(bytes);
    }

    public static string Tuple(params string[] items) => "(" + string.Concat(items) + "t";

    public static string Storage(string key, long count, string type = "FloatStorage") =>
        Tuple(Text("storage"), $"ctorch\n{type}\n", Text(key), Text("cpu"), Long(count)) + "Q";

    public static string Tensor(string storage, long offset, long[] shape, long[] strides) =>
        "ctorch._utils\n_rebuild_tensor_v2\n" + Tuple(storage, Long(offset), Tuple([.. shape.Select(Long)]), Tuple([.. strides.Select(Long)]), "\u0089", "ccollections\nOrderedDict\n)R") + "R";

    public static string Dict(params (string Key, string Value)[] items) => "}(" + string.Concat(items.Select(i => Text(i.Key) + i.Value)) + "u";

    public static byte[] Zip(IEnumerable<(string Name, byte[] Bytes)> entries, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, bytes) in entries)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(bytes);
            }
        return stream.ToArray();
    }

    /// <summary>The stream form: object, storage keys with their declared counts and bytes.</summary>
    public static byte[] Legacy(string body, params (string Key, long Count, byte[] Bytes)[] storages)
    {
        using var stream = new MemoryStream();
        stream.Write(Of("\u008a\u000a\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019"));
        stream.Write(Of("M\u00e9\u0003"));
        stream.Write(Of(Dict(("little_endian", "\u0088"))));
        stream.Write(Of(body));
        stream.Write(Of("](" + string.Concat(storages.Select(s => Text(s.Key))) + "e"));
        var count = new byte[8];
        foreach (var (_, elements, bytes) in storages)
        {
            BinaryPrimitives.WriteInt64LittleEndian(count, elements);
            stream.Write(count);
            stream.Write(bytes);
        }
        return stream.ToArray();
    }
}
