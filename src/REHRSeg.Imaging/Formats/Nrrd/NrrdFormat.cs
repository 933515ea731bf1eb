using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// NRRD in one file (<c>.nrrd</c>) or a header with voxels beside it (<c>.nhdr</c>). Reads raw, gzip and text encodings in both byte orders, three
/// spatial axes (or two) and one axis of channels before or after them; the spaces LPS, RAS, LAS, others taken as LPS as ITK does; lengths in units
/// other than mm become mm. Not read: bzip2, hex, blocks, voxels in several files, spaces with time. Voxel files must lie in the header's folder or
/// below it. Values are written little-endian in the space LPS.
/// Definition: http://teem.sourceforge.net/nrrd/format.html.
/// </summary>
/// <param name="compression">Effort of the gzip encoding; <see cref="CompressionLevel.NoCompression"/> writes raw voxels.</param>
public sealed class NrrdFormat(CompressionLevel compression = CompressionLevel.Fastest) : IVoxelFormat
{
    /// <summary>Writes voxels as text, a number a line (encoding <c>ascii</c>), whatever the compression.</summary>
    public bool Text { get; init; }

    NrrdEncoding Encoding => Text ? NrrdEncoding.Text : compression == CompressionLevel.NoCompression ? NrrdEncoding.Raw : NrrdEncoding.Gzip;

    /// <inheritdoc/>
    public IReadOnlyList<string> Endings { get; } = [".nrrd", ".nhdr"];

    /// <inheritdoc/>
    public bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("NRRD0"u8);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public MLVolume Read(string path, VolumeReadLimits limits) => VoxelFormat.Read(this, path, limits);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => VoxelFormat.ReadGeometry(this, path, limits);

    /// <inheritdoc/>
    /// <exception cref="VolumeFormatException">A value does not fit the data type.</exception>
    public void Write(MLVolume volume, string path, VolumeDataType dataType) => VoxelFormat.Write(this, volume, path, dataType);

    ValueTask<VoxelReader> IVoxelFormat.Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel) => NrrdReader.Open(input, limits, async, cancel);
    VoxelWriter IVoxelFormat.Create(VolumeOutput output, VoxelLayout layout) => NrrdWriter.Create(output, layout, Encoding, compression);
}
