using System.Text;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// What must be known of an ONNX file before a runtime touches it: that it is whole, needs no other file, has only operators of <see cref="OnnxOperators"/>, tensors that are as long as their sizes
/// say, and its metadata. Reads the wire format of ModelProto (field numbers of the ONNX specification) and executes nothing. What a program of today does not know is refused.
/// </summary>
internal static class OnnxFile
{
    const int MostMetadata = 16 << 20;

    /// <summary>Checks a model and tells what is in it.</summary>
    /// <exception cref="ModelFormatException">Not ONNX, cut off, with external data, foreign operators or anything else that no REHRSeg model has.</exception>
    public static OnnxModel Inspect(ReadOnlySpan<byte> model, string source)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        OnnxGraph? graph = null;
        long? opset = null;
        try
        {
            var reader = new WireReader(model);
            long texts = 0;
            while (reader.Next())
                switch (reader.Field)
                {
                    case 1 or 2 or 3 or 4 or 5 or 6: break; // IR version, producer, domain, documentation
                    case 7:
                        if (graph is not null) throw new InvalidDataException("it has two graphs");
                        graph = new OnnxGraphReader(source).Read(reader.Content);
                        break;
                    case 8:
                        var (domain, version) = OperatorSet(reader.Content);
                        if (domain is not ("" or "ai.onnx")) throw new ModelFormatException($"{source} uses operators of '{Shorten(domain)}'; a REHRSeg model uses only those of ONNX.");
                        if (opset is not null) throw new InvalidDataException("it has two operator sets");
                        opset = version;
                        break;
                    case 14:
                        if ((texts += reader.Content.Length) > MostMetadata) throw new ModelFormatException($"{source} has more than {MostMetadata >> 20} MB of metadata, which no REHRSeg model has.");
                        var (key, value) = (Text(Field(reader.Content, 1)), Text(Field(reader.Content, 2)));
                        if (!metadata.TryAdd(key, value)) throw new ModelFormatException($"{source} has the metadata key '{Shorten(key)}' twice. Export the model again.");
                        break;
                    case 20: throw new ModelFormatException($"{source} holds training information, which no REHRSeg model does. Export it for inference.");
                    case 25: throw new ModelFormatException($"{source} defines functions (operators of its own), which no REHRSeg model does. Export it with standard operators alone.");
                    default: throw Unknown("the model", reader.Field, source);
                }
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException($"{source} is not an ONNX file, or is damaged or cut off ({e.Message}). Export or copy it again.", e);
        }
        if (graph is null || opset is null) throw new ModelFormatException($"{source} is not an ONNX file, or is cut off: it has no {(graph is null ? "graph" : "operator set")}. Export or copy it again.");
        return new(metadata, graph);
    }

    /// <summary>A field that this program does not know: what it would do in a runtime is not known either.</summary>
    public static ModelFormatException Unknown(string message, int field, string source) =>
        new($"{source} is damaged or written by a later program: {message} has the unknown field {field}. Export it again with this version, or update the REHRSeg packages.");

    /// <summary>A text for a message.</summary>
    public static string Shorten(string text) => text.Length > 80 ? text[..80] + "…" : text;

    public static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    static (string Domain, long Version) OperatorSet(ReadOnlySpan<byte> message)
    {
        string domain = "";
        long version = 0;
        var reader = new WireReader(message);
        while (reader.Next())
            if (reader.Field == 1) domain = Text(reader.Content);
            else if (reader.Field == 2) version = (long)reader.Number;
        return (domain, version);
    }

    /// <summary>The last field of this number, as protobuf has it; empty if there is none.</summary>
    static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> message, int wanted)
    {
        ReadOnlySpan<byte> found = default;
        var reader = new WireReader(message);
        while (reader.Next())
            if (reader.Field == wanted) found = reader.Content;
        return found;
    }
}
