namespace REHRSeg.Imaging;

/// <summary>The next bytes of a stream, up to a number of them.</summary>
sealed class BoundedStream(Stream inner, long length) : ReadOnlyStream
{
    long _left = length;

    internal override async ValueTask<int> Read(Memory<byte> bytes, bool async, CancellationToken cancel)
    {
        if (_left == 0) return 0;
        int read = await inner.ReadSome(bytes[..(int)Math.Min(bytes.Length, _left)], async, cancel).ConfigureAwait(false);
        _left -= read;
        return read;
    }
}
