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

    /// <summary>The compressed size stands before the voxels: its digits are filled in at the end where the target is seekable, else the field is left out.</summary>
    static VoxelWriter Attached(VolumeOutput output, VoxelLayout layout, bool packs, CompressionLevel compression)
    {
        var target = output.Create(output.Name);
        string mark = new('0', MetaImageHeader.SizeDigits);
        string header = MetaImageHeader.Write(layout, !packs ? null : target.CanSeek ? mark : "", null);
        byte[] bytes = Encoding.UTF8.GetBytes(header);
        if (!packs) return new(output, layout, new(bytes, target, target, target));
        long start = target.CanSeek ? target.Position : 0;
        return new(output, layout, new(bytes, target, new ZLibStream(target, compression, leaveOpen: true), target, target.CanSeek ? FillIn : null));

        async ValueTask FillIn(bool async, CancellationToken cancel)
        {
            long end = target.Position;
            target.Position = start + header.IndexOf(mark, StringComparison.Ordinal);
            await target.WriteSome(Encoding.ASCII.GetBytes((end - start - bytes.Length).ToString("D" + MetaImageHeader.SizeDigits, CultureInfo.InvariantCulture)), async, cancel).ConfigureAwait(false);
            target.Position = end;
        }
    }

    static VoxelWriter Detached(VolumeOutput output, VoxelLayout layout, bool packs, CompressionLevel compression)
    {
        string dataFile = SidecarFile.NameFor(output.Name, packs ? ".zraw" : ".raw");
        var target = output.Create(Path.Combine(Path.GetDirectoryName(output.Name) ?? "", dataFile));
        return new(output, layout, new([], target, packs ? new ZLibStream(target, compression, leaveOpen: true) : target, target, (async, cancel) =>
        {
            string? size = packs ? target.Position.ToString(CultureInfo.InvariantCulture) : null;
            return output.Create(output.Name).WriteSome(Encoding.UTF8.GetBytes(MetaImageHeader.Write(layout, size, dataFile)), async, cancel);
        }));
    }
}
