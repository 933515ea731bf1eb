using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using REHRSeg.OnnxFormat;

namespace REHRSeg;

/// <summary>A fixed size, or a name for a size that is known at run time only.</summary>
internal readonly record struct OnnxDimension(int Size, string? Name)
{
    public static implicit operator OnnxDimension(int size) => new(size, null);
    public static implicit operator OnnxDimension(string name) => new(0, name);
}

/// <summary>Builds one ONNX model node by node. Every method that adds something returns the name of its value.</summary>
/// <param name="weights">Parameters by state-dict name; each becomes an initializer of the same name when first used.</param>
/// <param name="precision">How weights are stored, and convolutions computed.</param>
internal sealed class OnnxGraphBuilder(IReadOnlyDictionary<string, WeightArray> weights, OnnxPrecision precision = OnnxPrecision.Float32)
{
    const int IrVersion = 8, Opset = 17;
    readonly GraphProto _graph = new() { Name = "rehrseg" };
    readonly HashSet<string> _initializers = [], _branchInitializers = [];
    GraphProto? _branch;
    int _values;

    public string Input(string name, params ReadOnlySpan<OnnxDimension> shape)
    {
        _graph.Input.Add(Describe(name, shape));
        return name;
    }

    public void Output(string name, params ReadOnlySpan<OnnxDimension> shape) => _graph.Output.Add(Describe(name, shape));

    /// <summary>A parameter of the network.</summary>
    /// <exception cref="ArgumentException">It is missing or has another shape.</exception>
    public string Weight(string name, params ReadOnlySpan<int> shape) => Values(name, Parameter(name, shape));

    /// <summary>Values derived from parameters, under a new name. In half precision they are stored as such and cast, which runtimes do once, when they load the file.</summary>
    /// <exception cref="ArgumentException">A weight is beyond half precision's range.</exception>
    public string Values(string name, WeightArray weight)
    {
        if (precision != OnnxPrecision.Float16) return Single(name, weight);
        var halves = new Half[weight.Values.Length];
        TensorPrimitives.ConvertToHalf(weight.Values, halves);
        if (Array.FindIndex(halves, h => !Half.IsFinite(h)) is >= 0 and var at) throw new ArgumentException($"'{name}' holds {weight.Values[at]}, which half precision cannot. Export in single precision.", nameof(weight));
        return Node("Cast", [Initializer(name, weight.Shape.AsSpan(), TensorProto.Types.DataType.Float16, MemoryMarshal.AsBytes<Half>(halves))], Attribute("to", (int)TensorProto.Types.DataType.Float));
    }

    /// <summary>Values in single precision whatever the file's.</summary>
    public string Single(string name, WeightArray weight) => Initializer(name, weight.Shape.AsSpan(), TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes<float>(weight.Values));

    /// <summary>A convolution, 2-D or 3-D by its kernel.</summary>
    /// <param name="x">Its input.</param>
    /// <param name="name">Name of its weights.</param>
    /// <param name="weight"><c>O x I x kernel</c>.</param>
    /// <param name="bias"><c>O</c>, or null.</param>
    /// <param name="attributes">Strides, pads.</param>
    public string Convolution(string x, string name, WeightArray weight, WeightArray? bias, params ReadOnlySpan<AttributeProto> attributes)
    {
        AttributeProto[] all = [Attribute("kernel_shape", [.. weight.Shape.Skip(2).Select(k => (long)k)]), .. attributes];
        bool quantise = precision is OnnxPrecision.Int8 or OnnxPrecision.Int8Dynamic && QuantisedConvolution.Suits(weight);
        if (quantise && precision == OnnxPrecision.Int8Dynamic) return QuantisedConvolution.Dynamic(this, x, name, weight, bias, all);
        string kernels = quantise ? QuantisedConvolution.Weights(this, name, weight) : Values(name + ".weight", weight);
        return Node("Conv", bias is null ? [x, kernels] : [x, kernels, Values(name + ".bias", bias)], all);
    }

    /// <summary>A parameter of the network that is not put into the file as it is.</summary>
    /// <exception cref="ArgumentException">It is missing or has another shape.</exception>
    public WeightArray Parameter(string name, params ReadOnlySpan<int> shape)
    {
        if (!weights.TryGetValue(name, out var weight)) throw new ArgumentException($"The weights hold no '{name}': they are of another architecture.", nameof(name));
        if (!weight.Shape.AsSpan().SequenceEqual(shape)) throw new ArgumentException($"'{name}' is {string.Join("x", weight.Shape)}, but the architecture needs {string.Join("x", shape.ToArray())}.", nameof(name));
        return weight;
    }

    /// <summary>A yes or no that a caller may set for a run; otherwise it is yes.</summary>
    public string Switch(string name)
    {
        _graph.Input.Add(Describe(name, [], TensorProto.Types.DataType.Bool));
        return Initializer(name, [], TensorProto.Types.DataType.Bool, [1]);
    }

    /// <summary>Numbers that a caller may set for a run; otherwise all are <paramref name="initial"/>.</summary>
    public string Optional(string name, float initial, params ReadOnlySpan<OnnxDimension> shape)
    {
        _graph.Input.Add(Describe(name, shape));
        int[] sizes = [.. shape.ToArray().Select(d => d.Name is null ? d.Size : 1)];
        float[] values = new float[sizes.Aggregate(1, (a, b) => a * b)];
        Array.Fill(values, initial);
        return Initializer(name, sizes, TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes<float>(values));
    }

