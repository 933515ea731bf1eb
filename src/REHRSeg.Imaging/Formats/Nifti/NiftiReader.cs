using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// Reads one NIfTI-1 file. The header is checked against the file's length before voxels are allocated; of a compressed file, which may
/// claim more than it holds, memory grows only as data arrive.
/// </summary>
sealed class NiftiReader : IDisposable
{
    /// <summary>deflate cannot shrink data further than this.</summary>
    const long MaxDeflateRatio = 1032;
    const int BlockBytes = 1 << 18;

    readonly string _path;
    readonly Stream _file;
    readonly Stream _content;
    readonly NiftiHeader _header;
    readonly bool _compressed, _leaveOpen;
    long _inflated;

    internal NiftiReader(string path, VolumeReadLimits limits)
        : this(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan), path, limits) { }

    /// <summary>Reads a seekable stream from its beginning to its end; <paramref name="path"/> is its name in messages, and tells whether it is compressed.</summary>
    internal NiftiReader(Stream file, string path, VolumeReadLimits limits, bool leaveOpen = false)
    {
        (_file, _path, _leaveOpen) = (file, path, leaveOpen);
        try
        {
            if (_file.Length == 0) throw NiftiHeader.Invalid(path, "file length", "0 bytes", "the file is empty; copy or export it again");
            _compressed = IsGzip();
            if (_compressed != path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
                throw NiftiHeader.Invalid(path, "file content", _compressed ? "gzip" : "not gzip", _compressed ? "rename the file to .nii.gz" : "it is damaged, or uncompressed and should be named .nii");
            _content = _compressed ? new GZipStream(_file, CompressionMode.Decompress, leaveOpen: true) : _file;
            var bytes = new byte[NiftiHeader.Length];
            Fill(bytes, "header");
            _header = NiftiHeader.Parse(bytes, path, limits);
            RequirePlausibleLength();
            Geometry = NiftiOrientation.ToGeometry(_header, path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal VolumeGeometry Geometry { get; }

    internal MLVolume Read()
    {
        int voxelBytes = _header.DataType.Bytes(), total = (int)_header.VoxelCount, perBlock = BlockBytes / voxelBytes;
        var values = new float[_compressed ? Math.Min(total, Math.Max(perBlock, _file.Length * 64 / voxelBytes)) : total];
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            Skip(_header.VoxelOffset - NiftiHeader.Length, block);
            for (int done = 0; done < total;)
            {
                int count = Math.Min(perBlock, total - done);
                var bytes = block.AsSpan(0, count * voxelBytes);
                Fill(bytes, "voxels");
                if (done + count > values.Length) Array.Resize(ref values, (int)Math.Min(total, 2L * (done + count)));
                NiftiVoxels.Decode(bytes, values.AsSpan(done, count), _header);
                done += count;
            }
            RequireEnd(block);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        return new(Geometry, values, _header.Channels);
    }

    public void Dispose()
    {
        if (_content != _file) _content?.Dispose();
        if (!_leaveOpen) _file.Dispose();
    }

    bool IsGzip()
    {
        bool gzip = _file.ReadByte() == 0x1F && _file.ReadByte() == 0x8B;
        _file.Position = 0;
        return gzip;
    }

    void RequirePlausibleLength()
    {
        long needed = _header.VoxelOffset + _header.VoxelBytes, length = _file.Length;
        if (_compressed ? needed / MaxDeflateRatio > length : needed > length)
            throw NiftiHeader.Invalid(_path, "file length", $"{length} bytes", $"{string.Join("x", _header.Size)} voxels x {_header.Channels} channel(s) of {_header.DataType} need {needed}{(_compressed ? " before compression" : "")}, so the file is truncated or its dim is wrong; copy or export it again");
    }

    /// <summary>Zero padding after the voxels is harmless; anything else means that dim or datatype is wrong.</summary>
    void RequireEnd(byte[] block)
    {
        for (int blocks = 0, read; (read = ReadSome(block)) > 0; blocks++)
            if (blocks > 16 || block.AsSpan(0, read).ContainsAnyExcept((byte)0))
                throw NiftiHeader.Invalid(_path, "file length", "more than the voxels", $"other data follow the {string.Join("x", _header.Size)} voxels x {_header.Channels} channel(s) of {_header.DataType}, so dim or datatype is wrong or the file was overwritten in part; export it again");
        if (_compressed) RequireTrailer();
    }

    /// <summary>A gzip file ends with the length of its content. <see cref="GZipStream"/> does not notice a trailer that was cut off.</summary>
    void RequireTrailer()
    {
        Span<byte> length = stackalloc byte[4];
        _file.Position = _file.Length - 4;
        _file.ReadExactly(length);
        uint stated = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (stated != (uint)_inflated)
            throw NiftiHeader.Invalid(_path, "gzip length", $"{stated} bytes", $"{_inflated} were found: the file is truncated, or other data follow the compressed ones; copy or compress it again");
    }

    void Skip(long count, byte[] block)
    {
        while (count > 0)
        {
            int step = (int)Math.Min(count, BlockBytes);
            Fill(block.AsSpan(0, step), "header extensions");
            count -= step;
        }
    }

    void Fill(Span<byte> bytes, string part)
    {
        for (int done = 0, read; done < bytes.Length; done += read)
            if ((read = ReadSome(bytes[done..])) == 0)
                throw NiftiHeader.Invalid(_path, "file length", $"{_file.Length} bytes", $"it ends within the {part}: the file is truncated; copy or export it again");
    }

    int ReadSome(Span<byte> bytes)
    {
        try
        {
            int read = _content.Read(bytes);
            _inflated += read;
            return read;
        }
        catch (InvalidDataException e)
        {
            throw new VolumeFormatException($"{_path}: gzip data are truncated or damaged ({e.Message.TrimEnd('.')}) in a file of {_file.Length} bytes; copy or export the file again.", e);
        }
    }
}
