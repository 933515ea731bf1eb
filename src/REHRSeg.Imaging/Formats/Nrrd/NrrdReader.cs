namespace REHRSeg.Imaging;

/// <summary>Opens an NRRD file, or the header of a detached one, and finds its voxels. The header is checked against the length of the file.</summary>
static class NrrdReader
{
    /// <summary>Reads the header.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported.</exception>
    internal static async ValueTask<VoxelReader> Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel)
    {
        var (lines, ended, headerBytes) = await TextHeader.Read(input.Content, line => line.Length == 0, input.Name, limits, async, cancel).ConfigureAwait(false);
        var header = NrrdHeader.Parse(lines, input.Name, limits);
        if (header.DataFile is null && !ended) throw FormatProblem.Invalid(input.Name, "header", "without its empty line", "voxels begin after one; the file is truncated, or it is a detached header that lacks data file");
        var layout = new VoxelLayout(header.Axes.Geometry, header.Axes.Channels, header.Axes.Interleaved, header.Encoding == NrrdEncoding.Text ? new(VolumeDataType.Float64) : new(header.DataType, header.BigEndian));
        List<IDisposable> owned = [];
        try
        {
            var voxels = input;
            if (header.DataFile is { } name) owned.Add(voxels = SidecarFile.Open(input, "data file", name, async));
            long before = voxels == input ? headerBytes : 0;
            before += await SkipLines(voxels, header.LineSkip, limits, async, cancel).ConfigureAwait(false);
            InflatedStream? inflated = null;
            if (header.Encoding == NrrdEncoding.Gzip) owned.Insert(0, inflated = new(voxels.Content, gzip: true, voxels.Name));
            var skipping = inflated is null ? voxels.Content : new PeekableStream(inflated);
            Stream content = header.Encoding == NrrdEncoding.Text ? new TextVoxelStream(skipping, voxels.Name) : skipping;
            var source = new VoxelSource(voxels.Name, voxels.Length, content, inflated, [.. owned, input]);
            long skip = Math.Max(0, header.ByteSkip);
            source.RequirePlausibleLength(before + skip, layout, "sizes", header.Encoding == NrrdEncoding.Text ? 2 * layout.VoxelCount - 1 : layout.Bytes);
            if (header.ByteSkip < 0) return new(layout, source with { Content = LastBytes(voxels, layout.Bytes) });
            if (source.IsUnverified && skip > limits.MaxExtensionBytes) throw FormatProblem.Invalid(input.Name, "byte skip", skip, $"that is more than {limits.MaxExtensionBytes} bytes; raise VolumeReadLimits.MaxExtensionBytes if the file is trusted");
            if (!await skipping.Skip(skip, async, cancel).ConfigureAwait(false)) throw FormatProblem.Invalid(input.Name, "byte skip", skip, "the file ends before; correct the header");
            return new(layout, source);
        }
        catch
        {
            foreach (var item in owned) item.Dispose();
            throw;
        }
    }

    static Stream LastBytes(VolumeInput voxels, long bytes)
    {
        if (voxels.Length is not { } length) throw FormatProblem.Invalid(voxels.Name, "byte skip", -1, "a stream that is not seekable does not know its last bytes; copy it to a file");
        voxels.Seek(length - bytes);
        return voxels.Content;
    }

    /// <summary>Passes over lines; returns their bytes.</summary>
    static async ValueTask<long> SkipLines(VolumeInput voxels, long lines, VolumeReadLimits limits, bool async, CancellationToken cancel)
    {
        long passed = 0;
        while (lines > 0)
        {
            var block = await voxels.Content.Peek(1 << 12, async, cancel).ConfigureAwait(false);
            if (block.IsEmpty || passed > limits.MaxExtensionBytes) throw FormatProblem.Invalid(voxels.Name, "line skip", $"{lines} lines too many", "the file or VolumeReadLimits.MaxExtensionBytes ends before; correct the header");
            int end = block.Span.IndexOf((byte)'\n') + 1;
            int step = end == 0 ? block.Length : end;
            voxels.Content.Skip(step);
            passed += step;
            if (end > 0) lines--;
        }
        return passed;
    }
}
