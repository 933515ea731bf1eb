namespace REHRSeg.Onnx;

/// <summary>Walks the fields of one message of protobuf's wire format.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    ReadOnlySpan<byte> _rest = message;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }
    /// <summary>Value of a field that is a number without length (varint); 0 for others.</summary>
    public ulong Number { get; private set; }
    /// <summary>Content of a string, bytes, message or packed list; empty for others.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }
    /// <summary>The current field as it stands in the message, number and type included.</summary>
    public ReadOnlySpan<byte> Whole { get; private set; }
    /// <summary>True if the field has <see cref="Content"/>.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Goes to the next field.</summary>
    /// <exception cref="InvalidDataException">The message is cut off or is none.</exception>
    public bool Next()
    {
        (Number, HasContent) = (0, false);
        Content = Whole = default;
        if (_rest.IsEmpty) return false;
        var before = _rest;
        ulong tag = Varint();
        if (tag >> 3 is 0 or > 536_870_911) throw new InvalidDataException("a field has no number");
        Field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0: Number = Varint(); break;
            case 1: Take(8); break;
            case 2:
                HasContent = true;
                Content = Take(Varint());
                break;
            case 5: Take(4); break;
            default: throw new InvalidDataException("a field has no type");
        }
        Whole = before[..(before.Length - _rest.Length)];
        return true;
    }

    /// <summary>Adds the current field's integers: one number, or a packed list.</summary>
    public readonly void AddTo(List<long> values)
    {
        if (!HasContent)
        {
            values.Add((long)Number);
            return;
        }
        var packed = new WireReader(Content);
        while (!packed._rest.IsEmpty) values.Add((long)packed.Varint());
    }

    /// <summary>How many integers the current field holds.</summary>
    public readonly long CountIntegers()
    {
        if (!HasContent) return 1;
        long count = 0;
        foreach (byte b in Content) count += (b & 0x80) == 0 ? 1 : 0;
        return count;
    }

    ulong Varint()
    {
        ulong value = 0;
        for (int i = 0; i < Math.Min(10, _rest.Length); i++)
        {
            value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if ((_rest[i] & 0x80) != 0) continue;
            _rest = _rest[(i + 1)..];
            return value;
        }
        throw new InvalidDataException("a number does not end");
    }

    ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length) throw new InvalidDataException("a field is longer than the file");
        var taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
