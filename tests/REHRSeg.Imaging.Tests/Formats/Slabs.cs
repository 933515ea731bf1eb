namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Reads all of a volume a few slices at a time.</summary>
static class Slabs
{
    public static float[] Read(VolumeReader reader, int slices)
    {
        int plane = reader.Geometry.Width * reader.Geometry.Height;
        var slab = new float[slices * plane];
        List<float> all = [];
        while (reader.ReadSlices(slab) is var count and > 0) all.AddRange(slab.AsSpan(0, count * plane));
        Assert.Equal(reader.SliceCount, reader.SlicesRead);
        return [.. all];
    }

    public static async Task<float[]> ReadAsync(VolumeReader reader, int slices)
    {
        int plane = reader.Geometry.Width * reader.Geometry.Height;
        var slab = new float[slices * plane];
        List<float> all = [];
        while (await reader.ReadSlicesAsync(slab) is var count and > 0) all.AddRange(slab.AsSpan(0, count * plane));
        return [.. all];
    }
}

/// <summary>A stream that cannot seek and gives a few bytes at a time, as a network does.</summary>
sealed class ForwardOnly(Stream inner, int most = 1000) : Stream
{
    public override bool CanRead => inner.CanRead;
    public override bool CanSeek => false;
    public override bool CanWrite => inner.CanWrite;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, most));
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        return await inner.ReadAsync(buffer[..Math.Min(buffer.Length, most)], cancellationToken);
    }
    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    public override void Flush() => inner.Flush();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A stream that can neither seek nor block, as the bodies of ASP.NET Core.</summary>
sealed class AsyncOnly(Stream inner) : Stream
{
    public override bool CanRead => inner.CanRead;
    public override bool CanSeek => false;
    public override bool CanWrite => inner.CanWrite;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override int Read(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Synchronous operations are disallowed.");
    public override void Write(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Synchronous operations are disallowed.");
    public override void Flush() => throw new InvalidOperationException("Synchronous operations are disallowed.");
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        return await inner.ReadAsync(buffer, cancellationToken);
    }
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        await inner.WriteAsync(buffer, cancellationToken);
    }
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
