using System.Text;

namespace REHRSeg.Onnx.Tests;

/// <summary>Writes messages of protobuf's wire format, also such as no library would write.</summary>
sealed class Wire
{
    readonly MemoryStream _bytes = new();

    public Wire Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public Wire Bytes(int field, ReadOnlySpan<byte> content)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)content.Length);
        _bytes.Write(content);
        return this;
    }

    public Wire Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public Wire Message(int field, Wire message) => Bytes(field, message.ToArray());

    /// <summary>Numbers side by side in one field.</summary>
    public Wire Packed(int field, params long[] values)
    {
        var packed = new Wire();
        foreach (long value in values) packed.Varint((ulong)value);
        return Message(field, packed);
    }

    public byte[] ToArray() => _bytes.ToArray();

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.WriteByte((byte)(value | 0x80));
        _bytes.WriteByte((byte)value);
    }
}
