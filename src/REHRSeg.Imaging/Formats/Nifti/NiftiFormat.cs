using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// NIfTI-1 in one file, plain (<c>.nii</c>) or compressed (<c>.nii.gz</c>). Reads every integer and float type in both byte orders
/// with <c>scl_slope</c>/<c>scl_inter</c> applied; axes beyond the third become channels. The position comes from sform if its code is
/// positive, else from qform, else from pixdim as in nibabel (x flipped, origin at the volume's centre). Values are written little-endian,
/// unscaled, with equal sform and qform (code 1, scanner).
/// </summary>
/// <param name="compression">Effort for <c>.nii.gz</c>. Fastest is some five times quicker than Optimal for files a few percent larger.</param>
public sealed class NiftiFormat(CompressionLevel compression = CompressionLevel.Fastest) : IVolumeStreamFormat
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Endings { get; } = [".nii", ".nii.gz"];

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public MLVolume Read(string path, VolumeReadLimits limits)
    {
        using var reader = new NiftiReader(path, limits);
        return reader.Read();
    }

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits)
    {
        using var reader = new NiftiReader(path, limits);
        return reader.Geometry;
    }

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">A value does not fit the data type, or an axis is longer than 32767.</exception>
    public void Write(MLVolume volume, string path, VolumeDataType dataType) => NiftiWriter.Write(volume, path, dataType, compression);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names <paramref name="name"/>, field, value and remedy.</exception>
    public MLVolume Read(Stream stream, string name, VolumeReadLimits limits)
    {
        using var reader = new NiftiReader(stream, name, limits, leaveOpen: true);
        return reader.Read();
    }

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">A value does not fit the data type, or an axis is longer than 32767.</exception>
    public void Write(MLVolume volume, Stream stream, string name, VolumeDataType dataType) => NiftiWriter.Write(volume, stream, name, dataType, compression);
}
