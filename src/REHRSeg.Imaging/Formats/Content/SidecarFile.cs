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
        var words = TextHeader.Words(name);
        if (words is ["LIST", ..] || (words.Length > 1 && words[0].Contains('%'))) throw FormatProblem.Invalid(header.Name, field, name, "voxels in several files are not read; store them in one file");
        string relative = name.Replace('\\', '/');
        if (relative.Length == 0 || relative.Contains('\0') || relative[0] == '/' || relative.Contains(':') || relative.Split('/').Contains(".."))
            throw FormatProblem.Invalid(header.Name, field, name, "the voxels must lie in the header's folder or below it; move them there and name them without .., drive or leading slash");
        string folder = Path.GetDirectoryName(Path.GetFullPath(header.Path))!, path = Path.Combine(folder, relative);
        if (Path.GetFullPath(path) == Path.GetFullPath(header.Path)) throw FormatProblem.Invalid(header.Name, field, name, "that is the header itself; name the file with the voxels");
        if (!File.Exists(path)) throw FormatProblem.Invalid(header.Name, field, name, $"there is no file {path}; put it beside the header");
        return VolumeInput.Open(path, async);
    }
}
