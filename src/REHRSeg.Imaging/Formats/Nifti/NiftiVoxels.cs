using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace REHRSeg.Imaging;

/// <summary>Converts between stored voxels and <c>float</c>, a block at a time.</summary>
static class NiftiVoxels
{
    /// <summary>Decodes stored voxels: byte order, type, then slope and intercept (in double precision).</summary>
    /// <param name="bytes">Whole voxels; their byte order is changed in place.</param>
    /// <param name="values">As many values.</param>
    /// <param name="header">Type, byte order and scaling.</param>
    internal static void Decode(Span<byte> bytes, Span<float> values, NiftiHeader header)
    {
        ToNativeOrder(bytes, header.DataType.Bytes(), header.BigEndian);
        switch (header.DataType)
        {
            case NiftiDataType.UInt8: Convert<byte>(bytes, values, header); break;
            case NiftiDataType.Int8: Convert<sbyte>(bytes, values, header); break;
            case NiftiDataType.Int16: Convert<short>(bytes, values, header); break;
            case NiftiDataType.UInt16: Convert<ushort>(bytes, values, header); break;
            case NiftiDataType.Int32: Convert<int>(bytes, values, header); break;
            case NiftiDataType.UInt32: Convert<uint>(bytes, values, header); break;
            case NiftiDataType.Int64: Convert<long>(bytes, values, header); break;
            case NiftiDataType.UInt64: Convert<ulong>(bytes, values, header); break;
            case NiftiDataType.Float32: Convert<float>(bytes, values, header); break;
            case NiftiDataType.Float64: Convert<double>(bytes, values, header); break;
        }
    }

    /// <summary>Encodes values, little-endian; integer types round to the nearest integer, ties to even.</summary>
    /// <returns>False if a value is not finite or out of an integer type's range.</returns>
    internal static bool TryEncode(ReadOnlySpan<float> values, Span<byte> bytes, VolumeDataType type)
    {
        bool fits = type switch
        {
            VolumeDataType.UInt8 => TryRound<byte>(values, bytes),
            VolumeDataType.Int16 => TryRound<short>(values, bytes),
            VolumeDataType.UInt16 => TryRound<ushort>(values, bytes),
            VolumeDataType.Int32 => TryRound<int>(values, bytes),
            VolumeDataType.Float32 => values.TryCopyTo(MemoryMarshal.Cast<byte, float>(bytes)),
            _ => TryWiden(values, bytes),
        };
        ToNativeOrder(bytes, NiftiDataTypes.Of(type).Bytes(), bigEndian: false);
        return fits;
    }

    /// <summary>True if the value, rounded, can be stored.</summary>
    internal static bool Fits(float value, VolumeDataType type)
    {
        Span<byte> bytes = stackalloc byte[8];
        return TryEncode([value], bytes, type);
    }

    static void Convert<T>(ReadOnlySpan<byte> bytes, Span<float> values, NiftiHeader header) where T : unmanaged, INumberBase<T>
    {
        var stored = MemoryMarshal.Cast<byte, T>(bytes);
        if (header.Scaling == (1, 0))
        {
            if (typeof(T) == typeof(float)) MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
            else TensorPrimitives.ConvertTruncating(stored, values);
            return;
        }
        var scratch = ArrayPool<double>.Shared.Rent(stored.Length);
        var wide = scratch.AsSpan(0, stored.Length);
        TensorPrimitives.ConvertTruncating(stored, wide);
        TensorPrimitives.Multiply(wide, header.Scaling.Slope, wide);
        TensorPrimitives.Add(wide, header.Scaling.Intercept, wide);
        TensorPrimitives.ConvertTruncating<double, float>(wide, values);
        ArrayPool<double>.Shared.Return(scratch);
    }

    static bool TryRound<T>(ReadOnlySpan<float> values, Span<byte> bytes) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var scratch = ArrayPool<float>.Shared.Rent(values.Length);
        var rounded = scratch.AsSpan(0, values.Length);
        TensorPrimitives.Round(values, rounded);
        // NaN propagates through Min and fails the comparison.
        bool fits = (double)TensorPrimitives.Min<float>(rounded) >= double.CreateChecked(T.MinValue) && (double)TensorPrimitives.Max<float>(rounded) <= double.CreateChecked(T.MaxValue);
        TensorPrimitives.ConvertTruncating<float, T>(rounded, MemoryMarshal.Cast<byte, T>(bytes));
        ArrayPool<float>.Shared.Return(scratch);
        return fits;
    }

    static bool TryWiden(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        TensorPrimitives.ConvertTruncating<float, double>(values, MemoryMarshal.Cast<byte, double>(bytes));
        return true;
    }

    static void ToNativeOrder(Span<byte> bytes, int width, bool bigEndian)
    {
        if (bigEndian != BitConverter.IsLittleEndian) return;
        switch (width)
        {
            case 2: Reverse<ushort>(bytes, BinaryPrimitives.ReverseEndianness); break;
            case 4: Reverse<uint>(bytes, BinaryPrimitives.ReverseEndianness); break;
            case 8: Reverse<ulong>(bytes, BinaryPrimitives.ReverseEndianness); break;
        }
    }

    delegate void Reversal<T>(ReadOnlySpan<T> source, Span<T> destination);

    static void Reverse<T>(Span<byte> bytes, Reversal<T> reverse) where T : unmanaged
    {
        var words = MemoryMarshal.Cast<byte, T>(bytes);
        reverse(words, words);
    }
}
