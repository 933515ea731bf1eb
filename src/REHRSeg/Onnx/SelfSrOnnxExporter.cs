using REHRSeg.Onnx;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>
/// Writes <c>selfsr.onnx</c>: FLAVR backbone and UASR head (METHOD.md sections 1-2). Input <c>slices</c> <c>N x (C+L) x 4 x H x W</c>,
/// H and W multiples of 8; outputs <c>image</c> <c>N x C x r x H x W</c>, <c>label</c> <c>N x L x r x H x W</c> (logits against a background
/// of 0) and <c>uncertainty</c> <c>N x 1 x r x H x W</c>. For planes in tiles there is more, which plain use need not touch: <see cref="PlaneStatisticsGraph"/>.
/// </summary>
internal static class SelfSrOnnxExporter
{
    const float LeakySlope = 0.2f, MinimumUncertainty = 1e-3f;
    const int Slices = 4;

    /// <param name="stream">Receives the model.</param>
    /// <param name="architecture">The network, with the UASR head.</param>
    /// <param name="weights">By the network's state-dict names.</param>
    /// <param name="info">Goes into the metadata.</param>
    /// <param name="precision">How weights are stored.</param>
    /// <exception cref="ArgumentException">Architecture, weights and info do not fit each other, or the head has no uncertainty.</exception>
    public static void Export(Stream stream, SelfSrArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SelfSrModelInfo info, OnnxPrecision precision = OnnxPrecision.Float32)
    {
        RequireFit(architecture, info);
        int images = architecture.ImageChannels, labels = architecture.LabelChannels;
        var graph = new OnnxGraphBuilder(weights, precision);
        graph.Input("slices", "N", images + labels, Slices, "H", "W");
        string[] parts = graph.Node("Split", ["slices", graph.Integers(images, labels)], 2, Attribute("axis", 1));
        var plane = new PlaneStatisticsGraph(graph, architecture);
        string mean = plane.Mean(parts[0]);                                                                                        // N x C x 1 x 1 x 1
        string[] slices = graph.Node("Split", [parts[0]], Slices, Attribute("axis", 2));
        string[] magnitudes = [plane.Magnitude(slices[0]), plane.Magnitude(slices[2]), plane.Magnitude(slices[3])];
        string centred = graph.Node("Concat", [graph.Node("Sub", [parts[0], mean]), parts[1]], Attribute("axis", 1));
        string merged = Merge(graph, FlavrBackbone(graph, architecture, centred, plane));
        string? interpolated = architecture.InterpolationWeights() is { } interpolation ? Interpolate(graph, slices, magnitudes, interpolation) : null;
        UasrHead(graph, architecture, merged, parts[0], mean, interpolated);
        plane.Finish();
        graph.Output("image", "N", images, architecture.Factor, "H", "W");
        graph.Output("label", "N", labels, architecture.Factor, "H", "W");
        graph.Output("uncertainty", "N", 1, architecture.Factor, "H", "W");
        graph.Write(stream, info.ToMetadata());
    }

    /// <summary>F_o of the paper's eq. 2, <c>N x w x 4 x H x W</c>.</summary>
    static string FlavrBackbone(OnnxGraphBuilder graph, SelfSrArchitecture a, string x, PlaneStatisticsGraph plane)
    {
        int w = a.Width;
        string x0 = graph.Node("Relu", [Convolution(graph, x, "encoder.stem.0", a.ImageChannels + a.LabelChannels, w, [3, 7, 7], 2)]);
        string x1 = Layer(graph, x0, "encoder.layer1", w, w, 1, plane, 2);
        string x2 = Layer(graph, x1, "encoder.layer2", w, 2 * w, 2, plane, 4);
        string x3 = Layer(graph, x2, "encoder.layer3", 2 * w, 4 * w, 2, plane, 8);
        string x4 = Layer(graph, x3, "encoder.layer4", 4 * w, 8 * w, 1, plane, 8);
        string y = Decode(graph, x4, "decoder.0.conv", 8 * w, 4 * w, x3, plane, 8);
        y = Decode(graph, y, "decoder.1.upconv", 8 * w, 2 * w, x2, plane, 4);
        y = Decode(graph, y, "decoder.2.upconv", 4 * w, w, x1, plane, 2);
        y = Decode(graph, y, "decoder.3.conv", 2 * w, w, x0, plane, 2);
        return Decode(graph, y, "decoder.4.upconv", 2 * w, w, null, plane, 1);
    }

    /// <summary>Two residual blocks; the first strides in-plane. The result has 1/<paramref name="scale"/> of the plane's rows and columns.</summary>
    static string Layer(OnnxGraphBuilder graph, string x, string name, int input, int output, int stride, PlaneStatisticsGraph plane, int scale) =>
        ResidualBlock(graph, ResidualBlock(graph, x, name + ".0", input, output, stride, plane, scale), name + ".1", output, output, 1, plane, scale);

