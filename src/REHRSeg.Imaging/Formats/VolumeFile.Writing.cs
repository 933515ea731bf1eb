namespace REHRSeg.Imaging;

public static partial class VolumeFile
{
    const string UnknownDataType = "This is not a data type.";

    /// <summary>Writes under a temporary name, flushes, renames: the target is never half-written. The folder is created.</summary>
    /// <param name="volume">What to write.</param>
    /// <param name="path">Its ending tells the format, for example <c>.nii.gz</c>, <c>.nrrd</c>, <c>.mha</c>.</param>
    /// <param name="dataType">How voxels are stored; null: float32. Integer types round to the nearest integer.</param>
    /// <exception cref="VolumeFormatException">A value does not fit <paramref name="dataType"/>, or the ending is unknown.</exception>
    /// <exception cref="IOException">The folder or file cannot be written.</exception>
    public static void Write(MLVolume volume, string path, VolumeDataType? dataType = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        var (format, _) = Find(path);
        if (format is IVoxelFormat) format.Write(volume, path, Checked(dataType));
        else WriteWhole(format, volume, path, Checked(dataType));
    }

    /// <summary>Writes to a stream, which stays open.</summary>
    /// <param name="volume">What to write.</param>
    /// <param name="stream">Writable; need not be seekable.</param>
    /// <param name="name">Its ending tells the format, which must store header and voxels in one file.</param>
    /// <param name="dataType">How voxels are stored; null: float32. Integer types round to the nearest integer.</param>
    /// <exception cref="VolumeFormatException">A value does not fit <paramref name="dataType"/>, or the ending is unknown or that of two files.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(MLVolume volume, Stream stream, string name, VolumeDataType? dataType = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        using var writer = OpenWrite(stream, name, volume.Geometry, volume.Channels, dataType);
        writer.WriteSlices(volume.Memory);
        writer.Complete();
    }

    /// <summary>Writes without blocking, under a temporary name that is renamed at the end.</summary>
    /// <inheritdoc cref="Write(MLVolume, string, VolumeDataType?)"/>
    public static async Task WriteAsync(MLVolume volume, string path, VolumeDataType? dataType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(volume);
        using var writer = OpenWrite(path, volume.Geometry, volume.Channels, dataType);
        await writer.WriteSlicesAsync(volume.Memory, cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes to a stream, which stays open, without blocking.</summary>
    /// <inheritdoc cref="Write(MLVolume, Stream, string, VolumeDataType?)"/>
    public static async Task WriteAsync(MLVolume volume, Stream stream, string name, VolumeDataType? dataType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(volume);
        using var writer = OpenWrite(stream, name, volume.Geometry, volume.Channels, dataType);
        await writer.WriteSlicesAsync(volume.Memory, cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    static void RequireChannels(VolumeGeometry geometry, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if ((long)channels * geometry.Depth > int.MaxValue) throw new ArgumentOutOfRangeException(nameof(channels), channels, $"{channels} channels of {geometry.Depth} slices are more than {int.MaxValue} slices.");
    }

    /// <summary>Begins a file that is written in slabs; the target changes only in <see cref="VolumeWriter.Complete"/>.</summary>
    /// <inheritdoc cref="Write(MLVolume, string, VolumeDataType?)"/>
    public static VolumeWriter OpenWrite(string path, VolumeGeometry geometry, int channels = 1, VolumeDataType? dataType = null)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        RequireChannels(geometry, channels);
        return Find(path).Format.OpenWrite(path, geometry, channels, Checked(dataType));
    }

    /// <summary>Begins a volume that is written to a stream in slabs.</summary>
    /// <inheritdoc cref="Write(MLVolume, Stream, string, VolumeDataType?)"/>
    public static VolumeWriter OpenWrite(Stream stream, string name, VolumeGeometry geometry, int channels = 1, VolumeDataType? dataType = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(geometry);
        RequireChannels(geometry, channels);
        return Find(name).Format.OpenWrite(stream, name, geometry, channels, Checked(dataType));
    }

    /// <summary>
    /// Copies a volume into another file, whose ending tells the format, slab by slab: memory does not depend on the volume's size.
    /// Scaling is applied; values go through <c>float</c>.
    /// </summary>
    /// <param name="source">What to read.</param>
    /// <param name="target">What to write; replaced as a whole.</param>
    /// <param name="dataType">How voxels are stored; null: as in the source (float32 where its values are scaled or not known).</param>
    /// <param name="limits">Bounds for the source.</param>
    /// <exception cref="VolumeFormatException">The source is damaged, or a value does not fit.</exception>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public static void Convert(string source, string target, VolumeDataType? dataType = null, VolumeReadLimits? limits = null) => Convert(source, target, dataType, limits, false, default).Finished();

    /// <summary>Copies a volume into another file, slab by slab, without blocking.</summary>
    /// <inheritdoc cref="Convert(string, string, VolumeDataType?, VolumeReadLimits)"/>
    public static Task ConvertAsync(string source, string target, VolumeDataType? dataType = null, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default) =>
        Convert(source, target, dataType, limits, true, cancellationToken).AsTask();

    static async ValueTask Convert(string source, string target, VolumeDataType? dataType, VolumeReadLimits? limits, bool async, CancellationToken cancel)
    {
        const int SlabVoxels = 1 << 20;
        using var reader = async ? await OpenReadAsync(source, limits, cancel).ConfigureAwait(false) : OpenRead(source, limits);
        using var writer = OpenWrite(target, reader.Geometry, reader.Channels, dataType ?? reader.DataType);
        int plane = reader.Geometry.Width * reader.Geometry.Height;
        var slab = new float[Math.Min(reader.SliceCount, Math.Max(1, SlabVoxels / plane)) * plane];
        while ((async ? await reader.ReadSlicesAsync(slab, cancel).ConfigureAwait(false) : reader.ReadSlices(slab)) is var count and > 0)
            if (async) await writer.WriteSlicesAsync(slab.AsMemory(0, count * plane), cancel).ConfigureAwait(false);
            else writer.WriteSlices(slab.AsMemory(0, count * plane));
        if (async) await writer.CompleteAsync(cancel).ConfigureAwait(false);
        else writer.Complete();
    }

    /// <summary>Writes a label map in the smallest type that holds it: uint8 if all values are 0 to 255, else int16.</summary>
    /// <exception cref="VolumeFormatException">A value is not an integer that fits int16; nothing is written.</exception>
    /// <exception cref="IOException">The folder or file cannot be written.</exception>
    public static void WriteLabels(MLVolume labels, string path) => Write(labels, path, LabelType(labels, path));

    /// <summary>Writes a label map to a stream in the smallest type that holds it: uint8 if all values are 0 to 255, else int16.</summary>
    /// <exception cref="VolumeFormatException">A value is not an integer that fits int16; nothing is written.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void WriteLabels(MLVolume labels, Stream stream, string name) => Write(labels, stream, name, LabelType(labels, name));

    /// <summary>Writes a label map without blocking, in the smallest type that holds it.</summary>
    /// <inheritdoc cref="WriteLabels(MLVolume, string)"/>
    public static Task WriteLabelsAsync(MLVolume labels, string path, CancellationToken cancellationToken = default) => WriteAsync(labels, path, LabelType(labels, path), cancellationToken);

    /// <summary>Writes a label map to a stream without blocking, in the smallest type that holds it.</summary>
    /// <inheritdoc cref="WriteLabels(MLVolume, Stream, string)"/>
    public static Task WriteLabelsAsync(MLVolume labels, Stream stream, string name, CancellationToken cancellationToken = default) => WriteAsync(labels, stream, name, LabelType(labels, name), cancellationToken);

    /// <summary>A format that writes whole volumes, under a temporary name that is renamed at the end.</summary>
    internal static async ValueTask WriteWhole(IVolumeFormat format, MLVolume volume, string path, VolumeDataType dataType, bool async, CancellationToken cancel)
    {
        if (async) await Task.Run(() => WriteWhole(format, volume, path, dataType), cancel).ConfigureAwait(false);
        else WriteWhole(format, volume, path, dataType);
    }

    static void WriteWhole(IVolumeFormat format, MLVolume volume, string path, VolumeDataType dataType)
    {
        try
        {
            AtomicFile.Write(path, Find(path).Ending, temporary => format.Write(volume, temporary, dataType));
        }
        catch (VolumeFormatException e)
        {
            throw new VolumeFormatException($"{path}: {e.Message}", e);
        }
    }

    static VolumeDataType LabelType(MLVolume labels, string name)
    {
        ArgumentNullException.ThrowIfNull(labels);
        float low = 0, high = 0;
        foreach (float value in labels.Voxels)
        {
            if (value != MathF.Round(value)) throw new VolumeFormatException($"{name}: a label is {value}; labels are integers, so write this volume as an image or threshold it first.");
            (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
        }
        return low >= 0 && high <= byte.MaxValue ? VolumeDataType.UInt8 : VolumeDataType.Int16;
    }

    static VolumeDataType Checked(VolumeDataType? dataType) => dataType is not { } type ? VolumeDataType.Float32 : Enum.IsDefined(type) ? type : throw new ArgumentOutOfRangeException(nameof(dataType), dataType, UnknownDataType);
}
