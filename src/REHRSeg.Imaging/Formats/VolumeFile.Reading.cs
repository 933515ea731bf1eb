namespace REHRSeg.Imaging;

public static partial class VolumeFile
{
    /// <summary>Bytes that <see cref="IVolumeFormat.Recognizes"/> is shown.</summary>
    const int StartBytes = 1024;

    /// <summary>Reads image values (scaling applied) and geometry.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static MLVolume Read(string path, VolumeReadLimits? limits = null) => Existing(path).Read(path, limits ?? VolumeReadLimits.Default);

    /// <summary>Reads a volume from a stream; its content tells the format, the ending of its name where the content does not.</summary>
    /// <param name="stream">Stands at the first byte; need not be seekable, stays open. Of a stream that is not seekable, more than the volume may be read.</param>
    /// <param name="name">File name for messages.</param>
    /// <param name="limits">Bounds; null: <see cref="VolumeReadLimits.Default"/>.</param>
    /// <exception cref="VolumeFormatException">Damaged, oversized, unsupported, or voxels in a file of their own.</exception>
    public static MLVolume Read(Stream stream, string name, VolumeReadLimits? limits = null)
    {
        using var reader = OpenRead(stream, name, limits);
        return ReadAll(reader, false, default).Finished();
    }

    /// <summary>Reads image values (scaling applied) and geometry without blocking.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static async Task<MLVolume> ReadAsync(string path, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        using var reader = await OpenReadAsync(path, limits, cancellationToken).ConfigureAwait(false);
        return await ReadAll(reader, true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a volume from a stream without blocking; its content tells the format, the ending of its name where the content does not.</summary>
    /// <inheritdoc cref="Read(Stream, string, VolumeReadLimits)"/>
    public static async Task<MLVolume> ReadAsync(Stream stream, string name, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        using var reader = await OpenReadAsync(stream, name, limits, cancellationToken).ConfigureAwait(false);
        return await ReadAll(reader, true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads only the geometry.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static VolumeGeometry ReadGeometry(string path, VolumeReadLimits? limits = null) => Existing(path).ReadGeometry(path, limits ?? VolumeReadLimits.Default);

    /// <summary>Reads only the geometry from a stream.</summary>
    /// <inheritdoc cref="Read(Stream, string, VolumeReadLimits)"/>
    public static VolumeGeometry ReadGeometry(Stream stream, string name, VolumeReadLimits? limits = null)
    {
        using var reader = OpenRead(stream, name, limits);
        return reader.Geometry;
    }

    /// <summary>Reads only the geometry, without blocking.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static async Task<VolumeGeometry> ReadGeometryAsync(string path, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        if (Existing(path) is not IVoxelFormat and var added) return await Task.Run(() => added.ReadGeometry(path, limits ?? VolumeReadLimits.Default), cancellationToken).ConfigureAwait(false);
        using var reader = await OpenReadAsync(path, limits, cancellationToken).ConfigureAwait(false);
        return reader.Geometry;
    }

    /// <summary>Reads only the geometry from a stream, without blocking.</summary>
    /// <inheritdoc cref="Read(Stream, string, VolumeReadLimits)"/>
    public static async Task<VolumeGeometry> ReadGeometryAsync(Stream stream, string name, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        using var reader = await OpenReadAsync(stream, name, limits, cancellationToken).ConfigureAwait(false);
        return reader.Geometry;
    }

    /// <summary>Opens a volume that is read in slabs, so that it need not be in memory as a whole.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static VolumeReader OpenRead(string path, VolumeReadLimits? limits = null) => Existing(path).OpenRead(path, limits ?? VolumeReadLimits.Default);

    /// <summary>Opens a stream that is read in slabs.</summary>
    /// <inheritdoc cref="Read(Stream, string, VolumeReadLimits)"/>
    public static VolumeReader OpenRead(Stream stream, string name, VolumeReadLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var (format, content) = Detect(stream, name, false, default).Finished();
        return format.OpenRead(content, name, limits ?? VolumeReadLimits.Default);
    }

    /// <summary>Opens a volume that is read in slabs, without blocking.</summary>
    /// <exception cref="VolumeFormatException">Damaged, oversized or unsupported; the message names file, field, value and remedy.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ValueTask<VolumeReader> OpenReadAsync(string path, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default) =>
        Existing(path).OpenReadAsync(path, limits ?? VolumeReadLimits.Default, cancellationToken);

    /// <summary>Opens a stream that is read in slabs, without blocking.</summary>
    /// <inheritdoc cref="Read(Stream, string, VolumeReadLimits)"/>
    public static async ValueTask<VolumeReader> OpenReadAsync(Stream stream, string name, VolumeReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var (format, content) = await Detect(stream, name, true, cancellationToken).ConfigureAwait(false);
        return await format.OpenReadAsync(content, name, limits ?? VolumeReadLimits.Default, cancellationToken).ConfigureAwait(false);
    }

    static async ValueTask<MLVolume> ReadAll(VolumeReader reader, bool async, CancellationToken cancel)
    {
        if (reader is VoxelReader own) return await own.ReadVolume(async, cancel).ConfigureAwait(false);
        var voxels = new float[checked(reader.Geometry.VoxelCount * reader.Channels)];
        int plane = reader.Geometry.Width * reader.Geometry.Height;
        while (reader.SlicesRead < reader.SliceCount)
        {
            var rest = voxels.AsMemory(reader.SlicesRead * plane);
            if ((async ? await reader.ReadSlicesAsync(rest, cancel).ConfigureAwait(false) : reader.ReadSlices(rest)) == 0) throw new EndOfStreamException($"{reader.GetType().Name} ended after {reader.SlicesRead} of {reader.SliceCount} slices.");
        }
        return new(reader.Geometry, voxels, reader.Channels);
    }

    /// <summary>The format of a stream, and the stream from its first byte on.</summary>
    static async ValueTask<(IVolumeFormat Format, Stream Content)> Detect(Stream stream, string name, bool async, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        long? position = stream.CanSeek ? stream.Position : null;
        var content = new PeekableStream(stream);
        var start = (await content.Peek(StartBytes, async, cancel).ConfigureAwait(false)).ToArray();
        if (position is not null) stream.Position = position.Value;
        var format = Recognize(InflatedStream.IsGzip(start) ? await StartInside(start, name).ConfigureAwait(false) : start) ?? Recognize(start);
        if (format is null && start.Length == 0) throw FormatProblem.Invalid(name, "file length", "0 bytes", "the file is empty; copy or export it again");
        if (format is null && EndingOf(name) is null) throw FormatProblem.Invalid(name, "file content", $"0x{System.Convert.ToHexString(start.AsSpan(0, Math.Min(8, start.Length)))}...", "it begins like no known format; convert the file (a DICOM series: with dcm2niix), or add its format with VolumeFile.Register");
        return (format ?? Find(name).Format, position is null ? content : stream);
    }

    static IVolumeFormat? Recognize(byte[] start) => s_formats.FirstOrDefault(f => f.Recognizes(start));

    /// <summary>What a gzip file begins with inside; nothing where it is damaged, which its reader will tell.</summary>
    static async ValueTask<byte[]> StartInside(byte[] start, string name)
    {
        try
        {
            using var inflated = new InflatedStream(new MemoryStream(start), gzip: true, name);
            var bytes = new byte[64];
            int read = await inflated.Read(bytes, false, default).ConfigureAwait(false);
            return bytes[..read];
        }
        catch (VolumeFormatException)
        {
            return [];
        }
    }
}
