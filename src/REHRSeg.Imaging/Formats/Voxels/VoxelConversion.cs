using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace REHRSeg.Imaging;

/// <summary>Converts between stored voxels and <c>float</c>, a block at a time, with vector instructions.</summary>
static class VoxelConversion
{
    /// <summary>Decodes stored voxels: byte order, type, then slope and intercept (in double precision).</summary>
    /// <param name="bytes">Whole voxels; their byte order is changed in place.</param>
    /// <param name="values">As many values.</param>
    /// <param name="stored">Type, byte order and scaling.</param>
    /// <returns>False if a finite number became infinite: it is beyond float's range.</returns>
    internal static bool TryDecode(Span<byte> bytes, Span<float> values, StoredVoxels stored)
    {
        ToNativeOrder(bytes, stored.Type.Bytes(), stored.BigEndian);
        return stored.Type switch
        {
            VolumeDataType.UInt8 => Convert<byte>(bytes, values, stored),
            VolumeDataType.Int8 => Convert<sbyte>(bytes, values, stored),
            VolumeDataType.Int16 => Convert<short>(bytes, values, stored),
            VolumeDataType.UInt16 => Convert<ushort>(bytes, values, stored),
            VolumeDataType.Int32 => Convert<int>(bytes, values, stored),
            VolumeDataType.UInt32 => Convert<uint>(bytes, values, stored),
            VolumeDataType.Int64 => Convert<long>(bytes, values, stored),
            VolumeDataType.UInt64 => Convert<ulong>(bytes, values, stored),
            VolumeDataType.Float32 => Convert<float>(bytes, values, stored),
            _ => Convert<double>(bytes, values, stored),
        };
    }

    /// <summary>Encodes values, little-endian; integer types round to the nearest integer, ties to even.</summary>
    /// <returns>False if a value is not finite or out of an integer type's range.</returns>
    internal static bool TryEncode(ReadOnlySpan<float> values, Span<byte> bytes, VolumeDataType type)
    {
        bool fits = type switch
        {
            VolumeDataType.UInt8 => TryRound<byte>(values, bytes),
            VolumeDataType.Int8 => TryRound<sbyte>(values, bytes),
            VolumeDataType.Int16 => TryRound16(values, MemoryMarshal.Cast<byte, short>(bytes), short.MinValue, short.MaxValue),
            VolumeDataType.UInt16 => TryRound16(values, MemoryMarshal.Cast<byte, short>(bytes), ushort.MinValue, ushort.MaxValue),
            VolumeDataType.Int32 => TryRound<int>(values, bytes),
            VolumeDataType.UInt32 => TryRound<uint>(values, bytes),
            VolumeDataType.Int64 => TryRound<long>(values, bytes),
            VolumeDataType.UInt64 => TryRound<ulong>(values, bytes),
            VolumeDataType.Float32 => values.TryCopyTo(MemoryMarshal.Cast<byte, float>(bytes)),
            _ => TryWiden(values, bytes),
        };
        ToNativeOrder(bytes, type.Bytes(), bigEndian: false);
        return fits;
    }

    /// <summary>True if the value, rounded, can be stored.</summary>
    internal static bool Fits(float value, VolumeDataType type)
    {
        Span<byte> bytes = stackalloc byte[8];
        return TryEncode([value], bytes[..type.Bytes()], type);
    }

    static bool Convert<T>(ReadOnlySpan<byte> bytes, Span<float> values, StoredVoxels voxels) where T : unmanaged, INumber<T>
    {
        var stored = MemoryMarshal.Cast<byte, T>(bytes);
        if (!voxels.IsScaled)
        {
            if (typeof(T) == typeof(float)) MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
            else TensorPrimitives.ConvertTruncating(stored, values);
            return typeof(T) != typeof(double) || KeepsFinite(stored, values);
        }
        var scratch = ArrayPool<double>.Shared.Rent(stored.Length);
        var wide = scratch.AsSpan(0, stored.Length);
        TensorPrimitives.ConvertTruncating(stored, wide);
        TensorPrimitives.Multiply(wide, voxels.Slope, wide);
        TensorPrimitives.Add(wide, voxels.Intercept, wide);
        TensorPrimitives.ConvertTruncating<double, float>(wide, values);
        ArrayPool<double>.Shared.Return(scratch);
        return KeepsFinite(stored, values);
    }

    static bool KeepsFinite<T>(ReadOnlySpan<T> stored, ReadOnlySpan<float> values) where T : unmanaged, INumber<T>
    {
        if (TensorPrimitives.IsFiniteAll(values)) return true;
        for (int i = 0; i < stored.Length; i++)
            if (!float.IsFinite(values[i]) && T.IsFinite(stored[i])) return false;
        return true;
    }

    static bool TryRound<T>(ReadOnlySpan<float> values, Span<byte> bytes) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (values.IsEmpty) return true;
        var scratch = ArrayPool<float>.Shared.Rent(values.Length);
        var rounded = scratch.AsSpan(0, values.Length);
        TensorPrimitives.Round(values, rounded);
        // NaN propagates through Min and fails the comparison; the upper bound is a power of two, which float holds exactly.
        bool fits = TensorPrimitives.Min<float>(rounded) >= float.CreateChecked(T.MinValue) && TensorPrimitives.Max<float>(rounded) < 2 * float.CreateChecked((T.MaxValue >> 1) + T.One);
        TensorPrimitives.ConvertTruncating<float, T>(rounded, MemoryMarshal.Cast<byte, T>(bytes));
        ArrayPool<float>.Shared.Return(scratch);
        return fits;
    }

    /// <summary>As <c>TryRound</c> in one pass, for the types that most images have. The bits of a value above <c>short</c>'s range are those of <c>ushort</c>.</summary>
    static bool TryRound16(ReadOnlySpan<float> values, Span<short> stored, int low, int high)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var pairs = MemoryMarshal.Cast<short, Vector<short>>(stored[..values.Length]);
        Vector<float> least = new(low), most = new(high);
        var fits = Vector<int>.AllBitsSet; // a comparison with NaN is false
        for (int i = 0; i < pairs.Length; i++)
        {
            Vector<float> a = Vector.Round(vectors[2 * i]), b = Vector.Round(vectors[2 * i + 1]);
            fits &= Vector.GreaterThanOrEqual(a, least) & Vector.LessThanOrEqual(a, most) & Vector.GreaterThanOrEqual(b, least) & Vector.LessThanOrEqual(b, most);
            pairs[i] = Vector.Narrow(Vector.ConvertToInt32Native(a), Vector.ConvertToInt32Native(b));
        }
        bool all = fits == Vector<int>.AllBitsSet;
        for (int i = pairs.Length * Vector<short>.Count; i < values.Length; i++)
        {
            float rounded = MathF.Round(values[i]);
            all &= rounded >= low && rounded <= high;
            stored[i] = all ? (short)(int)rounded : (short)0;
        }
        return all;
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
