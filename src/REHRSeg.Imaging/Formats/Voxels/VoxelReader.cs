using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace REHRSeg.Imaging;

/// <summary>Reads the voxels of an open file, as a whole or in slabs. Memory for a claim that cannot be verified grows only as data arrive.</summary>
sealed class VoxelReader(VoxelLayout layout, VoxelSource source) : VolumeReader
{
    const int BlockBytes = 1 << 18;
    /// <summary>Most passes over a file with interleaved channels; with more channels it is read once, and slabs come from memory.</summary>
    const int MostPasses = 8;

    VoxelSource _source = source;
    long _voxelsOfPass;
    MLVolume? _whole;
    bool _broken;

    /// <summary>Opens the same voxels again from their beginning; null if they cannot be. Needed for slabs of interleaved channels alone.</summary>
    internal Func<bool, CancellationToken, ValueTask<VoxelReader>>? Reopen { get; set; }

    public override VolumeGeometry Geometry => layout.Geometry;
    public override int Channels => layout.Channels;
    public override VolumeDataType DataType => layout.Stored.IsScaled ? VolumeDataType.Float32 : layout.Stored.Type;

    public override int ReadSlices(Memory<float> voxels) => ReadSlices(voxels, false, default).Finished();
    public override ValueTask<int> ReadSlicesAsync(Memory<float> voxels, CancellationToken cancellationToken = default) => ReadSlices(voxels, true, cancellationToken);

    /// <summary>Reads everything. Only for a reader that no slab was read from.</summary>
    internal async ValueTask<MLVolume> ReadVolume(bool async, CancellationToken cancel)
    {
        if (layout.VoxelCount > Array.MaxLength) throw FormatProblem.Invalid(_source.File, "voxels", layout.VoxelCount, $"one array holds {Array.MaxLength}; read the volume in slabs (VolumeFile.OpenRead)");
        int total = (int)layout.VoxelCount, perBlock = BlockBytes / layout.Stored.Type.Bytes();
        var values = GC.AllocateUninitializedArray<float>(_source.IsUnverified ? (int)Math.Min(total, Math.Max(perBlock, (_source.FileLength ?? 0) / layout.Stored.Type.Bytes())) : total);
        bool read = !async && !_source.IsUnverified && _source.Content is PeekableStream { File: { } file } content && ReadParallel(content, file.Handle, file.Position, values);
        for (int done = 0; done < total && !read;)
        {
            int count = Math.Min(perBlock, total - done);
            if (done + count > values.Length) Array.Resize(ref values, (int)Math.Min(total, 2L * (done + count)));
            await Decode(values.AsMemory(done, count), async, cancel).ConfigureAwait(false);
            done += count;
        }
        await End(async, cancel).ConfigureAwait(false);
        SlicesRead = SliceCount;
        return new(Geometry, layout.Interleaved ? Planar(values) : values, Channels);
    }

    /// <summary>Reads and decodes blocks of a plain file on all cores. False if one of them failed: reading in order then tells why.</summary>
    bool ReadParallel(PeekableStream content, SafeFileHandle file, long position, float[] values)
    {
        int voxelBytes = layout.Stored.Type.Bytes(), perBlock = BlockBytes / voxelBytes;
        var outcome = Parallel.For(0, (int)(((long)values.Length + perBlock - 1) / perBlock), (block, state) =>
        {
            var part = values.AsSpan(block * perBlock, Math.Min(perBlock, values.Length - block * perBlock));
            byte[] pooled = ArrayPool<byte>.Shared.Rent(BlockBytes);
            var bytes = pooled.AsSpan(0, part.Length * voxelBytes);
            int done = 0, count;
            while (done < bytes.Length && (count = RandomAccess.Read(file, bytes[done..], position + (long)block * BlockBytes + done)) > 0) done += count;
            if (done < bytes.Length || !VoxelConversion.TryDecode(bytes, part, layout.Stored)) state.Stop();
            ArrayPool<byte>.Shared.Return(pooled);
        });
        if (outcome.IsCompleted) content.SeekFile(position + (long)values.Length * voxelBytes);
        return outcome.IsCompleted;
    }

