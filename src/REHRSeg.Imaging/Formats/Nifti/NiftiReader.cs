using System.Buffers.Binary;

namespace REHRSeg.Imaging;

/// <summary>Opens a NIfTI file, or the header of a pair, and finds its voxels. The header is checked against the length of the file.</summary>
static class NiftiReader
{
    /// <summary>Reads header and extensions.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported.</exception>
    internal static async ValueTask<VoxelReader> Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel)
    {
        List<IDisposable> owned = [];
        try
        {
            var (content, inflated) = await Inflate(input, owned, async, cancel).ConfigureAwait(false);
            var header = NiftiHeader.Parse((await content.Peek(NiftiHeader.Length2, async, cancel).ConfigureAwait(false)).Span, input.Name, limits);
            var layout = new VoxelLayout(NiftiOrientation.ToGeometry(header, input.Name), header.Channels, false, new(header.DataType, header.BigEndian, header.Scaling.Slope, header.Scaling.Intercept));
            content.Skip(header.Length);
            if (!header.IsPair)
            {
                var source = new VoxelSource(input.Name, input.Length, content, inflated, [.. owned, input]);
                source.RequirePlausibleLength(header.VoxelOffset, layout, "dim", layout.Bytes);
                await SkipExtensions(content, header, input, async, cancel).ConfigureAwait(false);
                return new(layout, source);
            }
            var voxels = OpenImage(input, async);
            owned.Add(voxels);
            (content, inflated) = await Inflate(voxels, owned, async, cancel).ConfigureAwait(false);
            var image = new VoxelSource(voxels.Name, voxels.Length, content, inflated, [.. owned, input]);
            image.RequirePlausibleLength(header.VoxelOffset, layout, "dim", layout.Bytes);
            if (!await content.Skip(header.VoxelOffset, async, cancel).ConfigureAwait(false)) throw Truncated(voxels, "bytes before the voxels");
            return new(layout, image);
        }
        catch
        {
            foreach (var item in owned) item.Dispose();
            throw;
        }
    }

    /// <summary>The content of a file that is compressed as its name says; streams are told by their content.</summary>
    static async ValueTask<(PeekableStream Content, InflatedStream? Inflated)> Inflate(VolumeInput input, List<IDisposable> owned, bool async, CancellationToken cancel)
    {
        bool gzip = InflatedStream.IsGzip((await input.Content.Peek(2, async, cancel).ConfigureAwait(false)).Span);
        if (input.Path is not null && gzip != input.Path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            throw FormatProblem.Invalid(input.Name, "file content", gzip ? "gzip" : "not gzip", gzip ? $"rename the file to {Path.GetFileName(input.Name)}.gz" : "it is damaged, or uncompressed and should be named without .gz");
        if (!gzip) return (input.Content, null);
        var inflated = new InflatedStream(input.Content, gzip: true, input.Name);
        owned.Add(inflated);
        return (new(inflated), inflated);
    }

    /// <summary>The <c>.img</c> or <c>.img.gz</c> of a <c>.hdr</c>.</summary>
    static VolumeInput OpenImage(VolumeInput header, bool async)
    {
        if (header.Path is null) throw FormatProblem.Invalid(header.Name, "magic", "ni1 or ni2", "the voxels are in another file, which a stream does not have; read the .hdr by its path, or store the volume as .nii");
        string name = VolumeFile.NameWithoutEnding(header.Path), folder = Path.GetDirectoryName(Path.GetFullPath(header.Path))!;
        string[] candidates = [name + ".img", name + ".img.gz"];
        if (header.Path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) Array.Reverse(candidates);
        string image = candidates.FirstOrDefault(c => File.Exists(Path.Combine(folder, c))) ?? throw FormatProblem.Invalid(header.Name, "magic", "ni1 or ni2", $"it is the header (.hdr) of a pair of files, but there is no {candidates[0]} or {candidates[1]} beside it");
        return VolumeInput.Open(Path.Combine(folder, image), async);
    }

    /// <summary>Passes over the extensions; their sizes must add up to the place of the voxels.</summary>
    static async ValueTask SkipExtensions(PeekableStream content, NiftiHeader header, VolumeInput input, bool async, CancellationToken cancel)
    {
        long left = header.VoxelOffset - header.Length;
        var flag = await content.Peek(NiftiHeader.ExtensionFlagBytes, async, cancel).ConfigureAwait(false);
        if (flag.Length < NiftiHeader.ExtensionFlagBytes) throw Truncated(input, "header extensions");
        bool extended = flag.Span[0] != 0;
        content.Skip(NiftiHeader.ExtensionFlagBytes);
        left -= NiftiHeader.ExtensionFlagBytes;
        while (extended && left >= 8)
        {
            var start = await content.Peek(8, async, cancel).ConfigureAwait(false);
            if (start.Length < 8) throw Truncated(input, "header extensions");
            int size = header.BigEndian ? BinaryPrimitives.ReadInt32BigEndian(start.Span) : BinaryPrimitives.ReadInt32LittleEndian(start.Span);
            if (size < 16 || size > left) throw FormatProblem.Invalid(input.Name, "esize", size, $"a header extension has at least 16 bytes and ends before the voxels ({left} bytes are left); correct the extension or set the flag after the header to 0");
            if (!await content.Skip(size, async, cancel).ConfigureAwait(false)) throw Truncated(input, "header extensions");
            left -= size;
        }
        if (!await content.Skip(left, async, cancel).ConfigureAwait(false)) throw Truncated(input, "header extensions");
    }

    static VolumeFormatException Truncated(VolumeInput input, string part) =>
        FormatProblem.Invalid(input.Name, "file length", input.Length is { } length ? $"{length} bytes" : "too short", $"it ends within the {part}: the file is truncated; copy or export it again");
}
