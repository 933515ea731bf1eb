using REHRSeg.Onnx;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>
/// <see cref="HighResolutionHead"/> in an ONNX graph: linear upsampling along D, k3 convolution, ReLU, k5 convolution (METHOD.md 6.4). The first convolution and the
/// upsampling change places (METHOD.md 13.4 #2), as there. Everything is done slice by slice: slice taps are channels of 2-D convolutions, which ONNX Runtime computes
/// about three times as fast as (1, k, k) ones, and one matrix interpolates and shifts the first taps.
/// </summary>
internal static class HighResolutionHeadGraph
{
    const int Taps = 3, OutputTaps = 5;

    /// <summary>From <c>N x F x D x H x W</c> to logits <c>N x K x rD x H x W</c>.</summary>
    public static string Logits(OnnxGraphBuilder graph, SegmentationArchitecture a, string feature)
    {
        int width = a.HighResolutionWidth, classes = a.Classes;
        var sizes = new RunTimeSizes(graph, feature);
        string slices = graph.Node("Reshape", [graph.Node("Transpose", [feature], Attribute("perm", 0, 2, 1, 3, 4)), sizes.Of(-1, a.Features[0], "H", "W")]);       // (N D) x F x H x W
        string taps = TapConvolution(graph, slices, "sr_head.0", a.Features[0], width, Taps);                                                                      // (N D) x 3w x H x W
        string shift = ShiftedInterpolation(graph, sizes, a);
        string upsampled = graph.Node("MatMul", [shift, graph.Node("Reshape", [taps, sizes.Of("N", -1, sizes.Product(width, "H", "W"))])]);                         // N x rD x (w H W)
        string hidden = graph.Node("Relu", [graph.Node("Reshape", [upsampled, sizes.Of(-1, width, "H", "W")])]);                                                   // (N rD) x w x H x W
        string outputs = TapConvolution(graph, hidden, "sr_head.2", width, classes, OutputTaps);                                                                   // (N rD) x 5K x H x W
        string[] shifted = graph.Node("Split", [outputs, graph.Integers([.. Enumerable.Repeat((long)classes, OutputTaps)])], OutputTaps, Attribute("axis", 1));
        for (int tap = 0; tap < OutputTaps; tap++)
            shifted[tap] = Shift(graph, graph.Node("Reshape", [shifted[tap], sizes.Of("N", -1, classes, "H", "W")]), OutputTaps / 2 - tap);
        string sum = graph.Node("Sum", shifted);                                                                                                                   // N x rD x K x H x W
        return graph.Node("Transpose", [sum], Attribute("perm", 0, 2, 1, 3, 4));
    }

    /// <summary><see cref="HighResolutionHead.ShiftedInterpolation"/>, for any D: rD rows, column 3 d + tap.</summary>
    static string ShiftedInterpolation(OnnxGraphBuilder graph, RunTimeSizes sizes, SegmentationArchitecture a)
    {
        string Minus(string x, string y) => graph.Node("Sub", [x, y]);
        string depth = graph.Node("Cast", [sizes.Scalar("D")], Attribute("to", 1)), thin = graph.Node("Mul", [depth, graph.Scalar(a.Factor)]);
        string Range(string end, params long[] shape) => graph.Node("Reshape", [graph.Node("Range", [graph.Scalar(0), end, graph.Scalar(1)]), graph.Integers(shape)]);
        string k = graph.Node("Add", [Range(thin, -1, 1, 1), Range(graph.Scalar(Taps), 1, 1, Taps)]);       // k + tap: one more than the thin slice
        string slice = Minus(k, graph.Scalar(1));
        string z = a.AlignCorners
            ? graph.Node("Div", [graph.Node("Mul", [slice, Minus(depth, graph.Scalar(1))]), Minus(thin, graph.Scalar(1))])
            : graph.Node("Clip", [Minus(graph.Node("Div", [Minus(k, graph.Scalar(0.5f)), graph.Scalar(a.Factor)]), graph.Scalar(0.5f)), graph.Scalar(0), Minus(depth, graph.Scalar(1))]);
        string hat = graph.Node("Relu", [Minus(graph.Scalar(1), graph.Node("Abs", [Minus(z, Range(depth, 1, -1, 1))]))]);
        string inside = graph.Node("And", [graph.Node("GreaterOrEqual", [slice, graph.Scalar(0)]), graph.Node("Less", [slice, thin])]);
        return graph.Node("Reshape", [graph.Node("Where", [inside, hat, graph.Scalar(0)]), sizes.Of(sizes.Product(a.Factor, "D"), -1)]);
    }

    /// <summary>The slice taps of a k x k x k convolution as one 2-D convolution, channel tap * features + o. The bias goes to the middle tap, which never falls outside the volume.</summary>
    static string TapConvolution(OnnxGraphBuilder graph, string slices, string name, int channels, int features, int size)
    {
        var weight = graph.Parameter(name + ".weight", features, channels, size, size, size);
        var bias = graph.Parameter(name + ".bias", features);
        int plane = size * size;
        float[] kernels = new float[weight.Values.Length], biases = new float[size * features];
        for (int pair = 0; pair < features * channels; pair++)
            for (int tap = 0; tap < size; tap++)
                weight.Values.AsSpan((pair * size + tap) * plane, plane).CopyTo(kernels.AsSpan((tap * features * channels + pair) * plane));
        bias.Values.CopyTo(biases, size / 2 * features);
        return graph.Convolution(slices, name + ".taps", new([size * features, channels, size, size], kernels), new([size * features], biases), Attribute("pads", size / 2, size / 2, size / 2, size / 2));
    }

    /// <summary><c>N x D x ...</c>: slice z becomes slice z + <paramref name="by"/>; zeros come in, what leaves is dropped.</summary>
    static string Shift(OnnxGraphBuilder graph, string slices, int by) =>
        by == 0 ? slices : graph.Node("Pad", [slices, graph.Integers(0, by, 0, 0, 0, 0, -by, 0, 0, 0)]);
}

/// <summary>Sizes of a value <c>N x F x D x H x W</c> that are known at run time, for shapes in the graph.</summary>
internal sealed class RunTimeSizes(OnnxGraphBuilder graph, string value)
{
    const string Axes = "NFDHW";
    readonly string _shape = graph.Node("Shape", [value]);

    /// <summary>A shape: each part is a number (-1: what is left) or the name of an axis or of a list of one integer.</summary>
    public string Of(params ReadOnlySpan<OnnxDimension> parts)
    {
        string[] lists = new string[parts.Length];
        for (int i = 0; i < parts.Length; i++) lists[i] = List(parts[i]);
        return graph.Node("Concat", lists, Attribute("axis", 0));
    }

    /// <summary>The product of sizes, a list of one integer.</summary>
    public string Product(params ReadOnlySpan<OnnxDimension> parts)
    {
        string product = List(parts[0]);
        foreach (var part in parts[1..]) product = graph.Node("Mul", [product, List(part)]);
        return product;
    }

    /// <summary>One size as a single integer.</summary>
    public string Scalar(string axis) => graph.Node("Squeeze", [List(axis), graph.Integers(0)]);

    string List(OnnxDimension part) => part.Name switch
    {
        null => graph.Integers(part.Size),
        { Length: 1 } axis when Axes.Contains(axis) => graph.Node("Slice", [_shape, graph.Integers(Axes.IndexOf(axis)), graph.Integers(Axes.IndexOf(axis) + 1)]),
        var list => list,
    };
}
