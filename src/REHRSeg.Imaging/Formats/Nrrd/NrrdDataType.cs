namespace REHRSeg.Imaging;

/// <summary>The names of NRRD's types.</summary>
static class NrrdDataType
{
    /// <summary>The type of a name.</summary>
    /// <exception cref="VolumeFormatException">A block, or no type.</exception>
    internal static VolumeDataType Parse(string name, string file) => string.Join(' ', TextHeader.Words(name)) switch
    {
        "signed char" or "int8" or "int8_t" => VolumeDataType.Int8,
        "uchar" or "unsigned char" or "uint8" or "uint8_t" => VolumeDataType.UInt8,
        "short" or "short int" or "signed short" or "signed short int" or "int16" or "int16_t" => VolumeDataType.Int16,
        "ushort" or "unsigned short" or "unsigned short int" or "uint16" or "uint16_t" => VolumeDataType.UInt16,
        "int" or "signed int" or "int32" or "int32_t" => VolumeDataType.Int32,
        "uint" or "unsigned int" or "uint32" or "uint32_t" => VolumeDataType.UInt32,
        "longlong" or "long long" or "long long int" or "signed long long" or "signed long long int" or "int64" or "int64_t" => VolumeDataType.Int64,
        "ulonglong" or "unsigned long long" or "unsigned long long int" or "uint64" or "uint64_t" => VolumeDataType.UInt64,
        "float" => VolumeDataType.Float32,
        "double" => VolumeDataType.Float64,
        _ => throw FormatProblem.Invalid(file, "type", name, "only integer and float voxels of 8 to 64 bits can be read; convert the file"),
    };

    /// <summary>The name of a type.</summary>
    internal static string NameOf(VolumeDataType type) => type switch
    {
        VolumeDataType.Int8 => "int8",
        VolumeDataType.UInt8 => "uint8",
        VolumeDataType.Int16 => "int16",
        VolumeDataType.UInt16 => "uint16",
        VolumeDataType.Int32 => "int32",
        VolumeDataType.UInt32 => "uint32",
        VolumeDataType.Int64 => "int64",
        VolumeDataType.UInt64 => "uint64",
        VolumeDataType.Float32 => "float",
        _ => "double",
    };
}
