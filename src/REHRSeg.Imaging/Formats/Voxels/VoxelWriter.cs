using System.Buffers;
using System.Runtime.ExceptionServices;

namespace REHRSeg.Imaging;

/// <summary>Encodes slabs and writes them after a format's header. Nothing is written before the first slab, so that a caller's stream is used in the caller's way: blocking or not.</summary>
/// <param name="output">The files, or the caller's stream.</param>
/// <param name="layout">What is written; planar, little-endian, unscaled.</param>
/// <param name="parts">The streams that the format prepared.</param>
sealed class VoxelWriter(VolumeOutput output, VoxelLayout layout, VoxelWriter.Parts parts) : VolumeWriter
{
    const int BlockVoxels = 1 << 16;
    bool _begun, _completed, _broken;

    /// <summary>What a format prepares.</summary>
    /// <param name="Header">Written before the voxels; empty: written elsewhere.</param>
    /// <param name="HeaderTarget">Takes the header.</param>
    /// <param name="Content">Takes the encoded voxels; disposed at their end if it is another stream than <paramref name="Target"/>.</param>
    /// <param name="Target">The file or the caller's stream, which <paramref name="Content"/> may compress into.</param>
    /// <param name="AfterVoxels">Writes what can be known only then; null: nothing.</param>
    internal sealed record Parts(byte[] Header, Stream HeaderTarget, Stream Content, Stream Target, Func<bool, CancellationToken, ValueTask>? AfterVoxels = null);

    public override VolumeGeometry Geometry => layout.Geometry;
    public override int Channels => layout.Channels;

    public override void WriteSlices(ReadOnlyMemory<float> voxels) => Write(voxels, false, default).Finished();
    public override ValueTask WriteSlicesAsync(ReadOnlyMemory<float> voxels, CancellationToken cancellationToken = default) => Write(voxels, true, cancellationToken);

    async ValueTask Write(ReadOnlyMemory<float> voxels, bool async, CancellationToken cancel)
    {
        int count = CountSlices(voxels), voxelBytes = layout.Stored.Type.Bytes();
        RequireUsable();
        _broken = true; // until these slices are whole
        try
        {
            await Begin(async, cancel).ConfigureAwait(false);
            if (!async && !output.IsStream && voxels.Length > BlockVoxels && parts.Content is FileStream file) WriteParallel(file, voxels);
            else await WriteInOrder(voxels, voxelBytes, async, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (AtomicFile.IsOfDisk(e))
        {
            throw AtomicFile.CannotWrite(output.Name, e);
        }
        SlicesWritten += count;
        _broken = false;
    }

    /// <summary>To a plain file of our own: encodes and writes blocks on all cores.</summary>
    void WriteParallel(FileStream file, ReadOnlyMemory<float> voxels)
    {
        file.Flush();
        var (handle, position, voxelBytes) = (file.SafeFileHandle, file.Position, layout.Stored.Type.Bytes());
        ParallelLoopResult outcome;
        try
        {
            outcome = Parallel.For(0, (int)(((long)voxels.Length + BlockVoxels - 1) / BlockVoxels), (block, state) =>
            {
                var values = Part(voxels, block * BlockVoxels);
                byte[] bytes = ArrayPool<byte>.Shared.Rent(BlockVoxels * voxelBytes);
                if (Encode(values, bytes)) RandomAccess.Write(handle, bytes.AsSpan(0, values.Length * voxelBytes), position + (long)block * BlockVoxels * voxelBytes);
                else state.Break();
                ArrayPool<byte>.Shared.Return(bytes);
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            throw;
        }
        if (outcome.LowestBreakIteration is { } first) throw DoesNotFit(Part(voxels, first * BlockVoxels).Span, first * BlockVoxels);
        file.Position = position + (long)voxels.Length * voxelBytes;
    }

    /// <summary>While one block is written, the next one is encoded.</summary>
    async ValueTask WriteInOrder(ReadOnlyMemory<float> voxels, int voxelBytes, bool async, CancellationToken cancel)
    {
        byte[][] blocks = [ArrayPool<byte>.Shared.Rent(BlockVoxels * voxelBytes), ArrayPool<byte>.Shared.Rent(BlockVoxels * voxelBytes)];
        var encoded = Task.FromResult(voxels.IsEmpty || Encode(Part(voxels, 0), blocks[0]));
        try
        {
            for (long done = 0, i = 0; done < voxels.Length; done += BlockVoxels, i ^= 1)
            {
                var values = Part(voxels, done);
                if (!(async ? await encoded.ConfigureAwait(false) : encoded.GetAwaiter().GetResult())) throw DoesNotFit(values.Span, done);
                if (done + BlockVoxels < voxels.Length)
                {
                    var (next, into) = (Part(voxels, done + BlockVoxels), blocks[i ^ 1]);
                    encoded = Task.Run(() => Encode(next, into), CancellationToken.None);
                }
                await parts.Content.WriteSome(blocks[i].AsMemory(0, values.Length * voxelBytes), async, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            if (async) await encoded.ConfigureAwait(false);
            else encoded.Wait(CancellationToken.None);
            foreach (byte[] block in blocks) ArrayPool<byte>.Shared.Return(block);
        }
    }

    static ReadOnlyMemory<float> Part(ReadOnlyMemory<float> voxels, long from) => voxels[(int)from..(int)Math.Min(from + BlockVoxels, voxels.Length)];

    bool Encode(ReadOnlyMemory<float> values, byte[] block) => VoxelConversion.TryEncode(values.Span, block.AsSpan(0, values.Length * layout.Stored.Type.Bytes()), layout.Stored.Type);

    void RequireUsable()
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        if (_broken) throw new InvalidOperationException($"{output.Name}: an earlier call failed and left the file in part; dispose this writer and begin again.");
    }

    async ValueTask Begin(bool async, CancellationToken cancel)
    {
        if (_begun) return;
        _begun = true;
        await parts.HeaderTarget.WriteSome(parts.Header, async, cancel).ConfigureAwait(false);
    }

    public override void Complete() => Complete(false, default).Finished();
    public override ValueTask CompleteAsync(CancellationToken cancellationToken = default) => Complete(true, cancellationToken);

    async ValueTask Complete(bool async, CancellationToken cancel)
    {
        RequireUsable();
        RequireAllSlices();
        _broken = true; // a stream that could not be ended cannot be ended again
        try
        {
            if (parts.Content != parts.Target)
            {
                if (async) await parts.Content.DisposeAsync().ConfigureAwait(false);
                else parts.Content.Dispose();
            }
            if (parts.AfterVoxels is not null) await parts.AfterVoxels(async, cancel).ConfigureAwait(false);
            await output.Commit(async, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (AtomicFile.IsOfDisk(e))
        {
            throw AtomicFile.CannotWrite(output.Name, e);
        }
        _completed = true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) output.Dispose();
    }

    VolumeFormatException DoesNotFit(ReadOnlySpan<float> block, long from)
    {
        int at = 0;
        while (VoxelConversion.Fits(block[at], layout.Stored.Type)) at++;
        long index = (long)SlicesWritten * Geometry.Width * Geometry.Height + from + at;
        long x = index % Geometry.Width, y = index / Geometry.Width % Geometry.Height, z = index / Geometry.Width / Geometry.Height % Geometry.Depth;
        return new(FormattableString.Invariant($"{output.Name}: voxel (x, y, z) = ({x}, {y}, {z}) is {block[at]}, which {layout.Stored.Type} cannot hold; write Float32, or rescale the volume first."));
    }
}
