using System.Buffers.Binary;

namespace REHRSeg.Imaging;

/// <summary>The fields of the 348-byte NIfTI-1 header that place and scale the voxels, checked for plausibility.</summary>
sealed class NiftiHeader
{
    /// <summary>Bytes of the header.</summary>
    internal const int Length = 348;
    /// <summary>Where voxels begin in a file without extensions: the header and its 4-byte extension flag.</summary>
    internal const int MinVoxelOffset = 352;
    const int SwappedLength = 0x5C010000;

    /// <summary>The file stores its numbers most significant byte first.</summary>
    internal bool BigEndian { get; private init; }
    /// <summary><c>dim[1..3]</c>; axes that the file does not have count 1.</summary>
    internal required int[] Size { get; init; }
    /// <summary>Length of the one axis beyond the third that is longer than 1.</summary>
    internal required int Channels { get; init; }
    internal required NiftiDataType DataType { get; init; }
    /// <summary><c>pixdim[0..3]</c>: qfac, then the voxel's edges in <see cref="Millimetres"/>.</summary>
    internal required float[] PixDim { get; init; }
    internal long VoxelOffset { get; init; } = MinVoxelOffset;
    /// <summary>Stored value times slope plus intercept is the value; (1, 0) if the header asks for no scaling.</summary>
    internal (double Slope, double Intercept) Scaling { get; init; } = (1, 0);
    /// <summary>Millimetres of one unit of length (from <c>xyzt_units</c>; unknown counts as mm).</summary>
    internal double Millimetres { get; init; } = 1;
    internal short QformCode { get; init; } = 1;
    internal short SformCode { get; init; } = 1;
    /// <summary><c>quatern_b, c, d, qoffset_x, y, z</c>.</summary>
    internal required float[] Quaternion { get; init; }
    /// <summary><c>srow_x, y, z</c>: the 3 x 4 affine from index to RAS.</summary>
    internal required float[] Affine { get; init; }

    internal long VoxelCount => (long)Size[0] * Size[1] * Size[2] * Channels;
    internal long VoxelBytes => VoxelCount * DataType.Bytes();

    /// <summary>Reads and checks the fields.</summary>
    /// <exception cref="VolumeFormatException">A field is out of its range or asks for what cannot be read.</exception>
    internal static NiftiHeader Parse(ReadOnlySpan<byte> bytes, string file, VolumeReadLimits limits)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bool big = length == SwappedLength;
        if (length is 540 or 0x1C020000) throw Invalid(file, "sizeof_hdr", 540, "this is NIfTI-2; convert the file to NIfTI-1");
        if (length != Length && !big) throw Invalid(file, "sizeof_hdr", length, "a NIfTI-1 file begins with 348; this is another format or a damaged file");
        var magic = bytes[344..348];
        if (magic.SequenceEqual("ni1\0"u8)) throw Invalid(file, "magic", "ni1", "header and voxels are in two files (.hdr and .img); convert them to one .nii file");
        if (!magic.SequenceEqual("n+1\0"u8)) throw Invalid(file, "magic", $"0x{Convert.ToHexString(magic)}", "a NIfTI-1 file has n+1 here; this is Analyze 7.5, another format or a damaged file, so convert it to NIfTI-1");

        var (size, channels) = ReadDimensions(bytes, big, file, limits);
        short code = Int16(bytes, 70, big), bits = Int16(bytes, 72, big);
        if (!Enum.IsDefined((NiftiDataType)code)) throw Invalid(file, "datatype", $"{code} ({NiftiDataTypes.NameOfUnsupported(code)})", "only integer and float voxels of 8 to 64 bits can be read; convert the file");
        var type = (NiftiDataType)code;
        if (bits != 0 && bits != 8 * type.Bytes()) throw Invalid(file, "bitpix", bits, $"datatype {code} ({type}) has {8 * type.Bytes()} bits; the header is damaged");

        float slope = Single(bytes, 112, big), intercept = Single(bytes, 116, big);
        bool scaled = slope != 0 && float.IsFinite(slope);
        if (scaled && !float.IsFinite(intercept)) throw Invalid(file, "scl_inter", intercept, "it must be finite where scl_slope is set; correct the header");

