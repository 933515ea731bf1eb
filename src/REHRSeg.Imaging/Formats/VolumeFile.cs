namespace REHRSeg.Imaging;

/// <summary>Reads and writes volumes by file name. Formats: NIfTI-1 (<c>.nii</c>, <c>.nii.gz</c>); others through <see cref="IVolumeFormat"/>.</summary>
public static class VolumeFile
{
    /// <summary>Reads image values (scaling applied) and geometry.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static MLVolume Read(string path, VolumeReadLimits? limits = null) => throw new NotImplementedException();

    /// <summary>Reads only the geometry.</summary>
    public static VolumeGeometry ReadGeometry(string path, VolumeReadLimits? limits = null) => throw new NotImplementedException();

    /// <summary>Writes under a temporary name, flushes, renames: the target is never half-written. The folder is created.</summary>
    /// <param name="volume">What to write.</param>
    /// <param name="path">Ends in <c>.nii</c> or <c>.nii.gz</c>.</param>
    /// <param name="dataType">How voxels are stored; null: float32.</param>
    public static void Write(MLVolume volume, string path, VolumeDataType? dataType = null) => throw new NotImplementedException();
}

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
}

/// <summary>A file format that <see cref="VolumeFile"/> can use, built in or added by an application (for example over SimpleITK).</summary>
public interface IVolumeFormat
{
    /// <summary>File endings with dot, lower case, for example <c>.nii.gz</c>.</summary>
    IReadOnlyList<string> Endings { get; }
    /// <summary>Reads voxels and geometry.</summary>
    MLVolume Read(string path, VolumeReadLimits limits);
    /// <summary>Reads the geometry alone.</summary>
    VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits);
    /// <summary>Writes to exactly this path (the caller renames).</summary>
    void Write(MLVolume volume, string path, VolumeDataType dataType);
}

/// <summary>Bounds that are checked against the file before memory is allocated.</summary>
public sealed record VolumeReadLimits
{
    /// <summary>Limits for files of ordinary clinical size.</summary>
    public static VolumeReadLimits Default { get; } = new();
    /// <summary>Voxels (all channels). Default 2^30.</summary>
    public long MaxVoxels { get; init; } = 1L << 30;
    /// <summary>Bytes of header extensions. Default 16 MiB.</summary>
    public long MaxExtensionBytes { get; init; } = 16 << 20;
}
