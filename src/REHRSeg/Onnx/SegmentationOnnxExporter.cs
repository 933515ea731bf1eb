using REHRSeg.Onnx;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>
/// Writes <c>segmentation.onnx</c> (DESIGN.md section 7): PlainConvUNet and HR head (METHOD.md 6.3, 6.4) with softmax inside.
/// Input <c>image</c> <c>N x C x D x H x W</c>, z-scored or with its mean and deviation beside it (<see cref="Normalise"/>); outputs <c>lr</c> <c>N x K x D x H x W</c> and <c>hr</c> <c>N x K x rD x H x W</c>.
/// </summary>
internal static class SegmentationOnnxExporter
{
    /// <param name="stream">Receives the model.</param>
    /// <param name="architecture">The network; factor 0: no <c>hr</c> output.</param>
    /// <param name="weights">By the network's state-dict names.</param>
    /// <param name="info">Goes into the metadata.</param>
    /// <param name="precision">How weights are stored.</param>
    /// <param name="probabilities">False: the outputs are logits, for comparison with other implementations.</param>
    /// <exception cref="ArgumentException">Architecture, weights and info do not fit each other, or a weight is beyond half precision.</exception>
    public static void Export(Stream stream, SegmentationArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SegmentationModelInfo info,
        OnnxPrecision precision = OnnxPrecision.Float32, bool probabilities = true)
    {
        RequireFit(architecture, info);
        var graph = new OnnxGraphBuilder(weights, precision);
        graph.Input("image", "N", architecture.Channels, "D", "H", "W");
        string feature = PlainConvUNet(graph, architecture, Normalise(graph, architecture.Channels));
        int head = architecture.Features.Length - 2;
        string lr = graph.Name(Finish(Convolution(graph, feature, $"decoder.seg_layers.{head}", architecture.Features[0], architecture.Classes, new(1, 1, 1), new(1, 1, 1))), "lr");
        graph.Output("lr", "N", architecture.Classes, "D", "H", "W");
        if (info.HasHighResolutionHead)
        {
            // Runtimes compute every node, also those of outputs that are not asked for: the switch spares the head.
            string hr = graph.If(graph.Switch("hr_wanted"),
                () => Finish(HighResolutionHeadGraph.Logits(graph, architecture, feature)),
                () => graph.Node("Slice", [lr, graph.Integers(0), graph.Integers(0), graph.Integers(2)]));
            graph.Output(graph.Name(hr, "hr"), "N", architecture.Classes, "rD", "H", "W");
        }
        graph.Write(stream, info.ToMetadata());

        string Finish(string logits) => probabilities ? Softmax(graph, logits) : logits;
    }

    /// <summary>
    /// <c>(image - image_mean) / image_deviation</c>, <c>C</c> numbers each, 0 and 1 unless given: another runtime can leave the z-score to the graph. Its mean and deviation are
    /// those of the whole volume, so they cannot be taken of a patch. For models of <c>rehrseg.normalisation</c> <c>zscore</c>, padding with the mean; those of <c>zscore_nonzero</c> need 0 outside the mask.
    /// </summary>
    static string Normalise(OnnxGraphBuilder graph, int channels)
    {
        string Channels(string name, float initial) => graph.Node("Reshape", [graph.Optional(name, initial, channels), graph.Integers(1, channels, 1, 1, 1)]);
        return graph.Node("Div", [graph.Node("Sub", ["image", Channels("image_mean", 0)]), Channels("image_deviation", 1)]);
    }

    /// <summary>Over the classes. ONNX Runtime's own Softmax is slow over any axis but the last.</summary>
    static string Softmax(OnnxGraphBuilder graph, string logits)
    {
        string e = graph.Node("Exp", [graph.Node("Sub", [logits, graph.Node("ReduceMax", [logits], Attribute("axes", [1]), Attribute("keepdims", 1))])]);
        return graph.Node("Div", [e, graph.Node("ReduceSum", [e, graph.Integers(1)], Attribute("keepdims", 1))]);
    }

    /// <summary>Last decoder block's output, <c>N x Features[0] x D x H x W</c>.</summary>
    static string PlainConvUNet(OnnxGraphBuilder graph, SegmentationArchitecture a, string x)
    {
        int stages = a.Features.Length;
        var skips = new string[stages];
        for (int s = 0; s < stages; s++)
        {
            x = Stage(graph, x, $"encoder.stages.{s}.0", s == 0 ? a.Channels : a.Features[s - 1], a.Features[s], a.Kernels[s], a.Strides[s], a.ConvolutionsPerStage);
            skips[s] = x;
        }
        for (int i = 0; i < stages - 1; i++)
        {
            int level = stages - 2 - i, below = a.Features[level + 1], here = a.Features[level];
            var stride = a.Strides[level + 1];
            string up = graph.Node("ConvTranspose",
                [x, graph.Weight($"decoder.transpconvs.{i}.weight", below, here, stride.Depth, stride.Height, stride.Width), graph.Weight($"decoder.transpconvs.{i}.bias", here)],
                Attribute("kernel_shape", stride.Depth, stride.Height, stride.Width), Attribute("strides", stride.Depth, stride.Height, stride.Width));
            x = graph.Node("Concat", [up, skips[level]], Attribute("axis", 1));
            x = Stage(graph, x, $"decoder.stages.{i}", 2 * here, here, a.Kernels[level], new(1, 1, 1), a.ConvolutionsPerStage);
        }
        return x;
    }

    /// <summary>Convolution, instance norm, leaky ReLU 0.01, repeated; the first convolution carries the stride.</summary>
    static string Stage(OnnxGraphBuilder graph, string x, string name, int channels, int features, PatchShape kernel, PatchShape stride, int convolutions)
    {
        for (int c = 0; c < convolutions; c++)
        {
            string block = $"{name}.convs.{c}";
            x = Convolution(graph, x, block + ".conv", c == 0 ? channels : features, features, kernel, c == 0 ? stride : new(1, 1, 1));
            x = graph.Node("InstanceNormalization", [x, graph.Weight(block + ".norm.weight", features), graph.Weight(block + ".norm.bias", features)], Attribute("epsilon", 1e-5f));
            x = graph.Node("LeakyRelu", [x], Attribute("alpha", 0.01f));
        }
        return x;
    }

    static string Convolution(OnnxGraphBuilder graph, string x, string name, int channels, int features, PatchShape kernel, PatchShape stride)
    {
        var (d, h, w) = ((kernel.Depth - 1) / 2, (kernel.Height - 1) / 2, (kernel.Width - 1) / 2);
        return graph.Convolution(x, name, graph.Parameter(name + ".weight", features, channels, kernel.Depth, kernel.Height, kernel.Width), graph.Parameter(name + ".bias", features),
            Attribute("strides", stride.Depth, stride.Height, stride.Width), Attribute("pads", d, h, w, d, h, w));
    }

    static void RequireFit(SegmentationArchitecture a, SegmentationModelInfo info)
    {
        if (a.Channels != info.Channels) throw new ArgumentException($"The network takes {a.Channels} channel(s), but the model info says {info.Channels}.", nameof(info));
        if (a.Classes != info.Labels.Length) throw new ArgumentException($"The network has {a.Classes} classes, but the model info names {info.Labels.Length}.", nameof(info));
        if (info.HasHighResolutionHead && a.Factor != info.Factor) throw new ArgumentException($"The HR head has factor {a.Factor}, but the model info says {info.Factor}.", nameof(info));
    }
}