    static string ResidualBlock(OnnxGraphBuilder graph, string x, string name, int input, int output, int stride, PlaneStatisticsGraph plane, int scale)
    {
        string y = graph.Node("Relu", [Convolution(graph, x, name + ".conv1.0", input, output, [3, 3, 3], stride)]);
        y = Gate(graph, Convolution(graph, y, name + ".conv2.0", output, output, [3, 3, 3], 1), name + ".fg.attn_layer.0", output, plane, scale);
        string shortcut = input == output ? x : Convolution(graph, x, name + ".downsample.0", input, output, [1, 1, 1], stride, bias: false);
        return graph.Node("Relu", [graph.Node("Add", [y, shortcut])]);
    }

    /// <summary>Convolution (transposed and doubling H, W under an <c>upconv</c> name), gate, leaky ReLU, encoder map behind it.</summary>
    static string Decode(OnnxGraphBuilder graph, string x, string name, int input, int output, string? skip, PlaneStatisticsGraph plane, int scale)
    {
        string y = name.EndsWith("upconv", StringComparison.Ordinal)
            ? graph.Node("ConvTranspose", [x, graph.Weight(name + ".0.weight", input, output, 3, 4, 4), graph.Weight(name + ".0.bias", output)],
                Attribute("kernel_shape", 3, 4, 4), Attribute("strides", 1, 2, 2), Attribute("pads", 1, 1, 1, 1, 1, 1))
            : Convolution(graph, x, name + ".0", input, output, [3, 3, 3], 1);
        y = graph.Node("LeakyRelu", [Gate(graph, y, name + ".1.attn_layer.0", output, plane, scale)], Attribute("alpha", LeakySlope));
        return skip is null ? y : graph.Node("Concat", [y, skip], Attribute("axis", 1));
    }

    /// <summary>x * sigmoid(W mean(x) + b).</summary>
    static string Gate(OnnxGraphBuilder graph, string x, string name, int channels, PlaneStatisticsGraph plane, int scale) =>
        graph.Node("Mul", [x, graph.Node("Sigmoid", [Convolution(graph, plane.Pool(x, scale), name, channels, channels, [1, 1, 1], 1)])]);

    /// <summary>G, the slices side by side: <c>N x 4w x H x W</c>, channel = slice * w + c.</summary>
    static string Merge(OnnxGraphBuilder graph, string x)
    {
        string[] slices = graph.Node("Split", [x], Slices, Attribute("axis", 2));
        return graph.Node("Concat", [.. slices.Select(s => graph.Node("Squeeze", [s, graph.Integers(2)]))], Attribute("axis", 1));
    }

    /// <summary>Outputs <c>image</c>, <c>label</c>, <c>uncertainty</c>. H and W are held as one axis P of pixels within.</summary>
    static void UasrHead(OnnxGraphBuilder graph, SelfSrArchitecture a, string merged, string input, string mean, string? interpolated)
    {
        int r = a.Factor, n = a.Branches, width = Slices * a.Width, images = a.ImageChannels, labels = a.LabelChannels;
        string size = graph.Node("Slice", [graph.Node("Shape", [input]), graph.Integers(3), graph.Integers(5)]);                  // H, W
        string fused = graph.Node("LeakyRelu", [Convolution(graph, merged, "feature_fuse.conv.0", width, width, [3, 3], 1)], Attribute("alpha", LeakySlope));
        string branches = Convolution(graph, fused, "feature_fuse1.conv.0", width, r * n * (images + labels), [1, 1], 1);
        string attention = Convolution(graph, fused, "uncertainty_early.conv.0", width, r * n, [1, 1], 1);
        attention = graph.Node("Softmax", [graph.Node("Reshape", [attention, graph.Integers(0, r, n, -1)])], Attribute("axis", 2)); // P_A: N x r x n x P
        string[] parts = graph.Node("Split", [graph.Node("Reshape", [branches, graph.Integers(0, r, n, images + labels, -1)]), graph.Integers(images, labels)], 2, Attribute("axis", 3));
        string perBranch = graph.Node("Unsqueeze", [attention, graph.Integers(3)]);

        string image = Planes(graph, Mix(graph, perBranch, interpolated is not null ? parts[0] : Activate(graph, a, parts[0], mean)), images, r, size);
        if (interpolated is not null) image = graph.Node("Add", [image, interpolated]);
        graph.Name(image, "image");
        graph.Name(Planes(graph, Mix(graph, perBranch, parts[1]), labels, r, size), "label");

        string weights = graph.Node("Reshape", [graph.Weight("uncertainty_out.weight", 1, n, 1, 1, 1), graph.Integers(1, 1, n, 1)]);
        string u = graph.Node("ReduceSum", [graph.Node("Mul", [attention, weights]), graph.Integers(2)], Attribute("keepdims", 1)); // N x r x 1 x P
        u = graph.Node("Sigmoid", [graph.Node("Add", [u, graph.Weight("uncertainty_out.bias", 1)])]);
        if (a.ClampUncertainty) u = graph.Node("Add", [graph.Node("Mul", [u, graph.Scalar(1 - MinimumUncertainty)]), graph.Scalar(MinimumUncertainty)]);
        graph.Name(Planes(graph, u, 1, r, size), "uncertainty");
    }

