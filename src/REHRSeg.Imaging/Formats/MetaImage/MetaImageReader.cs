namespace REHRSeg.Imaging;

/// <summary>Opens a MetaImage file, or the header of a detached one, and finds its voxels. The header is checked against the length of the file.</summary>
static class MetaImageReader
{
    /// <summary>Reads the header.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported.</exception>
    internal static async ValueTask<VoxelReader> Open(VolumeInput input, VolumeReadLimits limits, bool async, CancellationToken cancel)
    {
        var (lines, _, headerBytes) = await TextHeader.Read(input.Content, MetaImageHeader.IsLast, input.Name, limits, async, cancel).ConfigureAwait(false);
        var header = MetaImageHeader.Parse(lines, input.Name, limits);
        var layout = new VoxelLayout(header.Geometry, header.Channels, header.Interleaved, header.IsText ? new(VolumeDataType.Float64) : new(header.DataType, header.BigEndian));
        List<IDisposable> owned = [];
        try
        {
            var voxels = input;
            if (header.DataFile is { } name) owned.Add(voxels = SidecarFile.Open(input, "ElementDataFile", name, async));
            long before = (voxels == input ? headerBytes : 0) + Math.Max(0, header.HeaderSize);
            if (header.HeaderSize > 0 && (header.HeaderSize > limits.MaxExtensionBytes || !await voxels.Content.Skip(header.HeaderSize, async, cancel).ConfigureAwait(false)))
                throw FormatProblem.Invalid(input.Name, "HeaderSize", header.HeaderSize, "the file or VolumeReadLimits.MaxExtensionBytes ends before; correct the header");
            Stream content = voxels.Content;
            InflatedStream? inflated = null;
            if (header.IsCompressed) owned.Insert(0, inflated = await Inflate(voxels, before, header, async, cancel).ConfigureAwait(false));
            if (inflated is not null) content = inflated;
            if (header.IsText) content = new TextVoxelStream(content, voxels.Name);
            var source = new VoxelSource(voxels.Name, voxels.Length, content, inflated, [.. owned, input]);
            source.RequirePlausibleLength(before, layout, "DimSize", header.IsText ? 2 * layout.VoxelCount - 1 : layout.Bytes);
            if (header.HeaderSize >= 0) return new(layout, source);
            if (voxels.Length is not { } length) throw FormatProblem.Invalid(input.Name, "HeaderSize", -1, "a stream that is not seekable does not know its last bytes; copy it to a file");
            voxels.Seek(length - layout.Bytes);
            return new(layout, source with { Content = voxels.Content });
        }
        catch
        {
            foreach (var item in owned) item.Dispose();
            throw;
        }
    }

    /// <summary>zlib or gzip, as MetaIO tells them: by their first bytes.</summary>
    static async ValueTask<InflatedStream> Inflate(VolumeInput voxels, long before, MetaImageHeader header, bool async, CancellationToken cancel)
    {
        if (header.CompressedBytes is { } claimed && voxels.Length is { } length && claimed > length - before)
            throw FormatProblem.Invalid(voxels.Name, "CompressedDataSize", claimed, $"only {length - before} bytes follow the header: the file is truncated or the header wrong; copy or export it again");
        bool gzip = InflatedStream.IsGzip((await voxels.Content.Peek(2, async, cancel).ConfigureAwait(false)).Span);
        return new(header.CompressedBytes is { } bytes ? new BoundedStream(voxels.Content, bytes) : voxels.Content, gzip, voxels.Name);
    }
}
