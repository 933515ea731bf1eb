namespace REHRSeg.Imaging;

/// <summary>A file format that <see cref="VolumeFile"/> can use, built in or added by an application (for example over SimpleITK).</summary>
public interface IVolumeFormat
{
    /// <summary>File endings with dot, lower case, for example <c>.nii.gz</c>.</summary>
    IReadOnlyList<string> Endings { get; }
    /// <summary>Reads voxels and geometry.</summary>
    MLVolume Read(string path, VolumeReadLimits limits);
    /// <summary>Reads the geometry alone.</summary>
    VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits);
    /// <summary>Writes to exactly this path (the caller renames it, and puts the final path before the message of a <see cref="VolumeFormatException"/>).</summary>
    void Write(MLVolume volume, string path, VolumeDataType dataType);
}