    /// <summary>Integers that a caller may set for a run; otherwise they are 0.</summary>
    public string OptionalIntegers(string name, int count)
    {
        _graph.Input.Add(Describe(name, [count], TensorProto.Types.DataType.Int64));
        return Initializer(name, [count], TensorProto.Types.DataType.Int64, new byte[count * sizeof(long)]);
    }

    /// <summary>One of two values, of which only that is computed.</summary>
    public string If(string condition, Func<string> then, Func<string> otherwise)
    {
        AttributeProto Branch(string name, Func<string> body)
        {
            var branch = new GraphProto { Name = name };
            (var outer, _branch) = (_branch, branch);
            string value = body();
            _branch = outer;
            _branchInitializers.Clear();
            branch.Output.Add(new ValueInfoProto { Name = value, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } } });
            return new() { Name = name, G = branch, Type = AttributeProto.Types.AttributeType.Graph };
        }
        return Node("If", [condition], Branch("then_branch", then), Branch("else_branch", otherwise));
    }

    /// <summary>A list of integers (sizes, axes).</summary>
    public string Integers(params ReadOnlySpan<long> values) =>
        Initializer("int64_" + string.Join('_', values.ToArray()), [values.Length], TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values));

    /// <summary>A single number, broadcast against anything.</summary>
    public string Scalar(float value) =>
        Initializer("scalar_" + value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), [], TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes(new ReadOnlySpan<float>(in value)));

    /// <summary>An operator of one output.</summary>
    public string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes) => Node(op, inputs, 1, attributes)[0];

    /// <summary>An operator of several outputs.</summary>
    public string[] Node(string op, ReadOnlySpan<string> inputs, int outputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { OpType = op, Name = $"{op}_{_values}" };
        foreach (string input in inputs) node.Input.Add(input);
        for (int i = 0; i < outputs; i++) node.Output.Add($"v{_values++}");
        foreach (var attribute in attributes) node.Attribute.Add(attribute);
        (_branch ?? _graph).Node.Add(node);
        return [.. node.Output];
    }

    /// <summary>Gives a value its final name, as a graph output needs.</summary>
    public string Name(string value, string name)
    {
        _graph.Node.Add(new NodeProto { OpType = "Identity", Name = name, Input = { value }, Output = { name } });
        return name;
    }

    public static AttributeProto Attribute(string name, int value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Attribute(string name, float value) => new() { Name = name, F = value, Type = AttributeProto.Types.AttributeType.Float };

    public static AttributeProto Attribute(string name, string value) => new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    public static AttributeProto Attribute(string name, params ReadOnlySpan<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        foreach (long value in values) attribute.Ints.Add(value);
        return attribute;
    }

    /// <summary>Writes the model.</summary>
    /// <exception cref="InvalidOperationException">The model is beyond the 2 GB that one ONNX file holds.</exception>
    public void Write(Stream stream, IReadOnlyDictionary<string, string> metadata)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion, ProducerName = "REHRSeg", ProducerVersion = typeof(OnnxGraphBuilder).Assembly.GetName().Version?.ToString(3) ?? "", Graph = _graph,
            OpsetImport = { new OperatorSetIdProto { Version = Opset } },
        };
        model.MetadataProps.Add(new StringStringEntryProto { Key = "rehrseg.precision", Value = precision.ToString().ToLowerInvariant() });
        foreach (var (key, value) in metadata) model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        long bytes = _graph.Initializer.Sum(i => (long)i.RawData.Length);
        if (bytes > 2_000_000_000) throw new InvalidOperationException($"The weights take {bytes} bytes; an ONNX file holds at most 2 GB.");
        model.WriteTo(stream);
    }

    /// <summary>8-bit integers.</summary>
    public string Integers8(string name, ReadOnlySpan<int> shape, ReadOnlySpan<sbyte> values) => Initializer(name, shape, TensorProto.Types.DataType.Int8, MemoryMarshal.AsBytes(values));

    string Initializer(string name, ReadOnlySpan<int> shape, TensorProto.Types.DataType type, ReadOnlySpan<byte> data)
    {
        if (_initializers.Contains(name)) return name;
        if (_branch is not null) name = $"{_branch.Name}/{name}";
        if (!(_branch is null ? _initializers : _branchInitializers).Add(name)) return name;
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(data) };
        foreach (int size in shape) tensor.Dims.Add(size);
        (_branch ?? _graph).Initializer.Add(tensor);
        return name;
    }

    static ValueInfoProto Describe(string name, ReadOnlySpan<OnnxDimension> shape, TensorProto.Types.DataType type = TensorProto.Types.DataType.Float)
    {
        var proto = new TensorShapeProto();
        foreach (var dimension in shape)
            proto.Dim.Add(dimension.Name is { } symbol ? new TensorShapeProto.Types.Dimension { DimParam = symbol } : new TensorShapeProto.Types.Dimension { DimValue = dimension.Size });
        return new() { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = proto } } };
    }
}