        return new()
        {
            BigEndian = big,
            Size = size,
            Channels = channels,
            DataType = type,
            PixDim = Singles(bytes, 76, 4, big),
            VoxelOffset = ReadVoxelOffset(Single(bytes, 108, big), file, limits),
            Scaling = scaled ? (slope, intercept) : (1, 0),
            Millimetres = (bytes[123] & 7) switch { 1 => 1000, 3 => 0.001, _ => 1 },
            QformCode = Int16(bytes, 252, big),
            SformCode = Int16(bytes, 254, big),
            Quaternion = Singles(bytes, 256, 6, big),
            Affine = Singles(bytes, 280, 12, big),
        };
    }

    /// <summary>Writes the header and the extension flag, little-endian; the other fields stay zero.</summary>
    /// <param name="bytes"><see cref="MinVoxelOffset"/> zero bytes.</param>
    internal void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Length);
        bytes[38] = (byte)'r';
        Span<short> dim = [(short)(Channels > 1 ? 4 : 3), (short)Size[0], (short)Size[1], (short)Size[2], (short)Channels, 1, 1, 1];
        for (int i = 0; i < dim.Length; i++) PutInt16(bytes, 40 + 2 * i, dim[i]);
        PutInt16(bytes, 70, (short)DataType);
        PutInt16(bytes, 72, (short)(8 * DataType.Bytes()));
        PutSingles(bytes, 76, [.. PixDim, 1, 1, 1, 1]);
        PutSingles(bytes, 108, [VoxelOffset, (float)Scaling.Slope, (float)Scaling.Intercept]);
        bytes[123] = 2 | 8; // millimetres, seconds
        "REHRSeg"u8.CopyTo(bytes[148..]);
        PutInt16(bytes, 252, QformCode);
        PutInt16(bytes, 254, SformCode);
        PutSingles(bytes, 256, Quaternion);
        PutSingles(bytes, 280, Affine);
        "n+1\0"u8.CopyTo(bytes[344..]);
    }

    /// <summary>An exception that names file, field, value and what to do.</summary>
    internal static VolumeFormatException Invalid(string file, string field, object value, string remedy) => new(FormattableString.Invariant($"{file}: {field} is {value}; {remedy}."));

    static (int[] Size, int Channels) ReadDimensions(ReadOnlySpan<byte> bytes, bool big, string file, VolumeReadLimits limits)
    {
        short axes = Int16(bytes, 40, big);
        if (axes is < 1 or > 7) throw Invalid(file, "dim[0]", axes, "a volume has 1 to 7 axes; the header is damaged");
        int[] size = [1, 1, 1];
        int channels = 1;
        long voxels = 1, most = Math.Min(limits.MaxVoxels, Array.MaxLength);
        for (int i = 1; i <= axes; i++)
        {
            short n = Int16(bytes, 40 + 2 * i, big);
            if (n < 1) throw Invalid(file, $"dim[{i}]", n, "each axis has at least 1 voxel; the header is damaged");
            if (i > 3 && n > 1 && channels > 1) throw Invalid(file, $"dim[{i}]", n, "only one axis beyond the third can be longer than 1; split the file into 4-D files");
            if (i <= 3) size[i - 1] = n;
            else channels *= n;
            voxels *= n;
            if (voxels > most) throw Invalid(file, "dim", $"{string.Join(" x ", size)} x {channels}", $"that is more than the {most} voxels that may be read; crop the volume, or raise VolumeReadLimits.MaxVoxels if the file is trusted");
        }
        return (size, channels);
    }

    static long ReadVoxelOffset(float offset, string file, VolumeReadLimits limits)
    {
        if (!(offset >= MinVoxelOffset) || offset != MathF.Truncate(offset)) throw Invalid(file, "vox_offset", offset, $"voxels begin at a whole number of bytes, at least {MinVoxelOffset}; the header is damaged");
        if (offset - MinVoxelOffset > limits.MaxExtensionBytes) throw Invalid(file, "vox_offset", offset, $"the header extensions are larger than {limits.MaxExtensionBytes} bytes; remove them, or raise VolumeReadLimits.MaxExtensionBytes if the file is trusted");
        return (long)offset;
    }

    static short Int16(ReadOnlySpan<byte> bytes, int at, bool big) => big ? BinaryPrimitives.ReadInt16BigEndian(bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(bytes[at..]);
    static float Single(ReadOnlySpan<byte> bytes, int at, bool big) => big ? BinaryPrimitives.ReadSingleBigEndian(bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]);

    static float[] Singles(ReadOnlySpan<byte> bytes, int at, int count, bool big)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = Single(bytes, at + 4 * i, big);
        return values;
    }

    static void PutInt16(Span<byte> bytes, int at, short value) => BinaryPrimitives.WriteInt16LittleEndian(bytes[at..], value);

    static void PutSingles(Span<byte> bytes, int at, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes[(at + 4 * i)..], values[i]);
    }
}
