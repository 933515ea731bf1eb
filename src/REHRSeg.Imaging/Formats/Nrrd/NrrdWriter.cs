using System.IO.Compression;
using System.Text;

namespace REHRSeg.Imaging;

/// <summary>Begins an NRRD file: little-endian, gzip, raw or text, channels as a last axis.</summary>
static class NrrdWriter
{
    /// <summary>Writes the header; a header of its own, after the voxels, if the ending is <c>.nhdr</c>.</summary>
    /// <exception cref="VolumeFormatException">A detached header cannot be written to a stream.</exception>
    internal static VoxelWriter Create(VolumeOutput output, VoxelLayout layout, NrrdEncoding encoding, CompressionLevel compression)
    {
        bool detached = output.Name.EndsWith(".nhdr", StringComparison.OrdinalIgnoreCase);
        if (detached && output.IsStream) throw FormatProblem.Invalid(output.Name, "ending", ".nhdr", "it needs two files, and a stream is one; name the stream .nrrd");
        string? dataFile = detached ? SidecarFile.NameFor(output.Name, encoding switch { NrrdEncoding.Gzip => ".raw.gz", NrrdEncoding.Text => ".txt", _ => ".raw" }) : null;
        byte[] header = Encoding.UTF8.GetBytes(NrrdHeader.Write(layout, encoding, dataFile));
        var target = output.Create(dataFile is null ? output.Name : Path.Combine(Path.GetDirectoryName(output.Name) ?? "", dataFile));
        Stream content = encoding switch { NrrdEncoding.Gzip => new ParallelGzipStream(target, compression), NrrdEncoding.Text => new TextEncodingStream(target, layout.Stored.Type), _ => target };
        return new(output, layout, dataFile is null ? new(header, target, content, target) : new([], target, content, target, (async, cancel) => output.Create(output.Name).WriteSome(header, async, cancel)));
    }
}
