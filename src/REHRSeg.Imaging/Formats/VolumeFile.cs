using System.Collections.Immutable;

namespace REHRSeg.Imaging;

/// <summary>
/// Reads and writes volumes by file name or as streams, whole or in slabs, blocking or asynchronously. Formats: NIfTI-1 and NIfTI-2
/// (<c>.nii</c>, <c>.nii.gz</c>, <c>.hdr</c>), NRRD (<c>.nrrd</c>, <c>.nhdr</c>), MetaImage (<c>.mha</c>, <c>.mhd</c>); others through
/// <see cref="IVolumeFormat"/>.
/// </summary>
/// <remarks>
/// Thread-safe. Cancelled, the asynchronous members throw <see cref="OperationCanceledException"/> between blocks and leave a target as it was.
/// A folder or zip of a DICOM series is converted with dcm2niix (https://github.com/rordenlab/dcm2niix) before.
/// </remarks>
public static partial class VolumeFile
{
    static ImmutableArray<IVolumeFormat> s_formats = [new NiftiFormat(), new NrrdFormat(), new MetaImageFormat()];

    /// <summary>Adds a format for the whole process; where endings collide, the format registered last wins.</summary>
    /// <exception cref="ArgumentException">The format names no ending, or one without its leading dot.</exception>
    public static void Register(IVolumeFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (format.Endings.Count == 0 || format.Endings.Any(e => e.Length < 2 || e[0] != '.'))
            throw new ArgumentException($"{format.GetType().Name} names the endings [{string.Join(", ", format.Endings)}]; it needs at least one, each with its leading dot.", nameof(format));
        ImmutableInterlocked.Update(ref s_formats, (formats, added) => formats.Insert(0, added), format);
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

    static (IVolumeFormat Format, string Ending) Find(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var formats = s_formats;
        if (EndingOf(path) is not { } ending)
            throw new VolumeFormatException($"{path}: the ending is not one of {string.Join(", ", formats.SelectMany(f => f.Endings).Distinct())}; convert the file (a DICOM series: with dcm2niix), add its format with VolumeFile.Register, or name the header (.hdr) of a pair of files.");
        return (formats.First(f => f.Endings.Contains(ending)), ending);
    }
}
