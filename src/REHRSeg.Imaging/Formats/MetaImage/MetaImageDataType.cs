namespace REHRSeg.Imaging;

/// <summary>The names of MetaImage's element types. MET_LONG has 4 bytes on every system, as in MetaIO.</summary>
static class MetaImageDataType
{
    /// <summary>The type of a name.</summary>
    /// <exception cref="VolumeFormatException">No type that holds one real number.</exception>
    internal static VolumeDataType Parse(string name, string file) => (name.EndsWith("_ARRAY", StringComparison.Ordinal) ? name[..^6] : name) switch
    {
        "MET_CHAR" or "MET_ASCII_CHAR" => VolumeDataType.Int8,
        "MET_UCHAR" => VolumeDataType.UInt8,
        "MET_SHORT" => VolumeDataType.Int16,
        "MET_USHORT" => VolumeDataType.UInt16,
        "MET_INT" or "MET_LONG" => VolumeDataType.Int32,
        "MET_UINT" or "MET_ULONG" => VolumeDataType.UInt32,
        "MET_LONG_LONG" => VolumeDataType.Int64,
        "MET_ULONG_LONG" => VolumeDataType.UInt64,
        "MET_FLOAT" => VolumeDataType.Float32,
        "MET_DOUBLE" => VolumeDataType.Float64,
        _ => throw FormatProblem.Invalid(file, "ElementType", name, "only integer and float voxels of 8 to 64 bits can be read; convert the file"),
    };

    /// <summary>The name of a type.</summary>
    internal static string NameOf(VolumeDataType type) => type switch
    {
        VolumeDataType.Int8 => "MET_CHAR",
        VolumeDataType.UInt8 => "MET_UCHAR",
        VolumeDataType.Int16 => "MET_SHORT",
        VolumeDataType.UInt16 => "MET_USHORT",
        VolumeDataType.Int32 => "MET_INT",
        VolumeDataType.UInt32 => "MET_UINT",
        VolumeDataType.Int64 => "MET_LONG_LONG",
        VolumeDataType.UInt64 => "MET_ULONG_LONG",
        VolumeDataType.Float32 => "MET_FLOAT",
        _ => "MET_DOUBLE",
    };
}
