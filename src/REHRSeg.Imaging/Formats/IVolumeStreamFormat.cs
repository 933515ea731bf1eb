namespace REHRSeg.Imaging;

/// <summary>A file format of one file that <see cref="VolumeFile"/> can also read from and write to streams, for example of an upload.</summary>
public interface IVolumeStreamFormat : IVolumeFormat
{
    /// <summary>Reads voxels and geometry.</summary>
    /// <param name="stream">Readable, seekable, at its beginning; stays open.</param>
    /// <param name="name">File name that the content would have: its ending may tell the variant, and messages begin with it.</param>
    /// <param name="limits">Bounds on what is read.</param>
    MLVolume Read(Stream stream, string name, VolumeReadLimits limits);
    /// <summary>Writes a volume.</summary>
    /// <param name="volume">What to write.</param>
    /// <param name="stream">Writable; stays open. Need not be seekable.</param>
    /// <param name="name">File name that the content would have: its ending may tell the variant.</param>
    /// <param name="dataType">How voxels are stored.</param>
    void Write(MLVolume volume, Stream stream, string name, VolumeDataType dataType);
}
