using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace REHRSeg;

/// <summary>A name that a pickle mentions. It is never looked up, only compared with those in <see cref="TensorPickle"/>.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>
/// Reads Python pickles of plain values and tensors, as <c>torch.save</c> writes them (protocol 2, and what protocols 3 to 5 use for the same content).
/// Nothing is executed or resolved: any other opcode or global is refused by name. Python's None, bool, int, float, str, bytes, tuple, list and dict come as
/// null, <see cref="bool"/>, <see cref="long"/> or <see cref="BigInteger"/>, <see cref="double"/>, <see cref="string"/>, <see cref="byte"/>[], <see cref="object"/>[],
/// <see cref="List{T}"/> and a <see cref="Dictionary{TKey, TValue}"/> by the key's text.
/// </summary>
/// <param name="stream">Read from its position to the end of a pickle, not a byte further.</param>
/// <param name="file">What messages call the file.</param>
/// <param name="content">What the file may hold beside tensors and plain values.</param>
internal sealed class PickleReader(Stream stream, string file, PthContent content = PthContent.Weights)
{
    /// <summary>Values that all pickles of a file may make, so that a small file cannot fill the memory.</summary>
    public const int MaximumValues = 1_000_000;
    /// <summary>Bytes that all pickles of a file may have; the numbers of tensors are not among them.</summary>
    public const int MaximumBytes = 64 << 20;
    const int MaximumName = 256;

    readonly List<object?> _stack = [];
    readonly List<int> _marks = [];
    readonly List<object?> _memo = [];
    readonly TensorPickle _tensors = new(file, content);
    readonly byte[] _buffer = new byte[8];
    int _values, _bytes;

    /// <summary>Storages that the pickles mention, by key.</summary>
    public IReadOnlyDictionary<string, PthStorage> Storages => _tensors.Storages;

