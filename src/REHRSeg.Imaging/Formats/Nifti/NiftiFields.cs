using System.Buffers.Binary;

namespace REHRSeg.Imaging;

/// <summary>Where the fields of <see cref="NiftiHeader"/> lie in either version of the format, and their ranges.</summary>
static class NiftiFields
{
    internal static NiftiHeader Read1(HeaderFields f, bool pair, bool big, string file, VolumeReadLimits limits)
    {
        var dim = new long[8];
        for (int i = 0; i < 8; i++) dim[i] = f.Int16(40 + 2 * i);
        return Create(1, pair, big, dim, f.Int16(70), f.Int16(72), f.Singles(76, 4), f.Single(108), (f.Single(112), f.Single(116)), f.Byte(123) & 7, f.Int16(252), f.Int16(254), f.Singles(256, 6), f.Singles(280, 12), file, limits);
    }

    internal static NiftiHeader Read2(HeaderFields f, bool pair, bool big, string file, VolumeReadLimits limits)
    {
        var dim = new long[8];
        for (int i = 0; i < 8; i++) dim[i] = f.Int64(16 + 8 * i);
        return Create(2, pair, big, dim, f.Int16(12), f.Int16(14), f.Doubles(104, 4), f.Int64(168), (f.Double(176), f.Double(184)), f.Int32(500) & 7, f.Int32(344), f.Int32(348), f.Doubles(352, 6), f.Doubles(400, 12), file, limits);
    }

    static NiftiHeader Create(int version, bool pair, bool big, long[] dim, short datatype, short bits, double[] pixDim, double offset, (double Slope, double Intercept) scaling, int units, int qform, int sform, double[] quaternion, double[] affine, string file, VolumeReadLimits limits)
    {
        var (size, channels) = ReadDimensions(dim, file, limits);
        var type = NiftiDataType.Parse(datatype, file);
        if (bits != 0 && bits != 8 * type.Bytes()) throw FormatProblem.Invalid(file, "bitpix", bits, $"datatype {datatype} ({type}) has {8 * type.Bytes()} bits; the header is damaged");
        bool scaled = scaling.Slope != 0 && double.IsFinite(scaling.Slope);
        if (scaled && !double.IsFinite(scaling.Intercept)) throw FormatProblem.Invalid(file, "scl_inter", scaling.Intercept, "it must be finite where scl_slope is set; correct the header");
        int least = pair ? 0 : (version == 1 ? NiftiHeader.Length1 : NiftiHeader.Length2) + NiftiHeader.ExtensionFlagBytes;
        if (!(offset >= least) || offset != Math.Truncate(offset) || double.IsInfinity(offset)) throw FormatProblem.Invalid(file, "vox_offset", offset, $"voxels begin at a whole number of bytes, at least {least}; the header is damaged");
        if (offset - least > limits.MaxExtensionBytes) throw FormatProblem.Invalid(file, "vox_offset", offset, $"the header extensions are larger than {limits.MaxExtensionBytes} bytes; remove them, or raise VolumeReadLimits.MaxExtensionBytes if the file is trusted");
        return new()
        {
            Version = version, IsPair = pair, BigEndian = big, Size = size, Channels = channels, DataType = type, PixDim = pixDim, VoxelOffset = (long)offset,
            Scaling = scaled ? scaling : (1, 0), Millimetres = units switch { 1 => 1000, 3 => 0.001, _ => 1 },
            QformCode = qform, SformCode = sform, Quaternion = quaternion, Affine = affine,
        };
    }

