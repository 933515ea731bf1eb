using System.Buffers.Binary;

namespace REHRSeg.Imaging;

/// <summary>The fields of a NIfTI-1 (348 bytes) or NIfTI-2 header (540 bytes) that place and scale the voxels, checked for plausibility.</summary>
sealed class NiftiHeader
{
    /// <summary>Bytes of a NIfTI-1 header.</summary>
    internal const int Length1 = 348;
    /// <summary>Bytes of a NIfTI-2 header.</summary>
    internal const int Length2 = 540;
    /// <summary>Bytes of the flag that says whether extensions follow the header.</summary>
    internal const int ExtensionFlagBytes = 4;
    const string AnotherFormat = "a NIfTI file has n+1, ni1, n+2 or ni2 here; this is Analyze 7.5, another format or a damaged file, so convert it to NIfTI";

    /// <summary>1 or 2.</summary>
    internal required int Version { get; init; }
    /// <summary>Header (<c>.hdr</c>) and voxels (<c>.img</c>) are two files.</summary>
    internal bool IsPair { get; init; }
    internal bool BigEndian { get; init; }
    /// <summary><c>dim[1..3]</c>; axes that the file does not have count 1.</summary>
    internal required int[] Size { get; init; }
    /// <summary>Length of the one axis beyond the third that is longer than 1.</summary>
    internal required int Channels { get; init; }
    internal required VolumeDataType DataType { get; init; }
    /// <summary><c>pixdim[0..3]</c>: qfac, then the voxel's edges in <see cref="Millimetres"/>.</summary>
    internal required double[] PixDim { get; init; }
    internal required long VoxelOffset { get; init; }
    /// <summary>Stored value times slope plus intercept is the value; (1, 0) if the header asks for no scaling.</summary>
    internal (double Slope, double Intercept) Scaling { get; init; } = (1, 0);
    /// <summary>Millimetres of one unit of length (from <c>xyzt_units</c>; unknown counts as mm).</summary>
    internal double Millimetres { get; init; } = 1;
    internal int QformCode { get; init; } = 1;
    internal int SformCode { get; init; } = 1;
    /// <summary><c>quatern_b, c, d, qoffset_x, y, z</c>.</summary>
    internal required double[] Quaternion { get; init; }
    /// <summary><c>srow_x, y, z</c>: the 3 x 4 affine from index to RAS.</summary>
    internal required double[] Affine { get; init; }

    internal int Length => Version == 1 ? Length1 : Length2;
    /// <summary>Where voxels begin if there are no extensions.</summary>
    internal int MinVoxelOffset => IsPair ? 0 : Length + ExtensionFlagBytes;

    /// <summary>True if a header of either version may begin so.</summary>
    internal static bool Recognizes(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && (IsLength(BinaryPrimitives.ReadInt32LittleEndian(start)) || IsLength(BinaryPrimitives.ReadInt32BigEndian(start)));

    static bool IsLength(int length) => length is Length1 or Length2;

    /// <summary>Reads and checks the fields.</summary>
    /// <param name="bytes">The first 540 bytes, or the whole file if it is shorter.</param>
    /// <param name="file">For messages.</param>
    /// <param name="limits">Bounds.</param>
    /// <exception cref="VolumeFormatException">A field is out of its range or asks for what cannot be read.</exception>
    internal static NiftiHeader Parse(ReadOnlySpan<byte> bytes, string file, VolumeReadLimits limits)
    {
        if (bytes.Length < 4) throw TooShort(file, bytes.Length);
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bool big = !IsLength(length);
        if (big && !IsLength(BinaryPrimitives.ReverseEndianness(length))) throw FormatProblem.Invalid(file, "sizeof_hdr", length, "a NIfTI-1 file begins with 348, a NIfTI-2 file with 540; this is another format or a damaged file");
        int version = (big ? BinaryPrimitives.ReverseEndianness(length) : length) == Length1 ? 1 : 2;
        if (bytes.Length < (version == 1 ? Length1 : Length2)) throw TooShort(file, bytes.Length);
        var fields = new HeaderFields(bytes, big);
        return version == 1 ? NiftiFields.Read1(fields, IsPairMagic(bytes[344..348], "n+1\0"u8, "ni1\0"u8, file), big, file, limits)
                            : NiftiFields.Read2(fields, IsPairMagic(bytes[4..12], "n+2\0\r\n\x1A\n"u8, "ni2\0\r\n\x1A\n"u8, file), big, file, limits);
    }

    static bool IsPairMagic(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> single, ReadOnlySpan<byte> pair, string file)
    {
        if (magic.SequenceEqual(single)) return false;
        return magic.SequenceEqual(pair) ? true : throw FormatProblem.Invalid(file, "magic", $"0x{Convert.ToHexString(magic)}", AnotherFormat);
    }

    static VolumeFormatException TooShort(string file, int length) => FormatProblem.Invalid(file, "file length", $"{length} bytes", "it ends within the header: the file is truncated; copy or export it again");
}