    /// <summary>The next pickle's value.</summary>
    /// <exception cref="Imaging.ModelFormatException">The pickle is damaged, or asks for more than plain values and tensors.</exception>
    public object? Read()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            int code = Byte();
            if (code == '.') return Pop();
            Execute(code);
        }
    }

    void Execute(int code)
    {
        switch (code)
        {
            case 0x80: if (Byte() is > 5 and var protocol) throw PickleRefusal.Refused(file, $"its pickle has protocol {protocol}; up to 5 is read"); break;
            case 0x95: Bytes(8); break; // FRAME: its length is of no use here
            case '(': Spend(); _marks.Add(_stack.Count); break;
            case 'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case 'K': Push((long)Byte()); break;
            case 'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2))); break;
            case 'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4))); break;
            case 0x8a: Push(Integer(Take(Byte()))); break;
            case 'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8))); break;
            case 'X': Push(Text(Length4())); break;
            case 0x8c: Push(Text(Byte())); break;
            case 'T': Push(Encoding.Latin1.GetString(Take(Length4()))); break;
            case 'U': Push(Encoding.Latin1.GetString(Take(Byte()))); break;
            case 'B': Push(Take(Length4())); break;
            case 'C': Push(Take(Byte())); break;
            case ')': Push(Array.Empty<object?>()); break;
            case 0x85: Push(PopLast(1)); break;
            case 0x86: Push(PopLast(2)); break;
            case 0x87: Push(PopLast(3)); break;
            case 't': Push(PopToMark()); break;
            case ']': Push(new List<object?>()); break;
            case 'a': { var item = Pop(); Top<List<object?>>("APPEND").Add(item); break; }
            case 'e': { var items = PopToMark(); Top<List<object?>>("APPENDS").AddRange(items); break; }
            case '}': Push(new Dictionary<string, object?>()); break;
            case 's': { var pair = PopLast(2); SetItems(pair, "SETITEM"); break; }
            case 'u': { var pairs = PopToMark(); SetItems(pairs, "SETITEMS"); break; }
            case 'q': Remember(Byte()); break;
            case 'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))); break;
            case 0x94: Remember(_memo.Count); break;
            case 'h': Recall(Byte()); break;
            case 'j': Recall(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))); break;
            case 'c': { string module = Line(); Push(_tensors.Global(module, Line())); break; }
            case 0x93:
                {
                    if (PopLast(2) is not [string module, string name]) throw Damaged("the name of a global is not text");
                    Push(_tensors.Global(module, name));
                    break;
                }
            case 'Q': Push(_tensors.Storage(Pop())); break;
            case 'R':
                {
                    if (PopLast(2) is not [PickleGlobal function, object?[] arguments]) throw PickleRefusal.Refused(file, "opcode REDUCE calls something that is not a named function");
                    Push(_tensors.Call(function, arguments, Spend));
                    break;
                }
            case 'b': // BUILD: attributes of an OrderedDict (_metadata of a state dict), of no use here, or byte order of a numpy number format
                {
                    var state = Pop();
                    if (_stack.Count > 0 && _stack[^1] is NumpyNumberType type) type.Check(state, file);
                    else Top<Dictionary<string, object?>>("BUILD");
                    break;
                }
            default: throw PickleRefusal.Refused(file, $"its pickle has the opcode {PickleOpcodes.Name(code)}");
        }
    }

    void Push(object? value)
    {
        Spend();
        _stack.Add(value);
    }

    object? Pop() => PopLast(1)[0];

    object?[] PopLast(int count)
    {
        int first = _stack.Count - count;
        if (first < (_marks.Count > 0 ? _marks[^1] : 0)) throw Damaged("its pickle takes more values than it has");
        var values = _stack.GetRange(first, count).ToArray();
        _stack.RemoveRange(first, count);
        return values;
    }

    object?[] PopToMark()
    {
        if (_marks.Count == 0) throw Damaged("its pickle lacks a MARK");
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return PopLast(_stack.Count - mark);
    }

    T Top<T>(string opcode) where T : class =>
        _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) && _stack[^1] is T value ? value : throw PickleRefusal.Refused(file, $"its pickle has the opcode {opcode} on something other than a list or dict");

    void SetItems(object?[] pairs, string opcode)
    {
        var dictionary = Top<Dictionary<string, object?>>(opcode);
        if (pairs.Length % 2 != 0) throw Damaged("its pickle has a key without a value");
        for (int i = 0; i < pairs.Length; i += 2) dictionary[_tensors.Key(pairs[i])] = pairs[i + 1];
    }

    void Remember(long index)
    {
        if (index >= MaximumValues) throw PickleRefusal.Refused(file, $"its pickle has the memo index {index}; up to {MaximumValues} is read");
        if (_stack.Count == 0) throw Damaged("its pickle remembers a value that it does not have");
        while (_memo.Count <= index) _memo.Add(this); // stands for "nothing"
        _memo[(int)index] = _stack[^1];
    }

    void Recall(long index)
    {
        if (index >= _memo.Count || ReferenceEquals(_memo[(int)index], this)) throw Damaged($"its pickle recalls the value {index}, which it never had");
        Push(_memo[(int)index]);
    }

    void Spend(int values = 1)
    {
        if ((_values += values) > MaximumValues) throw PickleRefusal.Refused(file, string.Create(CultureInfo.InvariantCulture, $"it holds more than {MaximumValues} values beside the numbers of its tensors"));
    }

    static object Integer(byte[] littleEndian)
    {
        var value = new BigInteger(littleEndian);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    string Text(int length)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Take(length));
        }
        catch (DecoderFallbackException e)
        {
            throw PickleRefusal.Damaged(file, "a text of its pickle is not UTF-8", e);
        }
    }

    string Line()
    {
        var text = new StringBuilder();
        for (int b = Byte(); b != '\n'; b = Byte())
        {
            if (text.Length == MaximumName) throw Damaged($"its pickle has a name of more than {MaximumName} bytes");
            text.Append((char)b);
        }
        return text.ToString();
    }

    int Length4()
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));
        return length <= MaximumBytes ? (int)length : throw Damaged($"its pickle has a text of {length} bytes");
    }

    byte[] Take(int count)
    {
        Count(count);
        if (stream.Length - stream.Position < count) throw Damaged("it ends within its pickle");
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    ReadOnlySpan<byte> Bytes(int count)
    {
        Count(count);
        Fill(_buffer.AsSpan(0, count));
        return _buffer.AsSpan(0, count);
    }

    int Byte() => Bytes(1)[0];

    void Fill(Span<byte> bytes)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length) throw Damaged("it ends within its pickle");
    }

    void Count(int bytes)
    {
        if ((_bytes += bytes) > MaximumBytes) throw PickleRefusal.Refused(file, $"its pickle has more than {MaximumBytes >> 20} MB");
    }

    Imaging.ModelFormatException Damaged(string what) => PickleRefusal.Damaged(file, what);
}
