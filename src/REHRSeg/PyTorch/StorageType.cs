using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace REHRSeg;

/// <summary>Number format of a PyTorch storage, little-endian.</summary>
/// <param name="Name">PyTorch's name of the storage class.</param>
/// <param name="Size">Bytes of an element.</param>
/// <param name="Read">Element at the start of a span, as float32.</param>
internal sealed record StorageType(string Name, int Size, Func<ReadOnlySpan<byte>, float> Read)
{
    public static IReadOnlyDictionary<string, StorageType> All { get; } = new StorageType[]
    {
        new("FloatStorage", 4, b => BinaryPrimitives.ReadSingleLittleEndian(b)),
        new("DoubleStorage", 8, b => (float)BinaryPrimitives.ReadDoubleLittleEndian(b)),
        new("HalfStorage", 2, b => (float)BinaryPrimitives.ReadHalfLittleEndian(b)),
        new("BFloat16Storage", 2, b => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(b) << 16)),
        new("LongStorage", 8, b => BinaryPrimitives.ReadInt64LittleEndian(b)),
        new("IntStorage", 4, b => BinaryPrimitives.ReadInt32LittleEndian(b)),
        new("ShortStorage", 2, b => BinaryPrimitives.ReadInt16LittleEndian(b)),
        new("CharStorage", 1, b => (sbyte)b[0]),
        new("ByteStorage", 1, b => b[0]),
        new("BoolStorage", 1, b => b[0] != 0 ? 1 : 0),
    }.ToDictionary(t => t.Name);

    /// <summary>All elements as float32.</summary>
    public float[] ToSingle(ReadOnlySpan<byte> bytes)
    {
        if (Name == "FloatStorage" && BitConverter.IsLittleEndian) return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        var values = new float[bytes.Length / Size];
        for (int i = 0; i < values.Length; i++) values[i] = Read(bytes[(i * Size)..]);
        return values;
    }
}
