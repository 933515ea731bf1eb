namespace REHRSeg.Imaging;

/// <summary>A forward-only stream whose derived classes say once how to read, for both the blocking and the asynchronous way.</summary>
abstract class ReadOnlyStream : Stream
{
    public sealed override bool CanRead => true;
    public sealed override bool CanSeek => false;
    public sealed override bool CanWrite => false;
    public sealed override long Length => throw new NotSupportedException();
    public sealed override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads up to the length of <paramref name="bytes"/>; 0 only at the end. Completes at once if <paramref name="async"/> is false.</summary>
    internal abstract ValueTask<int> Read(Memory<byte> bytes, bool async, CancellationToken cancel);

    public sealed override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsMemory(offset, count), false, default).GetAwaiter().GetResult();

    public sealed override int Read(Span<byte> buffer)
    {
        var bytes = new byte[Math.Min(buffer.Length, 1 << 13)];
        int read = Read(bytes, 0, bytes.Length);
        bytes.AsSpan(0, read).CopyTo(buffer);
        return read;
    }

    public sealed override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Read(buffer, true, cancellationToken);
    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Read(buffer.AsMemory(offset, count), true, cancellationToken).AsTask();
    public sealed override void Flush() { }
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public sealed override void SetLength(long value) => throw new NotSupportedException();
    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

static class StreamExtensions
{
    /// <summary>One read, blocking or not as <paramref name="async"/> says.</summary>
    internal static ValueTask<int> ReadSome(this Stream stream, Memory<byte> bytes, bool async, CancellationToken cancel) =>
        stream is ReadOnlyStream own ? own.Read(bytes, async, cancel) : async ? stream.ReadAsync(bytes, cancel) : new(stream.Read(bytes.Span));

    /// <summary>One write, blocking or not as <paramref name="async"/> says.</summary>
    internal static ValueTask WriteSome(this Stream stream, ReadOnlyMemory<byte> bytes, bool async, CancellationToken cancel)
    {
        if (async) return stream.WriteAsync(bytes, cancel);
        stream.Write(bytes.Span);
        return default;
    }

    /// <summary>Reads until <paramref name="bytes"/> is full or the stream ends; returns how many bytes were read.</summary>
    internal static async ValueTask<int> ReadFully(this Stream stream, Memory<byte> bytes, bool async, CancellationToken cancel)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            int read = await stream.ReadSome(bytes[done..], async, cancel).ConfigureAwait(false);
            if (read == 0) break;
            done += read;
        }
        return done;
    }

    /// <summary>The result of a task that was run without <c>async</c>, which is complete.</summary>
    internal static T Finished<T>(this ValueTask<T> task) => task.GetAwaiter().GetResult();

    /// <summary>Ends a task that was run without <c>async</c>, which is complete.</summary>
    internal static void Finished(this ValueTask task) => task.GetAwaiter().GetResult();
}
