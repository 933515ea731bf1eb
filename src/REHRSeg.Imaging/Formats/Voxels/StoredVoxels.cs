namespace REHRSeg.Imaging;

/// <summary>How a file stores its voxels.</summary>
/// <param name="Type">The number format.</param>
/// <param name="BigEndian">Most significant byte first.</param>
/// <param name="Slope">The value is the stored one times this</param>
/// <param name="Intercept">plus this.</param>
readonly record struct StoredVoxels(VolumeDataType Type, bool BigEndian = false, double Slope = 1, double Intercept = 0)
{
    internal bool IsScaled => (Slope, Intercept) != (1, 0);
}

static class VolumeDataTypes
{
    /// <summary>Bytes of one voxel.</summary>
    internal static int Bytes(this VolumeDataType type) => type switch
    {
        VolumeDataType.UInt8 or VolumeDataType.Int8 => 1,
        VolumeDataType.Int16 or VolumeDataType.UInt16 => 2,
        VolumeDataType.Int32 or VolumeDataType.UInt32 or VolumeDataType.Float32 => 4,
        VolumeDataType.Int64 or VolumeDataType.UInt64 or VolumeDataType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "This is not a data type."),
    };
}
