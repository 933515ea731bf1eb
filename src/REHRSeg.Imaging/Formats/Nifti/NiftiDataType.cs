namespace REHRSeg.Imaging;

/// <summary>The header's <c>datatype</c> codes.</summary>
static class NiftiDataType
{
    static readonly (short Code, VolumeDataType Type)[] s_codes =
    [
        (2, VolumeDataType.UInt8), (4, VolumeDataType.Int16), (8, VolumeDataType.Int32), (16, VolumeDataType.Float32), (64, VolumeDataType.Float64),
        (256, VolumeDataType.Int8), (512, VolumeDataType.UInt16), (768, VolumeDataType.UInt32), (1024, VolumeDataType.Int64), (1280, VolumeDataType.UInt64),
    ];

    /// <summary>The type of a code that holds one real number a voxel.</summary>
    /// <exception cref="VolumeFormatException">Complex, colour, binary or unknown.</exception>
    internal static VolumeDataType Parse(short code, string file)
    {
        foreach (var known in s_codes) if (known.Code == code) return known.Type;
        string name = code switch
        {
            0 => "unknown", 1 => "binary (1 bit)", 32 => "complex64", 128 => "RGB24", 1536 => "float128", 1792 => "complex128", 2048 => "complex256", 2304 => "RGBA32",
            _ => "not defined by NIfTI",
        };
        throw FormatProblem.Invalid(file, "datatype", $"{code} ({name})", "only integer and float voxels of 8 to 64 bits can be read; convert the file");
    }

    /// <summary>The code of a type.</summary>
    internal static short CodeOf(VolumeDataType type) => s_codes.First(known => known.Type == type).Code;
}
