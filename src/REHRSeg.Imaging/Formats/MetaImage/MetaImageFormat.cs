using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// MetaImage in one file (<c>.mha</c>) or a header with voxels beside it (<c>.mhd</c>). Reads raw, compressed (zlib or gzip) and ASCII voxels in both
/// byte orders, two or three spatial axes, channels interleaved (<c>ElementNumberOfChannels</c>) or as a fourth axis. Not read: voxels in several
/// files. Voxel files must lie in the header's folder or below it. Data after the voxels are ignored. Values are written little-endian, channels as a
/// fourth axis. Definition: https://itk.org/Wiki/ITK/MetaIO/Documentation.
/// </summary>
/// <param name="compression">Effort of zlib; <see cref="CompressionLevel.NoCompression"/> writes raw voxels, as are those of streams that cannot seek.</param>
public sealed class MetaImageFormat(CompressionLevel compression = CompressionLevel.Fastest) : IVoxelFormat
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Endings { get; } = [".mha", ".mhd"];

    /// <inheritdoc/>
    public bool Recognizes(ReadOnlySpan<byte> start) => MetaImageHeader.Recognizes(start);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public MLVolume Read(string path, VolumeReadLimits limits) => VoxelFormat.Read(this, path, limits);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => VoxelFormat.ReadGeometry(this, path, limits);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">A value does not fit the data type.</exception>
    public void Write(MLVolume volume, string path, VolumeDataType dataType) => VoxelFormat.Write(this, volume, path, dataType);

    ValueTask<VoxelReader> IVoxelFormat.Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel) => MetaImageReader.Open(input, limits, async, cancel);
    VoxelWriter IVoxelFormat.Create(VolumeOutput output, VoxelLayout layout) => MetaImageWriter.Create(output, layout, compression);
}
