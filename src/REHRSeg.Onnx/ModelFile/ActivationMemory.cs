namespace REHRSeg.Onnx;

/// <summary>
/// How much memory one run of a network takes for the values between its nodes, without running it: numbers per voxel of the input. Convolutions change the count by channels and strides,
/// joining adds, taking apart divides, everything else keeps it. Values are alive from the node that makes them to the last one that takes them.
/// </summary>
internal sealed class ActivationMemory
{
    /// <summary>Operators that ONNX Runtime computes in the memory of an input that nobody needs any more, or that only name it anew.</summary>
    static readonly HashSet<string> s_inPlace =
        ["Add", "Clip", "Div", "Flatten", "Identity", "LeakyRelu", "Mul", "Relu", "Reshape", "Sigmoid", "Squeeze", "Sub", "Sum", "Tanh", "Unsqueeze"];

    /// <summary>Operators after which the channels are no longer axis 1, or are others.</summary>
    static readonly HashSet<string> s_rearranging = ["Einsum", "Flatten", "Gather", "Reshape", "Squeeze", "Transpose", "Unsqueeze"];

    const int SliceTaps = 3;
    readonly int _factor;
    readonly string? _off;
    readonly List<(double Alive, double Scratch)> _nodes;
    readonly Dictionary<string, Extent> _extents = [];
    readonly Dictionary<string, OnnxTensor> _constants = [];

    /// <param name="graph">The network.</param>
    /// <param name="input">Its input.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="factor">Thin slices per thick one, r.</param>
    /// <param name="off">A switch that is off, so that each <c>If</c> on it takes its other branch; null: none.</param>
    public ActivationMemory(OnnxGraph graph, string input, int channels, int factor = 1, string? off = null)
    {
        (_factor, _off) = (factor, off);
        _extents[input] = new(channels, channels);
        _nodes = Walk(graph);
    }

    /// <summary>The most numbers per voxel of the input that are alive at a time, the input left out.</summary>
    /// <param name="batch">Samples of the input.</param>
    public double Peak(int batch) => _nodes.Select(n => n.Alive + n.Scratch / batch).DefaultIfEmpty().Max();

    /// <summary>For each node, what is alive while it runs, and what it takes for itself, one sample after the other.</summary>
    List<(double Alive, double Scratch)> Walk(OnnxGraph graph)
    {
        foreach (var (name, tensor) in graph.Constants) _constants[name] = tensor;
        var last = new Dictionary<string, int>();
        for (int n = 0; n < graph.Nodes.Count; n++)
            foreach (string input in Taken(graph.Nodes[n])) last[input] = n;
        foreach (string output in graph.Outputs) last[output] = int.MaxValue;
        var own = new HashSet<string>(graph.Nodes.SelectMany(n => n.Outputs));
        double alive = 0;
        var nodes = new List<(double, double)>();
        for (int n = 0; n < graph.Nodes.Count; n++)
        {
            var node = graph.Nodes[n];
            if (Folded(node) is { } folded)
            {
                _constants[node.Outputs[0]] = folded;
                _extents[node.Outputs[0]] = default;
                nodes.Add((alive, 0));
                continue;
            }
            double inner = Branches(node).SelectMany(Walk).Select(i => i.Alive + i.Scratch).DefaultIfEmpty().Max(), made = 0;
            foreach (string output in node.Outputs) made += (_extents[output] = Measure(node, output)).Count;
            var over = node.Inputs.Distinct().Where(i => own.Contains(i) && last[i] == n).Select(i => Of(i).Count).ToArray();
            bool inPlace = s_inPlace.Contains(node.Op) && over.Any(count => count >= made);
            nodes.Add((alive + inner + (inPlace ? 0 : made), Scratch(node)));
            alive += made - over.Sum();
        }
        return nodes;
    }

    /// <summary>What ONNX Runtime computes once, when it loads the file: weights that are stored in half precision or as 8-bit integers.</summary>
    OnnxTensor? Folded(OnnxNode node) =>
        node.Op is "Cast" or "DequantizeLinear" or "Identity" or "Mul" && node.Outputs.Count == 1 && node.Inputs.Count > 0 && node.Inputs.TrueForAll(_constants.ContainsKey)
            ? node.Inputs.Select(i => _constants[i]).MaxBy(c => Product(c.Sizes))! with { Values = null }
            : null;

    /// <summary>What a node takes, its branches included.</summary>
    static IEnumerable<string> Taken(OnnxNode node) => node.Inputs.Concat(node.Branches.SelectMany(b => b.Graph.Nodes.SelectMany(Taken).Concat(b.Graph.Outputs)));

    /// <summary>Those that may run.</summary>
    IEnumerable<OnnxGraph> Branches(OnnxNode node) =>
        node.Branches.Where(b => _off is null || node.Inputs.FirstOrDefault() != _off || b.Name == "else_branch").Select(b => b.Graph);

