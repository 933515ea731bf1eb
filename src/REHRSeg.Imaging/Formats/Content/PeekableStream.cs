using Microsoft.Win32.SafeHandles;

namespace REHRSeg.Imaging;

/// <summary>A stream whose next bytes can be looked at before they are read: for headers and for telling formats apart.</summary>
sealed class PeekableStream(Stream inner) : ReadOnlyStream
{
    byte[] _bytes = [];
    int _at, _end;

    /// <summary>The file whose bytes come next, as they are, and where they stand in it; null for other streams. For reading at several places at once.</summary>
    internal (SafeFileHandle Handle, long Position)? File => inner is FileStream file ? (file.SafeFileHandle, file.Position - (_end - _at)) : null;

    /// <summary>Goes on at another place of <see cref="File"/>.</summary>
    internal void SeekFile(long position) => (((FileStream)inner).Position, _at, _end) = (position, 0, 0);

    /// <summary>The next <paramref name="count"/> bytes, or fewer where the stream ends; they remain to be read. Valid until the next call.</summary>
    internal async ValueTask<ReadOnlyMemory<byte>> Peek(int count, bool async, CancellationToken cancel)
    {
        if (_end - _at < count)
        {
            if (_bytes.Length < count)
            {
                var larger = new byte[count];
                _bytes.AsSpan(_at, _end - _at).CopyTo(larger);
                _bytes = larger;
            }
            else
            {
                _bytes.AsSpan(_at, _end - _at).CopyTo(_bytes);
            }
            (_at, _end) = (0, _end - _at);
            _end += await inner.ReadFully(_bytes.AsMemory(_end, count - _end), async, cancel).ConfigureAwait(false);
        }
        return _bytes.AsMemory(_at, Math.Min(count, _end - _at));
    }

    /// <summary>Passes over bytes that <see cref="Peek"/> returned.</summary>
    internal void Skip(int count) => _at += count;

    /// <summary>Reads and forgets; returns false if the stream ends before.</summary>
    internal async ValueTask<bool> Skip(long count, bool async, CancellationToken cancel)
    {
        var block = new byte[(int)Math.Min(count, 1 << 16)];
        while (count > 0)
        {
            int read = await Read(block.AsMemory(0, (int)Math.Min(count, block.Length)), async, cancel).ConfigureAwait(false);
            if (read == 0) return false;
            count -= read;
        }
        return true;
    }

    internal override ValueTask<int> Read(Memory<byte> bytes, bool async, CancellationToken cancel)
    {
        int waiting = Math.Min(bytes.Length, _end - _at);
        if (waiting == 0) return inner.ReadSome(bytes, async, cancel);
        _bytes.AsSpan(_at, waiting).CopyTo(bytes.Span);
        _at += waiting;
        return new(waiting);
    }
}
