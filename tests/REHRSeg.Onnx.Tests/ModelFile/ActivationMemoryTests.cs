namespace REHRSeg.Onnx.Tests;

/// <summary>Numbers per voxel, against counts by hand.</summary>
public class ActivationMemoryTests
{
    static OnnxNode Node(string op, string[] inputs, string[] outputs, params (string Name, long[] Values)[] attributes)
    {
        var node = new OnnxNode { Op = op };
        node.Inputs.AddRange(inputs);
        node.Outputs.AddRange(outputs);
        foreach (var (name, values) in attributes) node.Integers[name] = [.. values];
        return node;
    }

    static OnnxGraph Graph(string output, (string Name, long[] Sizes, double[]? Values)[] constants, params OnnxNode[] nodes)
    {
        var graph = new OnnxGraph();
        foreach (var (name, sizes, values) in constants) graph.Constants[name] = new(sizes, 1, values);
        graph.Nodes.AddRange(nodes);
        graph.Outputs.Add(output);
        return graph;
    }

    [Fact]
    public void AUNetOfTwoStages()
    {
        var graph = Graph("out", [("w1", [8, 2, 3, 3, 3], null), ("w2", [16, 8, 3, 3, 3], null), ("t", [16, 8, 1, 2, 2], null), ("w3", [3, 16, 1, 1, 1], null)],
            Node("Conv", ["in", "w1"], ["a"]),                                                                       // 8
            Node("LeakyRelu", ["a"], ["b"]),                                                                         // 8 in its place
            Node("Conv", ["b", "w2"], ["c"], ("strides", [1, 2, 2])),                                                // 16 / 4 = 4, beside b: 12
            Node("ConvTranspose", ["c", "t"], ["d"], ("strides", [1, 2, 2])),                                        // 8, beside b and c: 20
            Node("Concat", ["d", "b"], ["e"], ("axis", [1])),                                                        // 16, beside d and b: 32
            Node("Conv", ["e", "w3"], ["out"]));                                                                     // 3, beside e: 19
        Assert.Equal(32, new ActivationMemory(graph, "in", 2).Peak(1), 1e-9);
    }

    [Fact]
    public void TransposedConvolutionsAreWrittenOutOneSampleAtATime()
    {
        var graph = Graph("out", [("t", [4, 8, 3, 4, 4], null)], Node("ConvTranspose", ["in", "t"], ["out"], ("strides", [1, 2, 2]))); // 4 to 8 channels, four times the voxels: 32
        Assert.Equal(32 + 8 * 48, new ActivationMemory(graph, "in", 4).Peak(1), 1e-9);
        Assert.Equal(32 + 8 * 48 / 4, new ActivationMemory(graph, "in", 4).Peak(4), 1e-9);
    }

    [Fact]
    public void WeightsThatAreWidenedWhenTheFileIsLoadedCountAsWeights()
    {
        var graph = Graph("out", [("h", [8, 2, 3, 3, 3], null), ("i", [16, 8, 3, 3, 3], null), ("s", [16, 1, 1, 1, 1], null)],
            Node("Cast", ["h"], ["w1"]), Node("Conv", ["in", "w1"], ["a"]),                                           // 8
            Node("Cast", ["i"], ["f"]), Node("Mul", ["f", "s"], ["w2"]), Node("Conv", ["a", "w2"], ["out"], ("strides", [1, 2, 2]))); // 16 / 4 = 4, beside a: 12
        Assert.Equal(12, new ActivationMemory(graph, "in", 2).Peak(1), 1e-9);
    }

    [Fact]
    public void ANodeWithoutInputsTakesNothing() =>
        Assert.Equal(2, new ActivationMemory(Graph("out", [], Node("Constant", [], ["k"]), Node("Mul", ["in", "k"], ["out"])), "in", 2).Peak(1), 1e-9);

    [Fact]
    public void OnlyTheBranchThatRunsCounts()
    {
        var large = Graph("y", [("w", [100, 4, 1, 1, 1], null)], Node("Conv", ["a", "w"], ["y"]));
        var small = Graph("z", [], Node("Identity", ["a"], ["z"]));
        var choice = Node("If", ["wanted"], ["out"]);
        choice.Branches.AddRange([("then_branch", large), ("else_branch", small)]);
        var graph = Graph("out", [("w0", [4, 1, 1, 1, 1], null)], Node("Conv", ["in", "w0"], ["a"]), choice);
        Assert.True(new ActivationMemory(graph, "in", 1).Peak(1) >= 104);
        Assert.True(new ActivationMemory(graph, "in", 1, off: "wanted").Peak(1) <= 16);
    }

    [Fact]
    public void SlicesOfChannelsSplitsAndResizes()
    {
        var graph = Graph("out", [("w", [6, 1, 1, 3, 3], null), ("s", [5], [1, 1, 4, 1, 1]), ("0", [1], [2]), ("1", [1], [4]), ("axis", [1], [1])],
            Node("Conv", ["in", "w"], ["a"]),                          // 6
            Node("Resize", ["a", "", "s"], ["b"]),                     // 24, beside a: 30
            Node("Slice", ["b", "0", "1", "axis"], ["c"]),             // 2 of 6 channels: 8, beside b: 32
            Node("Split", ["c"], ["d", "out"]));                       // 4 and 4, beside c: 16
        Assert.Equal(32, new ActivationMemory(graph, "in", 1).Peak(1), 1e-9);
    }
}