    async ValueTask<int> ReadSlices(Memory<float> voxels, bool async, CancellationToken cancel)
    {
        int count = CountFitting(voxels), plane = Geometry.Width * Geometry.Height;
        if (_broken) throw new InvalidOperationException($"{_source.File}: an earlier call failed or was cancelled among its voxels; open the file again.");
        if (count == 0) return 0;
        _broken = true; // until these slices are whole
        if (layout.Interleaved && Channels > MostPasses)
        {
            if (_whole is null)
            {
                _whole = await ReadVolume(async, cancel).ConfigureAwait(false);
                SlicesRead = 0;
            }
            _whole.Voxels.Slice(SlicesRead * plane, count * plane).CopyTo(voxels.Span);
            SlicesRead += count;
            _broken = false;
            return count;
        }
        if (layout.Interleaved) count = Math.Min(count, Geometry.Depth - SlicesRead % Geometry.Depth);
        var slab = voxels[..(count * plane)];
        if (layout.Interleaved) await ReadChannel(slab, async, cancel).ConfigureAwait(false);
        else await DecodeAll(slab, async, cancel).ConfigureAwait(false);
        SlicesRead += count;
        if (SlicesRead == SliceCount) await End(async, cancel).ConfigureAwait(false);
        _broken = false;
        return count;
    }

    async ValueTask DecodeAll(Memory<float> values, bool async, CancellationToken cancel)
    {
        int perBlock = BlockBytes / layout.Stored.Type.Bytes();
        for (int done = 0; done < values.Length; done += perBlock)
            await Decode(values[done..Math.Min(done + perBlock, values.Length)], async, cancel).ConfigureAwait(false);
    }

    /// <summary>Picks one channel out of interleaved voxels; each channel is a pass of its own over the file.</summary>
    async ValueTask ReadChannel(Memory<float> slab, bool async, CancellationToken cancel)
    {
        int channel = SlicesRead / Geometry.Depth;
        if (channel > 0 && SlicesRead % Geometry.Depth == 0)
        {
            await End(async, cancel).ConfigureAwait(false);
            var again = Reopen is null ? throw new NotSupportedException($"{_source.File}: its channels are interleaved, so slabs need a pass for each of them, and this stream cannot be read again; copy it to a file, or read the whole volume.") : await Reopen(async, cancel).ConfigureAwait(false);
            _source.Dispose();
            (_source, _voxelsOfPass) = (again._source, 0);
        }
        var block = new float[BlockBytes / layout.Stored.Type.Bytes()];
        long end = _voxelsOfPass + (long)slab.Length * Channels;
        for (int filled = 0; _voxelsOfPass < end;)
        {
            var part = block.AsMemory(0, (int)Math.Min(block.Length, end - _voxelsOfPass));
            int first = (int)((channel - _voxelsOfPass % Channels + Channels) % Channels);
            await Decode(part, async, cancel).ConfigureAwait(false);
            for (int i = first; i < part.Length; i += Channels) slab.Span[filled++] = block[i];
        }
    }

    async ValueTask Decode(Memory<float> values, bool async, CancellationToken cancel)
    {
        var pooled = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            var bytes = pooled.AsMemory(0, values.Length * layout.Stored.Type.Bytes());
            if (await _source.Content.ReadFully(bytes, async, cancel).ConfigureAwait(false) < bytes.Length)
                throw FormatProblem.Invalid(_source.File, "file length", _source.FileLength is { } length ? $"{length} bytes" : "too short", $"it ends within the voxels ({layout.Describe()}): the file is truncated; copy or export it again");
            if (!VoxelConversion.TryDecode(bytes.Span, values.Span, layout.Stored))
                throw FormatProblem.Invalid(_source.File, layout.Stored.IsScaled ? "voxel value with scl_slope and scl_inter" : "voxel value", $"{layout.Stored.Type} beyond {float.MaxValue}", "values are kept as 32-bit floats; correct the scaling or rescale the volume");
            _voxelsOfPass += values.Length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pooled);
        }
    }

    ValueTask End(bool async, CancellationToken cancel) => _source.Inflated?.RequireWholeEnd(async, cancel) ?? default;

    float[] Planar(float[] interleaved)
    {
        var planar = new float[interleaved.Length];
        int perChannel = Geometry.VoxelCount;
        for (int c = 0; c < Channels; c++)
            for (int i = 0, from = c; i < perChannel; i++, from += Channels) planar[c * perChannel + i] = interleaved[from];
        return planar;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _source.Dispose();
    }
}
