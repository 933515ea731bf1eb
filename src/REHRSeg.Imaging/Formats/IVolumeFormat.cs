namespace REHRSeg.Imaging;

/// <summary>
/// A file format that <see cref="VolumeFile"/> can use, built in or added by an application (for example over SimpleITK). Whole-volume
/// <see cref="Read"/>, <see cref="ReadGeometry"/> and <see cref="Write"/> are enough; the other members have defaults that go through them,
/// with the volume in memory and, for streams, a temporary file.
/// </summary>
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

    /// <summary>True if content that begins so is of this format: decides for streams, before the name does. Default: false, only names decide.</summary>
    /// <param name="start">The first bytes, up to 1024; of a gzip file also tried on its inflated content.</param>
    bool Recognizes(ReadOnlySpan<byte> start) => false;

    /// <summary>Opens a file for reading in slabs.</summary>
    VolumeReader OpenRead(string path, VolumeReadLimits limits) => new MemoryVolumeReader(Read(path, limits));

    /// <summary>Opens a file for reading in slabs; the header is read without blocking.</summary>
    async ValueTask<VolumeReader> OpenReadAsync(string path, VolumeReadLimits limits, CancellationToken cancellationToken = default) =>
        await Task.Run(() => OpenRead(path, limits), cancellationToken).ConfigureAwait(false);

    /// <summary>Opens a stream for reading in slabs; it stays open.</summary>
    /// <param name="stream">Stands at the first byte; need not be seekable.</param>
    /// <param name="name">File name for messages.</param>
    /// <param name="limits">Bounds.</param>
    VolumeReader OpenRead(Stream stream, string name, VolumeReadLimits limits) => SpooledStreams.Read(this, stream, limits);

    /// <summary>Opens a stream for reading in slabs without blocking; it stays open.</summary>
    async ValueTask<VolumeReader> OpenReadAsync(Stream stream, string name, VolumeReadLimits limits, CancellationToken cancellationToken = default) =>
        await SpooledStreams.ReadAsync(this, stream, limits, cancellationToken).ConfigureAwait(false);

    /// <summary>Begins a file that is written in slabs; the target changes only in <see cref="VolumeWriter.Complete"/>.</summary>
    VolumeWriter OpenWrite(string path, VolumeGeometry geometry, int channels, VolumeDataType dataType) => new MemoryVolumeWriter(geometry, channels, (volume, async, cancel) => VolumeFile.WriteWhole(this, volume, path, dataType, async, cancel));

    /// <summary>Begins a volume that is written to a stream in slabs; the stream stays open.</summary>
    VolumeWriter OpenWrite(Stream stream, string name, VolumeGeometry geometry, int channels, VolumeDataType dataType) => new MemoryVolumeWriter(geometry, channels, (volume, async, cancel) => SpooledStreams.Write(this, volume, stream, name, dataType, async, cancel));
}
