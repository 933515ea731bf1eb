using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>
/// Inflates gzip (also of several members) or zlib data, and notices where they were cut off, which <see cref="GZipStream"/> does not.
/// For gzip, a small member of known content is appended to what is read: it comes out at the end only if the data before it are whole.
/// Other data after a whole member are ignored, as nibabel and ITK do.
/// </summary>
sealed class InflatedStream : ReadOnlyStream
{
    /// <summary>deflate cannot shrink data further than this.</summary>
    internal const long MaxRatio = 1032;
    /// <summary>How far to inflate after the voxels, so that a checksum that follows them is compared.</summary>
    const int MaxRest = 1 << 20;
    static readonly byte[] s_mark = [.. "end of REHRSeg's"u8];
    static readonly byte[] s_markMember = Gzip(s_mark);

    readonly string _name;
    readonly MarkedSource _source;
    readonly Stream _inflater;
    readonly bool _gzip;
    readonly byte[] _bytes = new byte[1 << 16];
    int _at, _end;
    bool _ended;

    /// <summary>Begins where <paramref name="compressed"/> stands, which stays open.</summary>
    internal InflatedStream(Stream compressed, bool gzip, string name)
    {
        (_name, _gzip) = (name, gzip);
        _source = new(compressed, gzip ? s_markMember : []);
        _inflater = gzip ? new GZipStream(_source, CompressionMode.Decompress) : new ZLibStream(_source, CompressionMode.Decompress);
    }

    /// <summary>True for the two bytes that begin a gzip file.</summary>
    internal static bool IsGzip(ReadOnlySpan<byte> start) => start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]);

    internal override async ValueTask<int> Read(Memory<byte> bytes, bool async, CancellationToken cancel)
    {
        int held = _gzip ? s_mark.Length : 0;
        while (!_ended && _end - _at <= held) await Fill(async, cancel).ConfigureAwait(false);
        int count = Math.Min(bytes.Length, _end - _at - (_ended ? 0 : held));
        _bytes.AsSpan(_at, count).CopyTo(bytes.Span);
        _at += count;
        return count;
    }

    /// <summary>Reads on after the last voxel, so that a truncated trailer and a wrong checksum are found.</summary>
    /// <exception cref="VolumeFormatException">The data are truncated or damaged.</exception>
    internal async ValueTask RequireWholeEnd(bool async, CancellationToken cancel)
    {
        for (int rest = 0; !_ended && rest < MaxRest; rest += _end - _at)
        {
            _at = Math.Max(_at, _end - s_mark.Length);
            await Fill(async, cancel).ConfigureAwait(false);
        }
    }

    async ValueTask Fill(bool async, CancellationToken cancel)
    {
        _bytes.AsSpan(_at, _end - _at).CopyTo(_bytes);
        (_at, _end) = (0, _end - _at);
        int read;
        try
        {
            read = async ? await _inflater.ReadAsync(_bytes.AsMemory(_end), cancel).ConfigureAwait(false) : _inflater.Read(_bytes, _end, _bytes.Length - _end);
        }
        catch (Exception e) when (e is InvalidDataException || (e is IOException && !_source.Failed)) // the latter where zlib data ask for a preset dictionary
        {
            throw FormatProblem.Invalid(_name, "compressed data", "truncated or damaged", $"the {(_gzip ? "gzip" : "zlib")} stream cannot be inflated ({e.Message.TrimEnd('.')}), so copy or export the file again", e);
        }
        _end += read;
        if (read == 0) End();
    }

    void End()
    {
        _ended = true;
        if (_gzip && _bytes.AsSpan(_at, _end - _at).EndsWith(s_mark)) _end -= s_mark.Length;
        else if (_source.Exhausted) throw FormatProblem.Invalid(_name, "compressed data", "truncated", $"the {(_gzip ? "gzip" : "zlib")} stream has no end; copy or export the file again");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inflater.Dispose();
        base.Dispose(disposing);
    }

    static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>The compressed data, then the mark; remembers whether more was asked for.</summary>
    sealed class MarkedSource(Stream compressed, byte[] mark) : ReadOnlyStream
    {
        int _marked = -1;

        /// <summary>The inflater read everything and wanted more.</summary>
        internal bool Exhausted { get; private set; }

        /// <summary>The compressed data themselves could not be read.</summary>
        internal bool Failed { get; private set; }

        internal override async ValueTask<int> Read(Memory<byte> bytes, bool async, CancellationToken cancel)
        {
            if (_marked < 0)
            {
                Failed = true; // unless this returns
                int read = await compressed.ReadSome(bytes, async, cancel).ConfigureAwait(false);
                Failed = false;
                if (read > 0) return read;
                _marked = 0;
            }
            int count = Math.Min(bytes.Length, mark.Length - _marked);
            mark.AsSpan(_marked, count).CopyTo(bytes.Span);
            _marked += count;
            Exhausted |= count == 0;
            return count;
        }
    }
}
