using System.Buffers.Binary;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Reads and checks TensorProto: all values in the file, as many as the sizes say, of a plain type of numbers.</summary>
internal static class OnnxTensorReader
{
    const int MostAxes = 8, MostValues = 64;
    const int Float = 1, Int32 = 6, Int64 = 7;

    /// <exception cref="InvalidDataException">The wire format is broken.</exception>
    /// <exception cref="ModelFormatException">Values in other files, a type that is not allowed, or sizes that contradict the values.</exception>
    public static (string Name, OnnxTensor Tensor) Read(ReadOnlySpan<byte> message, string source)
    {
        string name = "";
        var sizes = new List<long>();
        int type = 0;
        long typed = 0;
        ReadOnlySpan<byte> raw = default;
        var integers = new List<long>();
        bool hasRaw = false, foreign = false;
        var reader = new WireReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 1: reader.AddTo(sizes); break;
                case 2: type = (int)reader.Number; break;
                case 4: typed += reader.HasContent ? reader.Content.Length / 4 : 1; break;
                case 5 or 7 or 11:
                    typed += reader.CountIntegers();
                    if (typed <= MostValues) reader.AddTo(integers);
                    break;
                case 8: name = OnnxFile.Text(reader.Content); break;
                case 9:
                    raw = reader.Content;
                    hasRaw = true;
                    break;
                case 10: typed += reader.HasContent ? reader.Content.Length / 8 : 1; break;
                case 13: foreign = true; break;
                case 14: foreign |= reader.HasContent || reader.Number != 0; break;
                case 12 or 16: break; // documentation, notes
                default: throw OnnxFile.Unknown($"tensor '{OnnxFile.Shorten(name)}'", reader.Field, source); // also segments and texts
            }
        if (foreign) throw new ModelFormatException($"{source} keeps weights in other files (external data), which are not read. Export it as one file.");
        Check(OnnxFile.Shorten(name), sizes, type, typed, hasRaw ? raw.Length : null, source);
        return (name, new([.. sizes], type, Values(type, raw, hasRaw, integers)));
    }

    static void Check(string name, List<long> sizes, int type, long typed, long? rawBytes, string source)
    {
        if (Bits(type) is not { } bits) throw new ModelFormatException($"{source}: tensor '{name}' has the data type {type}; a REHRSeg model has plain numbers alone. Export it again.");
        if (sizes.Count > MostAxes) throw new ModelFormatException($"{source}: tensor '{name}' has {sizes.Count} axes; at most {MostAxes} are read. Export it again.");
        UInt128 count = 1;
        foreach (long size in sizes)
        {
            if (size < 0 || size > int.MaxValue) throw Contradiction(); // eight such factors do not overflow
            if ((count *= (UInt128)size) > int.MaxValue) throw Contradiction();
        }
        UInt128 bytes = (count * (uint)bits + 7) / 8;
        // Two 4-bit numbers share one of int32_data.
        UInt128 entries = bits == 4 ? bytes : count;
        if (rawBytes is { } raw ? typed != 0 || bytes != (UInt128)raw : entries != (UInt128)typed) throw Contradiction();

        ModelFormatException Contradiction() => new(
            $"{source} is damaged: tensor '{name}' of {string.Join(" x ", sizes)} does not have {(rawBytes is { } b ? $"{b} bytes" : $"{typed} values")}. Export or copy it again.");
    }

    /// <summary>Bits of a value of TensorProto.DataType; null: not allowed (texts, complex numbers, 8-bit floats).</summary>
    static int? Bits(int type) => type switch
    {
        Float or Int32 or 12 => 32,
        2 or 3 or 9 => 8,
        4 or 5 or 10 or 16 => 16,
        Int64 or 11 or 13 => 64,
        21 or 22 => 4,
        _ => null,
    };

    /// <summary>Few numbers as they are, for what sizes the graph computes; null: many, or of another type.</summary>
    static double[]? Values(int type, ReadOnlySpan<byte> raw, bool hasRaw, List<long> integers)
    {
        if (!hasRaw) return type is Int32 or Int64 && integers.Count is > 0 and <= MostValues ? [.. integers.Select(i => (double)i)] : null;
        int size = type == Int64 ? 8 : 4;
        if (type is not (Float or Int32 or Int64) || raw.Length > MostValues * size) return null;
        var values = new double[raw.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            var at = raw[(i * size)..];
            values[i] = type switch
            {
                Float => BinaryPrimitives.ReadSingleLittleEndian(at),
                Int32 => BinaryPrimitives.ReadInt32LittleEndian(at),
                _ => BinaryPrimitives.ReadInt64LittleEndian(at),
            };
        }
        return values;
    }
}