    /// <summary>P_I of each branch, <c>N x r x n x C x P</c>: tanh(z + mean), or (tanh(z) + 1) / 2 as published.</summary>
    static string Activate(OnnxGraphBuilder graph, SelfSrArchitecture a, string z, string mean) => a.RestoreMean
        ? graph.Node("Tanh", [graph.Node("Add", [z, graph.Node("Reshape", [mean, graph.Integers(0, 1, 1, a.ImageChannels, 1)])])])
        : graph.Node("Mul", [graph.Node("Add", [graph.Node("Tanh", [z]), graph.Scalar(1)]), graph.Scalar(0.5f)]);

    /// <summary>Sum over branches: <c>N x r x n x M x P</c> to <c>N x r x M x P</c>.</summary>
    static string Mix(OnnxGraphBuilder graph, string attention, string branches) =>
        graph.Node("ReduceSum", [graph.Node("Mul", [attention, branches]), graph.Integers(2)], Attribute("keepdims", 0));

    /// <summary><c>N x r x M x P</c> to <c>N x M x r x H x W</c>.</summary>
    static string Planes(OnnxGraphBuilder graph, string x, int channels, int factor, string size)
    {
        string shape = graph.Node("Concat", [graph.Integers(0, channels, factor), size], Attribute("axis", 0));
        return graph.Node("Reshape", [graph.Node("Transpose", [x], Attribute("perm", 0, 2, 1, 3)), shape]);
    }

    /// <summary><see cref="SubSliceInterpolation"/> of slice 1 at its r thin slices, <c>N x C x r x H x W</c>; a neighbour of zeros throughout is outside the volume.</summary>
    static string Interpolate(OnnxGraphBuilder graph, string[] slices, string[] magnitudes, float[][] weights)
    {
        string Inside(string slice, string otherwise, string magnitude) => graph.Node("Where", [graph.Node("Greater", [magnitude, graph.Scalar(0)]), slice, otherwise]);
        string after = Inside(slices[2], slices[1], magnitudes[1]);
        string[] inside = [Inside(slices[0], slices[1], magnitudes[0]), slices[1], after, Inside(slices[3], after, magnitudes[2])];
        var thin = weights.Select(w => inside.Select((slice, k) => graph.Node("Mul", [slice, graph.Scalar(w[k])])).Aggregate((a, b) => graph.Node("Add", [a, b])));
        return graph.Node("Concat", [.. thin], Attribute("axis", 2));
    }

    /// <summary>2-D or 3-D by its kernel; a stride of 2 acts in-plane.</summary>
    static string Convolution(OnnxGraphBuilder graph, string x, string name, int input, int output, int[] kernel, int stride, bool bias = true)
    {
        long[] pads = [.. kernel.Select(k => (long)k / 2)], strides = [.. kernel.Select((_, axis) => axis < kernel.Length - 2 ? 1L : stride)];
        return graph.Convolution(x, name, graph.Parameter(name + ".weight", [output, input, .. kernel]), bias ? graph.Parameter(name + ".bias", output) : null,
            Attribute("strides", strides), Attribute("pads", [.. pads, .. pads]));
    }

    static void RequireFit(SelfSrArchitecture a, SelfSrModelInfo info)
    {
        if (a.Head != SelfSrHead.Uasr) throw new ArgumentException("Only the UASR head is exported: the base head has no uncertainty output.", nameof(a));
        if (a.Factor != info.Factor) throw new ArgumentException($"The network has factor {a.Factor}, but the model info says {info.Factor}.", nameof(info));
        if (a.ImageChannels != info.ImageChannels) throw new ArgumentException($"The network takes {a.ImageChannels} image channel(s), but the model info says {info.ImageChannels}.", nameof(info));
        if (a.LabelChannels != info.LabelChannels) throw new ArgumentException($"The network has {a.LabelChannels} foreground class(es), but the model info names {info.LabelChannels}.", nameof(info));
    }
}
