using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// NIfTI-1 and NIfTI-2 in one file (<c>.nii</c>) or two (<c>.hdr</c> with <c>.img</c>), plain or compressed (<c>.gz</c>). Reads every integer and
/// float type in both byte orders with <c>scl_slope</c>/<c>scl_inter</c> applied; axes beyond the third become channels. The position comes from
/// sform if its code is positive, else from qform, else from pixdim as in nibabel (x flipped, origin at the volume's centre). Lengths in microns
/// or metres become mm. Data after the voxels are ignored, as nibabel and ITK do. Values are written little-endian, unscaled, with equal sform
/// and qform (code 1, scanner).
/// </summary>
/// <param name="compression">Effort for <c>.gz</c>. Fastest takes a fifth of Optimal's time for files some ten percent larger. All cores deflate; the file is one gzip member all the same.</param>
/// <param name="nifti2">Writes NIfTI-2, whose geometry has double precision; else only where an axis is longer than 32,767 voxels.</param>
public sealed class NiftiFormat(CompressionLevel compression = CompressionLevel.Fastest, bool nifti2 = false) : IVoxelFormat
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Endings { get; } = [".nii", ".nii.gz", ".hdr", ".hdr.gz"];

    /// <inheritdoc/>
    public bool Recognizes(ReadOnlySpan<byte> start) => NiftiHeader.Recognizes(start);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public MLVolume Read(string path, VolumeReadLimits limits) => VoxelFormat.Read(this, path, limits);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => VoxelFormat.ReadGeometry(this, path, limits);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">A value does not fit the data type.</exception>
    public void Write(MLVolume volume, string path, VolumeDataType dataType) => VoxelFormat.Write(this, volume, path, dataType);

    ValueTask<VoxelReader> IVoxelFormat.Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel) => NiftiReader.Open(input, limits, async, cancel);
    VoxelWriter IVoxelFormat.Create(VolumeOutput output, VoxelLayout layout) => NiftiWriter.Create(output, layout, compression, nifti2);
}
