using System.Collections.Immutable;

namespace REHRSeg.Imaging;

/// <summary>Reads and writes volumes by file name. Formats: NIfTI-1 (<c>.nii</c>, <c>.nii.gz</c>); others through <see cref="IVolumeFormat"/>.</summary>
public static class VolumeFile
{
    static ImmutableArray<IVolumeFormat> s_formats = [new NiftiFormat()];

    /// <summary>Adds a format for the whole process; where endings collide, the format registered last wins.</summary>
    /// <exception cref="ArgumentException">The format names no ending, or one without its leading dot.</exception>
    public static void Register(IVolumeFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (format.Endings.Count == 0 || format.Endings.Any(e => e.Length < 2 || e[0] != '.'))
            throw new ArgumentException($"{format.GetType().Name} names the endings [{string.Join(", ", format.Endings)}]; it needs at least one, each with its leading dot.", nameof(format));
        ImmutableInterlocked.Update(ref s_formats, (formats, added) => formats.Insert(0, added), format);
    }

    /// <summary>Reads image values (scaling applied) and geometry.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static MLVolume Read(string path, VolumeReadLimits? limits = null) => Existing(path).Read(path, limits ?? VolumeReadLimits.Default);

    /// <summary>Reads image values (scaling applied) and geometry from memory or an open file.</summary>
    /// <param name="stream">
    /// Readable and seekable, at its beginning; read to its end and left open. Copy what comes over a network to a <see cref="MemoryStream"/> or a file first, up to a length of your own choice:
    /// sizes are checked against the stream's length before memory is allocated.
    /// </param>
    /// <param name="name">File name that the content would have: its ending tells the format, and messages begin with it.</param>
    /// <param name="limits">Bounds on what is read; null: <see cref="VolumeReadLimits.Default"/>.</param>
    /// <exception cref="ArgumentException">The stream cannot seek, or is not at its beginning.</exception>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported, or the format reads no streams; the message names <paramref name="name"/>, field, value and remedy.</exception>
    public static MLVolume Read(Stream stream, string name, VolumeReadLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead || !stream.CanSeek || stream.Position != 0)
            throw new ArgumentException($"{name}: the stream must be readable, seekable and at its beginning; copy it to a MemoryStream, or set its Position to 0.", nameof(stream));
        return OfStreams(name).Read(stream, name, limits ?? VolumeReadLimits.Default);
    }

    /// <summary>Reads only the geometry.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static VolumeGeometry ReadGeometry(string path, VolumeReadLimits? limits = null) => Existing(path).ReadGeometry(path, limits ?? VolumeReadLimits.Default);

    /// <summary>Writes under a temporary name, flushes, renames: the target is never half-written. The folder is created.</summary>
    /// <param name="volume">What to write.</param>
    /// <param name="path">Ends in <c>.nii</c> or <c>.nii.gz</c>, or as a registered format says.</param>
    /// <param name="dataType">How voxels are stored; null: float32. Integer types round to the nearest integer.</param>
    /// <exception cref="VolumeFormatException">A value does not fit <paramref name="dataType"/>, or the ending is unknown.</exception>
    /// <exception cref="IOException">The folder or file cannot be written.</exception>
    public static void Write(MLVolume volume, string path, VolumeDataType? dataType = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        var (format, ending) = Find(path);
        try
        {
            AtomicFile.Write(path, ending, temporary => format.Write(volume, temporary, dataType ?? VolumeDataType.Float32));
        }
        catch (VolumeFormatException e)
        {
            throw new VolumeFormatException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Writes to memory, a network or an open file, for example <c>labels.nii.gz</c> into a response.</summary>
    /// <param name="volume">What to write.</param>
    /// <param name="stream">Writable; need not be seekable. Left open, and incomplete after an exception.</param>
    /// <param name="name">File name that the content would have: its ending tells the format, and messages begin with it.</param>
    /// <param name="dataType">How voxels are stored; null: float32. Integer types round to the nearest integer.</param>
    /// <exception cref="VolumeFormatException">A value does not fit <paramref name="dataType"/>, the ending is unknown, or its format writes no streams.</exception>
    public static void Write(MLVolume volume, Stream stream, string name, VolumeDataType? dataType = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(stream);
        var format = OfStreams(name);
        try
        {
            format.Write(volume, stream, name, dataType ?? VolumeDataType.Float32);
        }
        catch (VolumeFormatException e)
        {
            throw new VolumeFormatException($"{name}: {e.Message}", e);
        }
    }

    /// <summary>Writes a label map in the smallest type that holds it: uint8 if all values are 0 to 255, else int16.</summary>
    /// <exception cref="VolumeFormatException">A value is not an integer that fits int16; nothing is written.</exception>
    /// <exception cref="IOException">The folder or file cannot be written.</exception>
    public static void WriteLabels(MLVolume labels, string path) => Write(labels, path, LabelType(labels, path));

    /// <summary>Writes a label map in the smallest type that holds it: uint8 if all values are 0 to 255, else int16.</summary>
    /// <param name="labels">What to write.</param>
    /// <param name="stream">Writable; need not be seekable. Left open.</param>
    /// <param name="name">File name that the content would have: its ending tells the format, and messages begin with it.</param>
    /// <exception cref="VolumeFormatException">A value is not an integer that fits int16, the ending is unknown, or its format writes no streams; nothing is written.</exception>
    public static void WriteLabels(MLVolume labels, Stream stream, string name) => Write(labels, stream, name, LabelType(labels, name));

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

    /// <summary>The known file ending of <paramref name="path"/> (lower case, with dot, for example <c>.nii.gz</c>), or null if no format reads it.</summary>
    public static string? EndingOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return s_formats.SelectMany(f => f.Endings).Where(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase)).MaxBy(e => e.Length);
    }

    /// <summary>File name without folder and without its known ending: <c>imagesTr/CASE_0000.nii.gz</c> gives <c>CASE_0000</c>.</summary>
    public static string NameWithoutEnding(string path) => EndingOf(path) is { } ending ? Path.GetFileName(path)[..^ending.Length] : Path.GetFileNameWithoutExtension(path);

    static IVolumeFormat Existing(string path)
    {
        var (format, _) = Find(path);
        if (Directory.Exists(path)) throw new VolumeFormatException($"{path} is a folder; name a file in it.");
        return File.Exists(path) ? format : throw new FileNotFoundException($"{path}: there is no such file; check the name and the folder.", path);
    }

    static IVolumeStreamFormat OfStreams(string name) => Find(name).Format as IVolumeStreamFormat
        ?? throw new VolumeFormatException($"{name}: {EndingOf(name)} can be read and written as a file only; save it to a folder, or implement {nameof(IVolumeStreamFormat)} for the format.");

    static (IVolumeFormat Format, string Ending) Find(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var formats = s_formats;
        if (EndingOf(path) is not { } ending)
            throw new VolumeFormatException($"{path}: the ending is not one of {string.Join(", ", formats.SelectMany(f => f.Endings).Distinct())}; convert the file, or add its format with VolumeFile.Register.");
        return (formats.First(f => f.Endings.Contains(ending)), ending);
    }
}
