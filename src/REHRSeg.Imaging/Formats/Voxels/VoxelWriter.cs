using System.Buffers;

namespace REHRSeg.Imaging;

/// <summary>Encodes slabs and writes them after a format's header.</summary>
/// <param name="output">The files, or the caller's stream.</param>
/// <param name="layout">What is written; planar, little-endian, unscaled.</param>
/// <param name="content">Takes the encoded voxels.</param>
/// <param name="end">Ends <paramref name="content"/> (a compressed stream) and writes what can only be known then.</param>
sealed class VoxelWriter(VolumeOutput output, VoxelLayout layout, Stream content, Action end) : VolumeWriter
{
    const int BlockVoxels = 1 << 16;
    bool _completed;

    public override VolumeGeometry Geometry => layout.Geometry;
    public override int Channels => layout.Channels;

    public override void WriteSlices(ReadOnlyMemory<float> voxels) => Write(voxels, false, default).Finished();
    public override ValueTask WriteSlicesAsync(ReadOnlyMemory<float> voxels, CancellationToken cancellationToken = default) => Write(voxels, true, cancellationToken);

    async ValueTask Write(ReadOnlyMemory<float> voxels, bool async, CancellationToken cancel)
    {
        int count = CountSlices(voxels), voxelBytes = layout.Stored.Type.Bytes();
        ObjectDisposedException.ThrowIf(_completed, this);
        var block = ArrayPool<byte>.Shared.Rent(BlockVoxels * voxelBytes);
        try
        {
            for (int done = 0; done < voxels.Length; done += BlockVoxels)
            {
                var values = voxels[done..Math.Min(done + BlockVoxels, voxels.Length)];
                var bytes = block.AsMemory(0, values.Length * voxelBytes);
                if (!VoxelConversion.TryEncode(values.Span, bytes.Span, layout.Stored.Type)) throw DoesNotFit(values.Span, done);
                if (async) await content.WriteAsync(bytes, cancel).ConfigureAwait(false);
                else content.Write(bytes.Span);
            }
        }
        catch (Exception e) when (AtomicFile.IsOfDisk(e))
        {
            throw AtomicFile.CannotWrite(output.Name, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        SlicesWritten += count;
    }

    public override void Complete()
    {
        RequireAllSlices();
        ObjectDisposedException.ThrowIf(_completed, this);
        try
        {
            end();
            output.Commit();
        }
        catch (Exception e) when (AtomicFile.IsOfDisk(e))
        {
            throw AtomicFile.CannotWrite(output.Name, e);
        }
        _completed = true;
    }

    /// <summary>Flushing to disk has no asynchronous form, so the end runs on another thread.</summary>
    public override async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Run(Complete, CancellationToken.None).ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) output.Dispose();
    }

    VolumeFormatException DoesNotFit(ReadOnlySpan<float> block, int from)
    {
        int at = 0;
        while (VoxelConversion.Fits(block[at], layout.Stored.Type)) at++;
        long index = (long)SlicesWritten * Geometry.Width * Geometry.Height + from + at;
        long x = index % Geometry.Width, y = index / Geometry.Width % Geometry.Height, z = index / Geometry.Width / Geometry.Height % Geometry.Depth;
        return new(FormattableString.Invariant($"{output.Name}: voxel (x, y, z) = ({x}, {y}, {z}) is {block[at]}, which {layout.Stored.Type} cannot hold; write Float32, or rescale the volume first."));
    }
}