    static (int[] Size, int Channels) ReadDimensions(long[] dim, string file, VolumeReadLimits limits)
    {
        if (dim[0] is < 1 or > 7) throw FormatProblem.Invalid(file, "dim[0]", dim[0], "a volume has 1 to 7 axes; the header is damaged");
        int[] size = [1, 1, 1];
        int channels = 1;
        for (int i = 1; i <= dim[0]; i++)
        {
            if (dim[i] is < 1 or > int.MaxValue) throw FormatProblem.Invalid(file, $"dim[{i}]", dim[i], $"each axis has 1 to {int.MaxValue} voxels; the header is damaged");
            if (i > 3 && dim[i] > 1 && channels > 1) throw FormatProblem.Invalid(file, $"dim[{i}]", dim[i], "only one axis beyond the third can be longer than 1; split the file into 4-D files");
            if (i <= 3) size[i - 1] = (int)dim[i];
            else channels *= (int)dim[i];
        }
        VoxelLayout.RequireWithin(dim.Skip(1).Take((int)dim[0]), limits, file, "dim");
        return (size, channels);
    }

    /// <summary>Writes the header and the extension flag, little-endian; the other fields stay zero.</summary>
    /// <param name="header">The values.</param>
    /// <param name="bytes">Zeros, as many as the header and the flag have.</param>
    internal static void Write(NiftiHeader header, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, header.Length);
        if (header.Version == 1) Write1(header, bytes);
        else Write2(header, bytes);
    }

    static long[] Dimensions(NiftiHeader h) => [h.Channels > 1 ? 4 : 3, h.Size[0], h.Size[1], h.Size[2], h.Channels, 1, 1, 1];

    static void Write1(NiftiHeader h, Span<byte> bytes)
    {
        bytes[38] = (byte)'r';
        var dim = Dimensions(h);
        for (int i = 0; i < 8; i++) PutInt16(bytes, 40 + 2 * i, (short)dim[i]);
        PutInt16(bytes, 70, NiftiDataType.CodeOf(h.DataType));
        PutInt16(bytes, 72, (short)(8 * h.DataType.Bytes()));
        PutSingles(bytes, 76, [.. h.PixDim, 1, 1, 1, 1]);
        PutSingles(bytes, 108, [h.VoxelOffset, h.Scaling.Slope, h.Scaling.Intercept]);
        bytes[123] = 2 | 8; // millimetres, seconds
        "REHRSeg"u8.CopyTo(bytes[148..]);
        PutInt16(bytes, 252, (short)h.QformCode);
        PutInt16(bytes, 254, (short)h.SformCode);
        PutSingles(bytes, 256, h.Quaternion);
        PutSingles(bytes, 280, h.Affine);
        (h.IsPair ? "ni1\0"u8 : "n+1\0"u8).CopyTo(bytes[344..]);
    }

    static void Write2(NiftiHeader h, Span<byte> bytes)
    {
        (h.IsPair ? "ni2\0\r\n\x1A\n"u8 : "n+2\0\r\n\x1A\n"u8).CopyTo(bytes[4..]);
        PutInt16(bytes, 12, NiftiDataType.CodeOf(h.DataType));
        PutInt16(bytes, 14, (short)(8 * h.DataType.Bytes()));
        var dim = Dimensions(h);
        for (int i = 0; i < 8; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes[(16 + 8 * i)..], dim[i]);
        PutDoubles(bytes, 104, [.. h.PixDim, 1, 1, 1, 1]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[168..], h.VoxelOffset);
        PutDoubles(bytes, 176, [h.Scaling.Slope, h.Scaling.Intercept]);
        "REHRSeg"u8.CopyTo(bytes[240..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[344..], h.QformCode);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[348..], h.SformCode);
        PutDoubles(bytes, 352, h.Quaternion);
        PutDoubles(bytes, 400, h.Affine);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[500..], 2 | 8);
    }

    static void PutInt16(Span<byte> bytes, int at, short value) => BinaryPrimitives.WriteInt16LittleEndian(bytes[at..], value);

    static void PutSingles(Span<byte> bytes, int at, ReadOnlySpan<double> values)
    {
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes[(at + 4 * i)..], (float)values[i]);
    }

    static void PutDoubles(Span<byte> bytes, int at, ReadOnlySpan<double> values)
    {
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(bytes[(at + 8 * i)..], values[i]);
    }
}
