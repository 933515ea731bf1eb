namespace REHRSeg;

/// <summary>A block of numbers in a PyTorch file that tensors are views of.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">Number format.</param>
/// <param name="Count">Elements.</param>
internal sealed record PthStorage(string Key, StorageType Type, long Count)
{
    public long Bytes => Count * Type.Size;
}

/// <summary>A strided view of a storage; it was checked to lie inside.</summary>
internal sealed record PthTensor
{
    const int MaximumRank = 64;

    PthTensor(PthStorage storage, long offset, long[] shape, long[] strides) => (Storage, Offset, Shape, Strides) = (storage, offset, shape, strides);

    public PthStorage Storage { get; }
    /// <summary>First element.</summary>
    public long Offset { get; }
    public long[] Shape { get; }
    /// <summary>In elements.</summary>
    public long[] Strides { get; }
    /// <summary>Elements of the tensor; not more than those of the storage.</summary>
    public long Count { get; private init; }
    /// <summary>Elements of the storage from the first to the last in use; 0 for an empty tensor.</summary>
    public long Span { get; private init; }

    /// <summary>Checks and makes a view.</summary>
    /// <exception cref="FormatException">It does not lie in the storage; says why.</exception>
    public static PthTensor Create(PthStorage storage, long offset, long[] shape, long[] strides)
    {
        string Text() => $"a tensor of shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}] and offset {offset}";
        if (shape.Length > MaximumRank || strides.Length != shape.Length) throw new FormatException($"a tensor has {shape.Length} axes and {strides.Length} strides");
        if (offset < 0 || Array.Exists(shape, s => s is < 0 or > int.MaxValue) || Array.Exists(strides, s => s < 0)) throw new FormatException($"{Text()} is impossible");
        bool empty = Array.Exists(shape, s => s == 0);
        Int128 last = offset, count = empty ? 0 : 1;
        for (int a = 0; a < shape.Length && !empty; a++)
        {
            last += (Int128)(shape[a] - 1) * strides[a];
            count *= shape[a];
            if (last >= storage.Count || count > storage.Count) break;
        }
        if (empty) return new(storage, 0, shape, strides);
        if (last >= storage.Count) throw new FormatException($"{Text()} reaches outside its storage \"{storage.Key}\" of {storage.Count} elements");
        if (count > storage.Count) throw new FormatException($"{Text()} repeats the elements of its storage \"{storage.Key}\", which has {storage.Count}; call contiguous() on it before saving");
        return new(storage, offset, shape, strides) { Count = (long)count, Span = (long)last - offset + 1 };
    }

    /// <summary>The tensor's elements, row-major.</summary>
    /// <param name="storage">Elements of the storage.</param>
    /// <param name="first">Index in the storage of the first of them.</param>
    /// <returns>A new array, or <paramref name="storage"/> where that is the tensor already.</returns>
    public float[] Gather(float[] storage, long first)
    {
        if (Count == 0) return [];
        int at = (int)(Offset - first);
        if (IsContiguous) return Count == storage.Length ? storage : storage.AsSpan(at, (int)Count).ToArray();
        var values = new float[Count];
        var index = new long[Shape.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = storage[at];
            for (int a = Shape.Length - 1; a >= 0; a--)
            {
                at += (int)Strides[a];
                if (++index[a] < Shape[a]) break;
                at -= (int)(Shape[a] * Strides[a]);
                index[a] = 0;
            }
        }
        return values;
    }

    /// <summary>True if row-major order is the storage's order; strides of axes of length 1 do not matter.</summary>
    bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int a = Shape.Length - 1; a >= 0; a--)
            {
                if (Shape[a] != 1 && Strides[a] != expected) return false;
                expected *= Shape[a];
            }
            return true;
        }
    }
}