    Extent Measure(OnnxNode node, string output)
    {
        var first = node.Inputs.Count == 0 ? default : Of(node.Inputs[0]);
        switch (node.Op)
        {
            case "DynamicQuantizeLinear" when output != node.Outputs[0]: return default; // scale and zero point
            case "Shape" or "Size" or "GlobalAveragePool" or "GlobalMaxPool": return default;
            case "Conv" or "ConvInteger" when Sizes(node, 1) is [var made, var each, ..]: return new(first.Count / Math.Max(1, each * Group(node)) * made / Strides(node), made);
            case "QLinearConv" when Sizes(node, 3) is [var made, var each, ..]: return new(first.Count / Math.Max(1, each * Group(node)) * made / Strides(node), made);
            case "ConvTranspose" when Sizes(node, 1) is [var taken, var each, ..]: return new(first.Count / Math.Max(1, taken) * each * Group(node) * Strides(node), each * Group(node));
            case "AveragePool" or "MaxPool": return first with { Count = first.Count / Strides(node) };
            case "Concat": return new(node.Inputs.Sum(i => Of(i).Count), node.Integers.TryGetValue("axis", out var axis) && axis is [1] ? node.Inputs.Sum(i => Of(i).Channels) : first.Channels);
            case "Split": return new(first.Count * SplitPart(node, output), 0);
            case "Gemm" or "MatMul" or "MatMulInteger" when Sizes(node, 1) is [.., var from, var to]: return new(first.Count / Math.Max(1, from) * to, 0);
            case "MatMul" when first.Count == 0 && node.Inputs.Count == 2: return new(Of(node.Inputs[1]).Count / SliceTaps * _factor, 0); // the HR head's interpolation, from taps to thin slices
            case "Resize" when Values(node, 2) is { Length: > 0 } scales: return first with { Count = scales.Aggregate(first.Count, (a, b) => a * Math.Abs(b)) };
            case "Slice": return Part(first, node);
            case "If": return Branches(node).SelectMany(b => b.Outputs).Select(Of).DefaultIfEmpty().MaxBy(e => e.Count);
            case var op:
                var largest = node.Inputs.Select(Of).DefaultIfEmpty().MaxBy(e => e.Count);
                return s_rearranging.Contains(op) ? largest with { Channels = 0 } : largest;
        }
    }

    /// <summary>Convolutions that ONNX Runtime's CPU provider writes out as a matrix of kernel positions: transposed ones in float, integer ones in bytes.</summary>
    double Scratch(OnnxNode node) => (node.Op, Sizes(node, 1)) switch
    {
        ("ConvTranspose", [var taken, var each, .. var kernel]) => Of(node.Inputs[0]).Count / Math.Max(1, taken) * each * Group(node) * Product(kernel),
        ("ConvInteger", [var made, var each, .. var kernel]) => Of(node.Outputs[0]).Count / Math.Max(1, made) * each * Group(node) * Product(kernel) / sizeof(float),
        _ => 0,
    };

    static double Product(long[] sizes) => sizes.Aggregate(1.0, (a, b) => a * b);

    /// <summary>A slice of channels; slices of other axes are taken for whole.</summary>
    Extent Part(Extent all, OnnxNode node)
    {
        if (all.Channels <= 0 || Values(node, 1) is not { } starts || Values(node, 2) is not { } ends || Values(node, 3) is not { } axes) return all;
        int at = Array.IndexOf(axes, 1);
        if (at < 0 || at >= starts.Length || at >= ends.Length) return all;
        double kept = Math.Clamp(Math.Min(ends[at], all.Channels) - starts[at], 0, all.Channels);
        return new(all.Count * kept / all.Channels, kept);
    }

    double SplitPart(OnnxNode node, string output) => Values(node, 1) is { } sizes && sizes.Length == node.Outputs.Count && sizes.Sum() > 0
        ? sizes[node.Outputs.IndexOf(output)] / sizes.Sum() : 1.0 / node.Outputs.Count;

    Extent Of(string value) => _extents.GetValueOrDefault(value);

    static double Group(OnnxNode node) => node.Integers.TryGetValue("group", out var group) && group is [> 0 and var value] ? value : 1;

    static double Strides(OnnxNode node) => node.Integers.TryGetValue("strides", out var strides) ? strides.Aggregate(1.0, (a, b) => a * Math.Max(1, b)) : 1;

    OnnxTensor? Constant(OnnxNode node, int input) => input < node.Inputs.Count ? _constants.GetValueOrDefault(node.Inputs[input]) : null;

    long[]? Sizes(OnnxNode node, int input) => Constant(node, input)?.Sizes;

    double[]? Values(OnnxNode node, int input) => Constant(node, input)?.Values;

    /// <summary>Numbers of a value per voxel of the input, and its channels; 0: not known.</summary>
    readonly record struct Extent(double Count, double Channels);
}
