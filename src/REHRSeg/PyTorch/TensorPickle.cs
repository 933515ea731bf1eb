using System.Globalization;

namespace REHRSeg;

/// <summary>What a pickle of <c>torch.save</c> may name: four functions that put tensors and dicts together, and the storage classes. All else is refused.</summary>
/// <param name="file">What messages call the file.</param>
/// <param name="content">What the file may hold beside tensors.</param>
internal sealed class TensorPickle(string file, PthContent content)
{
    const string Tensor = "torch._utils._rebuild_tensor_v2", Parameter = "torch._utils._rebuild_parameter", OrderedDict = "collections.OrderedDict", Size = "torch.Size";

    readonly Dictionary<string, PthStorage> _storages = [];

    /// <summary>Storages by key.</summary>
    public IReadOnlyDictionary<string, PthStorage> Storages => _storages;

    /// <summary>A global, if it is one of those.</summary>
    public PickleGlobal Global(string module, string name)
    {
        string full = $"{module}.{name}";
        return full is Tensor or Parameter or OrderedDict or Size || module == "torch" && StorageType.All.ContainsKey(name) || content == PthContent.Checkpoint && CheckpointPickle.Knows(full) ? new(full)
            : throw PickleRefusal.Refused(file, $"its pickle names {new string([.. full.Select(c => char.IsControl(c) ? '?' : c)])}");
    }

    /// <summary>The storage of a persistent id ('storage', class, key, device, elements[, view]).</summary>
    public PthStorage Storage(object? id)
    {
        if (id is not object?[] { Length: 5 or 6 } parts || parts is not ["storage", PickleGlobal type, string key, string or null, long count, ..] || !StorageType.All.TryGetValue(type.Name["torch.".Length..], out var format))
            throw PickleRefusal.Refused(file, "its pickle refers to something outside that is not a tensor's storage");
        if (parts is [.., not null] and { Length: 6 }) throw PickleRefusal.Refused(file, $"storage \"{key}\" is a view of another, as PyTorch before 0.4 wrote");
        if (count < 0 || count > long.MaxValue / 8) throw PickleRefusal.Damaged(file, $"storage \"{key}\" has {count} elements");
        var storage = new PthStorage(key, format, count);
        if (!_storages.TryAdd(key, storage) && _storages[key] != storage) throw PickleRefusal.Damaged(file, $"storage \"{key}\" occurs with two sizes or types");
        return _storages[key];
    }

    /// <summary>What a call of an allowed function gives.</summary>
    /// <param name="function">One of <see cref="Global"/>.</param>
    /// <param name="arguments">As the pickle gives them.</param>
    /// <param name="spend">Told of each value that is made beside the result.</param>
    public object? Call(PickleGlobal function, object?[] arguments, Action<int> spend)
    {
        switch (function.Name, arguments)
        {
            case (Tensor, [PthStorage storage, long offset, object?[] shape, object?[] strides, ..]):
                try
                {
                    return PthTensor.Create(storage, offset, Integers(shape), Integers(strides));
                }
                catch (FormatException e)
                {
                    throw PickleRefusal.Damaged(file, e.Message, e);
                }
            case (Parameter, [PthTensor tensor, ..]): return tensor;
            case (Size, [object?[] size]): return size;
            case (OrderedDict, []): return new Dictionary<string, object?>();
            case (OrderedDict, [List<object?> pairs]):
                var dictionary = new Dictionary<string, object?>();
                spend(pairs.Count);
                foreach (object? pair in pairs)
                {
                    // A pair is a list before protocol 2's tuples.
                    var (key, value) = pair switch { object?[] and [var k, var v] => (k, v), List<object?> and [var k, var v] => (k, v), _ => throw PickleRefusal.Damaged(file, "an OrderedDict is not made of pairs") };
                    dictionary[Key(key)] = value;
                }
                return dictionary;
            case var _ when content == PthContent.Checkpoint && CheckpointPickle.TryCall(function.Name, arguments, file, out object? value): return value;
            default: throw PickleRefusal.Refused(file, $"its pickle calls {function.Name} with other arguments than PyTorch writes");
        }
    }

    /// <summary>A dict's key as text.</summary>
    public string Key(object? key) => key switch
    {
        string text => text,
        long or bool => Convert.ToString(key, CultureInfo.InvariantCulture)!,
        _ => throw PickleRefusal.Refused(file, $"a dict's key is neither text nor an integer"),
    };

    long[] Integers(object?[] values)
    {
        if (values.Length > 64 || !Array.TrueForAll(values, v => v is long)) throw PickleRefusal.Damaged(file, "a tensor's shape or strides are not integers");
        return Array.ConvertAll(values, v => (long)v!);
    }
}
