using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace REHRSeg.Imaging;

/// <summary>Begins a MetaImage file: little-endian, zlib or raw, channels as a fourth axis.</summary>
static class MetaImageWriter
{
    /// <summary>Writes the header; a header of its own, after the voxels, if the ending is <c>.mhd</c>.</summary>
    /// <exception cref="VolumeFormatException">A detached header cannot be written to a stream.</exception>
    internal static VoxelWriter Create(VolumeOutput output, VoxelLayout layout, CompressionLevel compression)
    {
        bool detached = output.Name.EndsWith(".mhd", StringComparison.OrdinalIgnoreCase), packs = compression != CompressionLevel.NoCompression;
        if (detached && output.IsStream) throw FormatProblem.Invalid(output.Name, "ending", ".mhd", "it needs two files, and a stream is one; name the stream .mha");
        return detached ? Detached(output, layout, packs, compression) : Attached(output, layout, packs, compression);
    }

    /// <summary>ITK needs the compressed size, which stands before the voxels: its digits are filled in at the end. Where the target is not seekable, voxels are raw.</summary>
    static VoxelWriter Attached(VolumeOutput output, VoxelLayout layout, bool packs, CompressionLevel compression)
    {
        var target = output.Create(output.Name);
        packs &= target.CanSeek;
        string mark = new('0', MetaImageHeader.SizeDigits), header = MetaImageHeader.Write(layout, packs, packs ? mark : null, null);
        byte[] bytes = Encoding.UTF8.GetBytes(header);
        if (!packs) return new(output, layout, new(bytes, target, target, target));
        long start = target.Position;
        return new(output, layout, new(bytes, target, new ZLibStream(target, compression, leaveOpen: true), target, FillIn));

        async ValueTask FillIn(bool async, CancellationToken cancel)
        {
            long end = target.Position;
            target.Position = start + header.IndexOf(mark, StringComparison.Ordinal);
            await target.WriteSome(Encoding.ASCII.GetBytes((end - start - bytes.Length).ToString("D" + MetaImageHeader.SizeDigits, CultureInfo.InvariantCulture)), async, cancel).ConfigureAwait(false);
            target.Position = end;
        }
    }

    /// <summary>Without the compressed size, which ITK then takes from the file: a header and voxels that a killed process left beside each other fit better so.</summary>
    static VoxelWriter Detached(VolumeOutput output, VoxelLayout layout, bool packs, CompressionLevel compression)
    {
        string dataFile = SidecarFile.NameFor(output.Name, packs ? ".zraw" : ".raw");
        byte[] header = Encoding.UTF8.GetBytes(MetaImageHeader.Write(layout, packs, null, dataFile));
        var target = output.Create(Path.Combine(Path.GetDirectoryName(output.Name) ?? "", dataFile));
        return new(output, layout, new([], target, packs ? new ZLibStream(target, compression, leaveOpen: true) : target, target, (async, cancel) => output.Create(output.Name).WriteSome(header, async, cancel)));
    }
}
