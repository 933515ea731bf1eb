using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Reads and checks GraphProto and what lies in it.</summary>
/// <param name="source">The file's name, for messages.</param>
internal sealed class OnnxGraphReader(string source)
{
    const int DeepestGraph = 8, MostNodes = 100_000;
    int _nodes;

    /// <exception cref="InvalidDataException">The wire format is broken.</exception>
    /// <exception cref="ModelFormatException">It holds what is not allowed.</exception>
    public OnnxGraph Read(ReadOnlySpan<byte> message) => ReadGraph(message, 0);

    OnnxGraph ReadGraph(ReadOnlySpan<byte> message, int depth)
    {
        if (depth > DeepestGraph) throw new InvalidDataException("graphs are nested too deeply");
        var graph = new OnnxGraph();
        var reader = new WireReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 1:
                    if (++_nodes > MostNodes) throw new ModelFormatException($"{source} has more than {MostNodes} nodes, which no REHRSeg model has.");
                    graph.Nodes.Add(ReadNode(reader.Content, graph, depth));
                    break;
                case 5:
                    var (name, tensor) = OnnxTensorReader.Read(reader.Content, source);
                    if (!graph.Constants.TryAdd(name, tensor)) throw new ModelFormatException($"{source} has two tensors of the name '{OnnxFile.Shorten(name)}'. Export it again.");
                    break;
                case 12: graph.Outputs.Add(ValueName(reader.Content)); break;
                case 2 or 10 or 11 or 13 or 14 or 16: break; // name, documentation, inputs, types of inner values, notes
                case 15: throw SparseWeights();
                default: throw OnnxFile.Unknown("a graph", reader.Field, source);
            }
        return graph;
    }

    OnnxNode ReadNode(ReadOnlySpan<byte> message, OnnxGraph graph, int depth)
    {
        var node = new OnnxNode();
        var reader = new WireReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 1: node.Inputs.Add(OnnxFile.Text(reader.Content)); break;
                case 2: node.Outputs.Add(OnnxFile.Text(reader.Content)); break;
                case 4:
                    node.Op = OnnxFile.Text(reader.Content);
                    if (!OnnxOperators.Allowed.Contains(node.Op)) throw new ModelFormatException($"{source} uses the operator '{OnnxFile.Shorten(node.Op)}', which no REHRSeg model does. Load only files that 'rehrseg export' has written.");
                    break;
                case 5: ReadAttribute(reader.Content, node, graph, depth); break;
                case 7:
                    string domain = OnnxFile.Text(reader.Content);
                    if (domain is not ("" or "ai.onnx")) throw new ModelFormatException($"{source} uses operators of '{OnnxFile.Shorten(domain)}'; a REHRSeg model uses only those of ONNX.");
                    break;
                case 3 or 6 or 8 or 9: break; // name, documentation, overload, notes
                default: throw OnnxFile.Unknown("a node", reader.Field, source);
            }
        if (node.Op == "") throw new InvalidDataException("a node has no operator");
        if (node.Branches.Count > 0 && node.Op != "If") throw new ModelFormatException($"{source}: the operator '{node.Op}' has a graph of its own. Export it again.");
        return node;
    }

    void ReadAttribute(ReadOnlySpan<byte> message, OnnxNode node, OnnxGraph graph, int depth)
    {
        string name = "";
        var integers = new List<long>();
        var graphs = new List<OnnxGraph>();
        var reader = new WireReader(message);
        while (reader.Next())
            switch (reader.Field)
            {
                case 1: name = OnnxFile.Text(reader.Content); break;
                case 3 or 8: reader.AddTo(integers); break;
                case 5 or 10:
                    var (_, tensor) = OnnxTensorReader.Read(reader.Content, source);
                    if (node.Op == "Constant") foreach (string output in node.Outputs) graph.Constants.TryAdd(output, tensor);
                    break;
                case 6 or 11: graphs.Add(ReadGraph(reader.Content, depth + 1)); break;
                case 22 or 23: throw SparseWeights();
                case 2 or 4 or 7 or 13 or 20: break; // number, text, numbers, documentation, type
                default: throw OnnxFile.Unknown("an attribute", reader.Field, source);
            }
        node.Integers[name] = integers;
        foreach (var inner in graphs) node.Branches.Add((name, inner));
    }

    static string ValueName(ReadOnlySpan<byte> message)
    {
        string name = "";
        var reader = new WireReader(message);
        while (reader.Next())
            if (reader.Field == 1) name = OnnxFile.Text(reader.Content);
        return name;
    }

    ModelFormatException SparseWeights() => new($"{source} holds sparse weights, which no REHRSeg model does. Export it again.");
}
