using System.Text;

namespace REHRSeg.Onnx;

/// <summary>Writes an ONNX file again with other metadata; all else stays as it is, byte for byte.</summary>
internal static class OnnxMetadata
{
    const int MetadataField = 14, KeyField = 1, ValueField = 2;

    /// <param name="model">A model that <see cref="OnnxFile.Inspect"/> has accepted.</param>
    /// <param name="metadata">All keys and values of the result, in their order.</param>
    /// <param name="target">Receives the result.</param>
    public static void Replace(ReadOnlySpan<byte> model, IReadOnlyCollection<KeyValuePair<string, string>> metadata, Stream target)
    {
        var reader = new WireReader(model);
        bool written = false;
        while (reader.Next())
        {
            if (reader.Field > MetadataField && !written) WriteAll();
            if (reader.Field != MetadataField) target.Write(reader.Whole);
        }
        if (!written) WriteAll();

        void WriteAll()
        {
            written = true;
            foreach (var (key, value) in metadata)
            {
                using var entry = new MemoryStream();
                WriteText(entry, KeyField, Encoding.UTF8.GetBytes(key));
                WriteText(entry, ValueField, Encoding.UTF8.GetBytes(value));
                WriteText(target, MetadataField, entry.GetBuffer().AsSpan(0, (int)entry.Length));
            }
        }
    }

    static void WriteText(Stream stream, int field, ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty) return; // as protobuf leaves out empty strings
        stream.WriteByte((byte)(field << 3 | 2));
        for (uint rest = (uint)content.Length; ; rest >>= 7)
        {
            stream.WriteByte((byte)(rest < 0x80 ? rest : rest | 0x80));
            if (rest < 0x80) break;
        }
        stream.Write(content);
    }
}
