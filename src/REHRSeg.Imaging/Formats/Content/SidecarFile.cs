namespace REHRSeg.Imaging;

/// <summary>The file with the voxels that a header in a file of its own names.</summary>
static class SidecarFile
{
    /// <summary>Opens the named file, which must lie in the header's folder or below it: a header from elsewhere must not make this program read other files.</summary>
    /// <exception cref="VolumeFormatException">The name leads elsewhere, to the header itself, or to no file.</exception>
    internal static VolumeInput Open(VolumeInput header, string field, string name, bool async)
    {
        if (header.Path is null) throw FormatProblem.Invalid(header.Name, field, name, "the voxels are in another file, which a stream does not have; read the file by its path, or store header and voxels in one file");
        if (name.Contains("://", StringComparison.Ordinal)) throw FormatProblem.Invalid(header.Name, field, name, "addresses are not followed; put the voxels beside the header");
        if (IsSeveralFiles(name)) throw FormatProblem.Invalid(header.Name, field, name, "voxels in several files are not read; store them in one file");
        string relative = name.Replace('\\', '/');
        if (relative.Length == 0 || relative.Contains('\0') || relative[0] == '/' || relative.Contains(':') || relative.Split('/').Contains(".."))
            throw FormatProblem.Invalid(header.Name, field, name, "the voxels must lie in the header's folder or below it; move them there and name them without .., drive or leading slash");
        string folder = Path.GetDirectoryName(Path.GetFullPath(header.Path))!, path = Path.Combine(folder, relative);
        if (Path.GetFullPath(path) == Path.GetFullPath(header.Path)) throw FormatProblem.Invalid(header.Name, field, name, "that is the header itself; name the file with the voxels");
        if (!File.Exists(path)) throw FormatProblem.Invalid(header.Name, field, name, "there is no file of that name beside the header; put it there");
        return VolumeInput.Open(path, async);
    }

    /// <summary>The name of a header's voxel file, for a text header of its own.</summary>
    /// <exception cref="VolumeFormatException">A header could not tell the name: it has control characters, colons, spaces at its ends, or the form of a list of files.</exception>
    internal static string NameFor(string header, string ending)
    {
        string name = VolumeFile.NameWithoutEnding(header) + ending;
        return name.Any(char.IsControl) || name != name.Trim() || name.Contains('\\') || name.Contains(':') || IsSeveralFiles(name)
            ? throw FormatProblem.Invalid(header, "file name", name, "a header cannot name such a file; choose another name, or store header and voxels in one file")
            : name;
    }

    /// <summary>True for <c>LIST</c> and for patterns as <c>x%03d.raw 1 9 1</c>.</summary>
    static bool IsSeveralFiles(string name) => TextHeader.Words(name) is var words && (words is ["LIST", ..] || (words.Length > 1 && words[0].Contains('%')));
}
