using System.Text;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// What must be known of an ONNX file before a runtime touches it: that it is whole, needs no other file and no foreign operators,
/// and its metadata. Reads the protobuf wire format of ModelProto (field numbers of the ONNX specification); executes nothing.
/// </summary>
internal static class OnnxFile
{
    const int DeepestGraph = 8;

    /// <summary>Reads a model file into memory.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="ModelFormatException">It is empty or beyond 2 GB.</exception>
    public static byte[] Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new FileInfo(path);
        if (!file.Exists) throw new FileNotFoundException($"The model file {path} does not exist.", path);
        if (file.Length > Array.MaxLength) throw new ModelFormatException($"{path} has {file.Length} bytes; an ONNX file holds at most 2 GB.");
        return File.ReadAllBytes(path);
    }

    /// <summary>Checks a model and returns its metadata.</summary>
    /// <exception cref="ModelFormatException">Not ONNX, cut off, with external data or foreign operators.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(ReadOnlySpan<byte> model, string source)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        bool graph = false, opset = false;
        try
        {
            var reader = new WireReader(model);
            while (reader.Next(out int field, out var content))
                switch (field)
                {
                    case 7:
                        graph = true;
                        CheckGraph(content, source, 0);
                        break;
                    case 8:
                        opset = true;
                        var domain = Text(Field(content, 1));
                        if (domain is not ("" or "ai.onnx")) throw new ModelFormatException($"{source} uses operators of '{domain}'; a REHRSeg model uses only those of ONNX.");
                        break;
                    case 14:
                        metadata[Text(Field(content, 1))] = Text(Field(content, 2));
                        break;
                }
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException($"{source} is not an ONNX file, or is damaged or cut off ({e.Message}). Export or copy it again.", e);
        }
        if (!graph || !opset) throw new ModelFormatException($"{source} is not an ONNX file, or is cut off: it has no {(graph ? "operator set" : "graph")}. Export or copy it again.");
        return metadata;
    }

    static void CheckGraph(ReadOnlySpan<byte> graph, string source, int depth)
    {
        if (depth > DeepestGraph) throw new InvalidDataException("graphs are nested too deeply");
        var reader = new WireReader(graph);
        while (reader.Next(out int field, out var content))
            if (field == 5) CheckTensor(content, source);
            else if (field == 15) throw new ModelFormatException($"{source} holds sparse weights, which no REHRSeg model does.");
            else if (field == 1) CheckNode(content, source, depth);
    }

    static void CheckNode(ReadOnlySpan<byte> node, string source, int depth)
    {
        var attributes = new WireReader(node);
        while (attributes.Next(out int field, out var attribute))
        {
            if (field != 5) continue;
            var parts = new WireReader(attribute);
            while (parts.Next(out int part, out var content))
                if (part is 5 or 10) CheckTensor(content, source);
                else if (part is 6 or 11) CheckGraph(content, source, depth + 1);
        }
    }

    static void CheckTensor(ReadOnlySpan<byte> tensor, string source)
    {
        var reader = new WireReader(tensor);
        while (reader.Next(out int field, out _))
            if (field is 13 or 14) throw new ModelFormatException($"{source} keeps weights in other files (external data), which are not read. Export it as one file.");
    }

    static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> message, int wanted)
    {
        var reader = new WireReader(message);
        while (reader.Next(out int field, out var content))
            if (field == wanted) return content;
        return default;
    }

    static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    /// <summary>Walks the fields of one protobuf message.</summary>
    ref struct WireReader(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> _rest = message;

        /// <summary>The next field; its content is empty unless it is a string, bytes or a message.</summary>
        public bool Next(out int field, out ReadOnlySpan<byte> content)
        {
            field = 0;
            content = default;
            if (_rest.IsEmpty) return false;
            ulong tag = Varint();
            if (tag >> 3 is 0 or > 536_870_911) throw new InvalidDataException("a field has no number");
            field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0: Varint(); break;
                case 1: Take(8); break;
                case 2: content = Take(Varint()); break;
                case 5: Take(4); break;
                default: throw new InvalidDataException("a field has no type");
            }
            return true;
        }

        ulong Varint()
        {
            ulong value = 0;
            for (int i = 0; i < Math.Min(10, _rest.Length); i++)
            {
                value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
                if ((_rest[i] & 0x80) != 0) continue;
                _rest = _rest[(i + 1)..];
                return value;
            }
            throw new InvalidDataException("a number does not end");
        }

        ReadOnlySpan<byte> Take(ulong count)
        {
            if (count > (ulong)_rest.Length) throw new InvalidDataException("a field is longer than the file");
            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }
    }
}
