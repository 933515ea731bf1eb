using System.Buffers.Binary;
using System.Globalization;

namespace REHRSeg.Imaging;

/// <summary>Numbers written as text, separated by white space or commas, as the bytes of little-endian doubles.</summary>
sealed class TextVoxelStream(Stream text, string name) : ReadOnlyStream
{
    const int MaxNumberLength = 64;

    readonly byte[] _text = new byte[1 << 16];
    int _at, _end;
    bool _ended;
    readonly byte[] _values = new byte[1 << 15];
    int _valueAt, _valueEnd;

    internal override async ValueTask<int> Read(Memory<byte> bytes, bool async, CancellationToken cancel)
    {
        while (_valueAt == _valueEnd && !(_ended && _at == _end))
        {
            if (!_ended)
            {
                _text.AsSpan(_at, _end - _at).CopyTo(_text);
                (_at, _end) = (0, _end - _at);
                int read = await text.ReadSome(_text.AsMemory(_end), async, cancel).ConfigureAwait(false);
                _ended = read == 0;
                _end += read;
            }
            Parse();
        }
        int count = Math.Min(bytes.Length, _valueEnd - _valueAt);
        _values.AsSpan(_valueAt, count).CopyTo(bytes.Span);
        _valueAt += count;
        return count;
    }

    /// <summary>Turns whole numbers of the text into values; a number at the block's end waits for the rest of it.</summary>
    void Parse()
    {
        (_valueAt, _valueEnd) = (0, 0);
        while (_valueEnd < _values.Length)
        {
            while (_at < _end && IsSeparator(_text[_at])) _at++;
            int end = _at;
            while (end < _end && !IsSeparator(_text[end])) end++;
            if (end - _at > MaxNumberLength) throw Wrong(_text.AsSpan(_at, MaxNumberLength));
            if (end == _at || (end == _end && !_ended)) return;
            BinaryPrimitives.WriteDoubleLittleEndian(_values.AsSpan(_valueEnd), Number(_text.AsSpan(_at, end - _at)));
            _valueEnd += 8;
            _at = end;
        }
    }

    double Number(ReadOnlySpan<byte> word)
    {
        if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !(double.IsInfinity(value) && word.ContainsAnyInRange((byte)'0', (byte)'9'))) return value;
        var sign = word[0] is (byte)'-' or (byte)'+' ? word[1..] : word;
        if (System.Text.Ascii.EqualsIgnoreCase(sign, "nan"u8)) return double.NaN;
        if (System.Text.Ascii.EqualsIgnoreCase(sign, "inf"u8) || System.Text.Ascii.EqualsIgnoreCase(sign, "infinity"u8)) return word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        throw Wrong(word);
    }

    VolumeFormatException Wrong(ReadOnlySpan<byte> word) => FormatProblem.Invalid(name, "voxel text", System.Text.Encoding.Latin1.GetString(word), "voxels of this encoding are numbers separated by spaces; the file is damaged or its encoding is another");

    static bool IsSeparator(byte c) => c is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)',' or (byte)'\v' or (byte)'\f';
}
