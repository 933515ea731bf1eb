using System.Runtime.InteropServices;

namespace REHRSeg.Onnx.Tests;

/// <summary>
/// A segmenter of two classes, r = 2, as bytes: each voxel's logits are (-v, v). Its head repeats slices and, if asked for, first passes many convolutions, so that a run with thin labels takes long.
/// </summary>
static class TinyOnnx
{
    /// <summary>Field numbers of ModelProto.</summary>
    public const int Graph = 7, OperatorSet = 8, Metadata = 14;

    public static Dictionary<string, string> Keys => new()
    {
        ["rehrseg.model"] = "segmentation", ["rehrseg.format_version"] = "1", ["rehrseg.factor"] = "2", ["rehrseg.channels"] = "1", ["rehrseg.patch_size"] = "4,16,16", ["rehrseg.divisor"] = "1,1,1",
        ["rehrseg.target_spacing"] = "4,1,1", ["rehrseg.normalisation"] = "zscore", ["rehrseg.labels"] = """[{"value":0,"name":"background"},{"value":3,"name":"bright"}]""", ["rehrseg.slice_axis"] = "z",
        ["rehrseg.tile_step"] = "0.5", ["rehrseg.gaussian_sigma"] = "0.125", ["rehrseg.mirroring"] = "true", ["rehrseg.hr_head"] = "true", ["rehrseg.training_fingerprint"] = "", ["rehrseg.tool_version"] = "test",
    };

    public static byte[] Build(int convolutions = 0, Dictionary<string, string>? metadata = null, Wire? alsoInGraph = null, Wire? alsoInModel = null)
    {
        var then = new Wire();
        string last = "lr";
        for (int i = 0; i < convolutions; i++) then.Message(1, Node("Conv", [last, "smooth"], [last = $"c{i}"], Integers("kernel_shape", 3, 3, 3), Integers("pads", 1, 1, 1, 1, 1, 1)));
        then.Message(1, Node("Resize", [last, "", "scales"], ["thin"], Word("mode", "nearest"), Word("nearest_mode", "floor"), Word("coordinate_transformation_mode", "asymmetric")));
        then.Text(2, "then").Message(12, Value("thin", 1));
        var otherwise = new Wire().Message(1, Node("Identity", ["lr"], ["thick"])).Text(2, "else").Message(12, Value("thick", 1));
        var graph = new Wire()
            .Message(1, Node("Conv", ["image", "weight"], ["logits"], Integers("kernel_shape", 1, 1, 1)))
            .Message(1, Node("Softmax", ["logits"], ["lr"], new Wire().Text(1, "axis").Number(3, 1).Number(20, 2)))
            .Message(1, Node("If", ["hr_wanted"], ["hr"], Branch("then_branch", then), Branch("else_branch", otherwise)))
            .Text(2, "tiny")
            .Message(5, Floats("weight", [2, 1, 1, 1, 1], -1, 1))
            .Message(5, Floats("smooth", [2, 2, 3, 3, 3], Enumerable.Repeat(1 / 54f, 108).ToArray()))
            .Message(5, Floats("scales", [5], 1, 1, 2, 1, 1))
            .Message(5, new Wire().Number(2, 9).Text(8, "hr_wanted").Bytes(9, [1]))
            .Message(11, Value("image", 1, "N", 1, "D", "H", "W")).Message(11, Value("hr_wanted", 9))
            .Message(12, Value("lr", 1, "N", 2, "D", "H", "W")).Message(12, Value("hr", 1, "N", 2, "rD", "H", "W"));
        byte[] content = [.. graph.ToArray(), .. alsoInGraph?.ToArray() ?? []];
        var model = new Wire().Number(1, 8).Bytes(Graph, content).Message(OperatorSet, new Wire().Number(2, 17));
        foreach (var (key, value) in metadata ?? Keys) model.Message(Metadata, new Wire().Text(1, key).Text(2, value));
        return [.. model.ToArray(), .. alsoInModel?.ToArray() ?? []];
    }

    public static Wire Node(string op, string[] inputs, string[] outputs, params Wire[] attributes)
    {
        var node = new Wire();
        foreach (string input in inputs) node.Text(1, input);
        foreach (string output in outputs) node.Text(2, output);
        node.Text(4, op);
        foreach (var attribute in attributes) node.Message(5, attribute);
        return node;
    }

    public static Wire Integers(string name, params long[] values) => new Wire().Text(1, name).Packed(8, values).Number(20, 7);

    public static Wire Word(string name, string value) => new Wire().Text(1, name).Text(4, value).Number(20, 3);

    public static Wire Branch(string name, Wire graph) => new Wire().Text(1, name).Message(6, graph).Number(20, 5);

    public static Wire Floats(string name, long[] sizes, params float[] values) => new Wire().Packed(1, sizes).Number(2, 1).Text(8, name).Bytes(9, MemoryMarshal.AsBytes<float>(values));

    /// <summary>A value with sizes: numbers or names.</summary>
    static Wire Value(string name, int type, params object[] sizes)
    {
        var shape = new Wire();
        foreach (object size in sizes) shape.Message(1, size is int number ? new Wire().Number(1, number) : new Wire().Text(2, (string)size));
        var tensor = new Wire().Number(1, type);
        if (sizes.Length > 0 || type == 9) tensor.Message(2, shape);
        return new Wire().Text(1, name).Message(2, new Wire().Message(1, tensor));
    }
}
