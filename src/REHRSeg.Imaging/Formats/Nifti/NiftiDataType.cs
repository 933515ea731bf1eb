namespace REHRSeg.Imaging;

/// <summary>The header's <c>datatype</c> codes that hold one real number a voxel.</summary>
enum NiftiDataType : short
{
    UInt8 = 2, Int16 = 4, Int32 = 8, Float32 = 16, Float64 = 64, Int8 = 256, UInt16 = 512, UInt32 = 768, Int64 = 1024, UInt64 = 1280,
}

static class NiftiDataTypes
{
    /// <summary>Bytes of one voxel.</summary>
    internal static int Bytes(this NiftiDataType type) => type switch
    {
        NiftiDataType.UInt8 or NiftiDataType.Int8 => 1,
        NiftiDataType.Int16 or NiftiDataType.UInt16 => 2,
        NiftiDataType.Int32 or NiftiDataType.UInt32 or NiftiDataType.Float32 => 4,
        _ => 8,
    };

    /// <summary>The code of a type that can be written.</summary>
    internal static NiftiDataType Of(VolumeDataType type) => type switch
    {
        VolumeDataType.UInt8 => NiftiDataType.UInt8,
        VolumeDataType.Int16 => NiftiDataType.Int16,
        VolumeDataType.UInt16 => NiftiDataType.UInt16,
        VolumeDataType.Int32 => NiftiDataType.Int32,
        VolumeDataType.Float32 => NiftiDataType.Float32,
        VolumeDataType.Float64 => NiftiDataType.Float64,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "This is not a data type."),
    };

    /// <summary>The name of a code that the standard defines but this reader refuses.</summary>
    internal static string NameOfUnsupported(short code) => code switch
    {
        0 => "unknown", 1 => "binary (1 bit)", 32 => "complex64", 128 => "RGB24", 1536 => "float128", 1792 => "complex128", 2048 => "complex256", 2304 => "RGBA32",
        _ => "not defined by NIfTI-1",
    };
}
