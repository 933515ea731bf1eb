using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// Writes one gzip member whose blocks are deflated on several threads, as pigz does: each block ends on a byte (a sync flush), so that their concatenation is
/// one deflate stream, which any reader inflates. The bytes do not depend on the number of threads. Disposing ends the member.
/// </summary>
/// <param name="target">Takes the compressed bytes; stays open.</param>
/// <param name="compression">Effort.</param>
sealed class ParallelGzipStream(Stream target, CompressionLevel compression) : WriteOnlyStream
{
    const int BlockBytes = 1 << 19, TrailerBytes = 8, MostThreads = 16;
    /// <summary>Room for a deflated block: codes of nine bits for each byte at worst, and the frame.</summary>
    const int DeflatedBytes = BlockBytes / 8 * 9 + 1024;
    static readonly byte[] s_header = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]; // deflate; no name, no time, any system
    static readonly byte[] s_lastBlock = [0x03, 0x00]; // final, fixed codes, empty

    readonly Queue<Task<Block>> _running = new();
    readonly ZLibCompressionOptions _options = new() { CompressionLevel = Level(compression) };
    readonly int _most = Math.Min(Environment.ProcessorCount, MostThreads) + 1;
    byte[] _bytes = ArrayPool<byte>.Shared.Rent(BlockBytes);
    int _filled;
    uint _checksum, _length;
    bool _begun, _ended;

    /// <summary>A block's deflated bytes and the checksum of what they hold.</summary>
    sealed record Block(byte[] Member, int DeflatedEnd, uint Checksum, int Length)
    {
        internal ReadOnlyMemory<byte> Deflated => Member.AsMemory(s_header.Length..DeflatedEnd);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer)..];
            if (_filled == BlockBytes && Start()) Next(false, default).Finished();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer.Span)..];
            if (_filled == BlockBytes && Start()) await Next(true, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Does nothing: blocks are written when they are full, the rest at the end.</summary>
    public override void Flush() { }

    int Take(ReadOnlySpan<byte> buffer)
    {
        int count = Math.Min(buffer.Length, BlockBytes - _filled);
        buffer[..count].CopyTo(_bytes.AsSpan(_filled));
        _filled += count;
        return count;
    }

    /// <summary>Hands the filled block to another thread; true if as many are running as may.</summary>
    bool Start()
    {
        var (bytes, length) = (_bytes, _filled);
        _running.Enqueue(Task.Run(() => Deflate(bytes, length)));
        (_bytes, _filled) = (ArrayPool<byte>.Shared.Rent(BlockBytes), 0);
        return _running.Count >= _most;
    }

    Block Deflate(byte[] bytes, int length)
    {
        // A member of its own, of which the part between header and end is a piece of the whole, and which tells the checksum.
        byte[] member = ArrayPool<byte>.Shared.Rent(DeflatedBytes);
        var packed = new MemoryStream(member);
        int end;
        using (var gzip = new GZipStream(packed, _options, leaveOpen: true))
        {
            gzip.Write(bytes, 0, length);
            gzip.Flush();
            end = (int)packed.Position;
        }
        ArrayPool<byte>.Shared.Return(bytes);
        return new(member, end, BinaryPrimitives.ReadUInt32LittleEndian(member.AsSpan((int)packed.Position - TrailerBytes)), length);
    }

    /// <summary>zlib-ng's level 1, which "fastest" means to .NET, makes medical images a third to a half larger than level 2, which is zlib's level 1 in size.</summary>
    static int Level(CompressionLevel compression) => compression switch
    {
        CompressionLevel.NoCompression => 0,
        CompressionLevel.Fastest => 2,
        CompressionLevel.SmallestSize => 9,
        _ => 6,
    };

    /// <summary>Writes the oldest block.</summary>
    async ValueTask Next(bool async, CancellationToken cancel)
    {
        var task = _running.Dequeue();
        var block = async ? await task.ConfigureAwait(false) : task.GetAwaiter().GetResult();
        await Begin(async, cancel).ConfigureAwait(false);
        await target.WriteSome(block.Deflated, async, cancel).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(block.Member);
        _checksum = Crc32.Combine(_checksum, block.Checksum, block.Length);
        _length += (uint)block.Length;
    }

    async ValueTask Begin(bool async, CancellationToken cancel)
    {
        if (_begun) return;
        _begun = true;
        await target.WriteSome(s_header, async, cancel).ConfigureAwait(false);
    }

    async ValueTask End(bool async)
    {
        if (_ended) return;
        _ended = true;
        if (_filled > 0) Start();
        while (_running.Count > 0) await Next(async, default).ConfigureAwait(false);
        await Begin(async, default).ConfigureAwait(false);
        byte[] end = [.. s_lastBlock, .. new byte[TrailerBytes]];
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(s_lastBlock.Length), _checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(s_lastBlock.Length + 4), _length);
        await target.WriteSome(end, async, default).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(_bytes);
    }

    /// <summary>Ends the member.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing) End(false).Finished();
        base.Dispose(disposing);
    }

    /// <summary>Ends the member without blocking.</summary>
    public override async ValueTask DisposeAsync()
    {
        await End(true).ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }
}
