namespace REHRSeg.Onnx;

/// <summary>What a scorer needs to know of a checked model file.</summary>
/// <param name="Metadata">All key/values.</param>
/// <param name="Graph">The network.</param>
internal sealed record OnnxModel(IReadOnlyDictionary<string, string> Metadata, OnnxGraph Graph);

/// <summary>Nodes in the order in which the file has them, and the constants that they use.</summary>
internal sealed class OnnxGraph
{
    public List<OnnxNode> Nodes { get; } = [];
    public Dictionary<string, OnnxTensor> Constants { get; } = [];
    public List<string> Outputs { get; } = [];
}

/// <summary>One operator.</summary>
internal sealed class OnnxNode
{
    public string Op { get; set; } = "";
    public List<string> Inputs { get; } = [];
    public List<string> Outputs { get; } = [];
    /// <summary>Attributes that are integers or lists of them.</summary>
    public Dictionary<string, List<long>> Integers { get; } = [];
    /// <summary>Branches of an <c>If</c>, by the attribute's name.</summary>
    public List<(string Name, OnnxGraph Graph)> Branches { get; } = [];
}

/// <summary>A constant.</summary>
/// <param name="Sizes">Of each axis.</param>
/// <param name="Type">TensorProto.DataType.</param>
/// <param name="Values">Its values if it has few; else null.</param>
internal sealed record OnnxTensor(long[] Sizes, int Type, double[]? Values);
