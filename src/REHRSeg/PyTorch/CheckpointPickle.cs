using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace REHRSeg;

/// <summary>What a PyTorch file may hold beside tensors and plain values.</summary>
internal enum PthContent
{
    /// <summary>Nothing.</summary>
    Weights,
    /// <summary>What a trainer keeps beside its weights: numpy's scalars in its log, the device that it ran on.</summary>
    Checkpoint,
}

/// <summary>
/// The four names that a trainer's checkpoint has beside a state dict's: numpy's scalar and number format, the codec that carries bytes in pickle protocol 2, and the device. Each call is
/// carried out here, on plain values; nothing of Python, numpy or torch is looked up or run.
/// </summary>
internal static class CheckpointPickle
{
    const string Scalar = "numpy.core.multiarray.scalar", Scalar2 = "numpy._core.multiarray.scalar", NumberType = "numpy.dtype", Encode = "_codecs.encode", Device = "torch.device";

    /// <summary>True for one of those names.</summary>
    public static bool Knows(string name) => name is Scalar or Scalar2 or NumberType or Encode or Device;

    /// <summary>What a call of one of those names gives: numbers, bytes or text.</summary>
    /// <returns>False if it is none of them, or its arguments are others than numpy and torch write.</returns>
    /// <exception cref="Imaging.ModelFormatException">The bytes of a number do not fit its format.</exception>
    public static bool TryCall(string name, object?[] arguments, string file, out object? value)
    {
        switch (name, arguments)
        {
            case (Scalar or Scalar2, [NumpyNumberType type, byte[] bytes]):
                value = type.Read(bytes, file);
                return true;
            case (NumberType, [string format, ..]) when NumpyNumberType.Of(format) is { } type:
                value = type;
                return true;
            case (Encode, [string text, "latin1" or "latin-1"]) when text.All(c => c <= '\u00ff'):
                value = Encoding.Latin1.GetBytes(text);
                return true;
            case (Device, [string kind]):
                value = kind;
                return true;
            case (Device, [string kind, long index]):
                value = string.Create(CultureInfo.InvariantCulture, $"{kind}:{index}");
                return true;
            default:
                value = null;
                return false;
        }
    }
}

/// <summary>numpy's format of one number: its kind (<c>f</c> float, <c>i</c> integer, <c>u</c> unsigned, <c>b</c> bool) and size in bytes; little-endian.</summary>
internal sealed record NumpyNumberType(char Kind, int Size)
{
    /// <summary>Of numpy's code, for example <c>f8</c>; null: not of one number.</summary>
    public static NumpyNumberType? Of(string code) => code switch
    {
        "f2" or "f4" or "f8" or "i1" or "i2" or "i4" or "i8" or "u1" or "u2" or "u4" or "u8" or "b1" => new(code[0], code[1] - '0'),
        _ => null,
    };

    /// <summary>Checks numpy's further state of the format: (version, byte order, ...).</summary>
    /// <exception cref="Imaging.ModelFormatException">Big-endian, or not such a state.</exception>
    public void Check(object? state, string file)
    {
        if (state is not object?[] { Length: >= 2 } parts || parts[1] is not ("<" or "|" or "=")) throw PickleRefusal.Refused(file, "a numpy number in it is not little-endian");
    }

    /// <summary>The number, as <see cref="double"/>, <see cref="long"/> or <see cref="bool"/>.</summary>
    /// <exception cref="Imaging.ModelFormatException">Another number of bytes.</exception>
    public object Read(byte[] bytes, string file)
    {
        if (bytes.Length != Size) throw PickleRefusal.Damaged(file, $"a numpy number of {Size} bytes has {bytes.Length}");
        return (Kind, Size) switch
        {
            ('f', 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            ('f', 4) => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
            ('f', _) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            ('b', _) => bytes[0] != 0,
            ('i', 1) => (long)(sbyte)bytes[0],
            ('i', 2) => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
            ('i', 4) => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
            ('i', _) => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            ('u', 1) => (long)bytes[0],
            ('u', 2) => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            ('u', 4) => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => (double)BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
    }
}
