namespace REHRSeg.Imaging;

/// <summary>How voxels are stored in a file.</summary>
public enum VolumeDataType
{
    /// <summary>8-bit unsigned.</summary>
    UInt8,
    /// <summary>16-bit signed.</summary>
    Int16,
    /// <summary>16-bit unsigned.</summary>
    UInt16,
    /// <summary>32-bit signed.</summary>
    Int32,
    /// <summary>32-bit IEEE.</summary>
    Float32,
    /// <summary>64-bit IEEE.</summary>
    Float64,
    /// <summary>8-bit signed.</summary>
    Int8,
    /// <summary>32-bit unsigned.</summary>
    UInt32,
    /// <summary>64-bit signed.</summary>
    Int64,
    /// <summary>64-bit unsigned.</summary>
    UInt64,
}
