using System.Buffers.Binary;

namespace REHRSeg.Imaging;

/// <summary>Numbers at fixed places of a binary header, in its byte order.</summary>
readonly ref struct HeaderFields(ReadOnlySpan<byte> bytes, bool bigEndian)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;

    internal byte Byte(int at) => _bytes[at];
    internal short Int16(int at) => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(_bytes[at..]);
    internal int Int32(int at) => bigEndian ? BinaryPrimitives.ReadInt32BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt32LittleEndian(_bytes[at..]);
    internal long Int64(int at) => bigEndian ? BinaryPrimitives.ReadInt64BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt64LittleEndian(_bytes[at..]);
    internal float Single(int at) => bigEndian ? BinaryPrimitives.ReadSingleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(_bytes[at..]);
    internal double Double(int at) => bigEndian ? BinaryPrimitives.ReadDoubleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadDoubleLittleEndian(_bytes[at..]);

    internal double[] Singles(int at, int count)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++) values[i] = Single(at + 4 * i);
        return values;
    }

    internal double[] Doubles(int at, int count)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++) values[i] = Double(at + 8 * i);
        return values;
    }
}
