using REHRSeg.Onnx;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>
/// Writes <c>segmentation.onnx</c> (DESIGN.md section 7): PlainConvUNet and HR head (METHOD.md 6.3, 6.4) with softmax inside.
/// Input <c>image</c> <c>N x C x D x H x W</c>; outputs <c>lr</c> <c>N x K x D x H x W</c> and <c>hr</c> <c>N x K x rD x H x W</c>.
/// </summary>
internal static class SegmentationOnnxExporter
{
    /// <param name="stream">Receives the model.</param>
    /// <param name="architecture">The network; factor 0: no <c>hr</c> output.</param>
    /// <param name="weights">By the network's state-dict names.</param>
    /// <param name="info">Goes into the metadata.</param>
    /// <exception cref="ArgumentException">Architecture, weights and info do not fit each other.</exception>
    public static void Export(Stream stream, SegmentationArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SegmentationModelInfo info) =>
        Export(stream, architecture, weights, info, probabilities: true);

    /// <summary>As above; without <paramref name="probabilities"/> the outputs are logits, for comparison with other implementations.</summary>
    internal static void Export(Stream stream, SegmentationArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SegmentationModelInfo info, bool probabilities)
    {
        RequireFit(architecture, info);
        var graph = new OnnxGraphBuilder(weights);
        graph.Input("image", "N", architecture.Channels, "D", "H", "W");
        string feature = PlainConvUNet(graph, architecture, "image");
        int head = architecture.Features.Length - 2;
        string lr = graph.Name(Finish(Convolution(graph, feature, $"decoder.seg_layers.{head}", architecture.Features[0], architecture.Classes, new(1, 1, 1), new(1, 1, 1))), "lr");
        graph.Output("lr", "N", architecture.Classes, "D", "H", "W");
        if (info.HasHighResolutionHead)
        {
            // Runtimes compute every node, also those of outputs that are not asked for: the switch spares the head.
            string hr = graph.If(graph.Switch("hr_wanted"),
                () => Finish(HighResolutionHead(graph, architecture, feature)),
                () => graph.Node("Slice", [lr, graph.Integers(0), graph.Integers(0), graph.Integers(2)]));
            graph.Output(graph.Name(hr, "hr"), "N", architecture.Classes, "rD", "H", "W");
        }
        graph.Write(stream, info.ToMetadata());

        string Finish(string logits) => probabilities ? graph.Node("Softmax", [logits], Attribute("axis", 1)) : logits;
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

    /// <summary>
    /// Linear upsampling along D, k3 convolution, ReLU, k5 convolution: logits <c>N x K x rD x H x W</c>. The first convolution and the
    /// upsampling change places (METHOD.md 13.4 #2): its in-plane work is done at low resolution.
    /// </summary>
    static string HighResolutionHead(OnnxGraphBuilder graph, SegmentationArchitecture a, string feature)
    {
        string taps = TapConvolution(graph, feature, "sr_head.0", a.Features[0], a.HighResolutionWidth, 3);
        string up = graph.Node("Resize", [taps, "", graph.Numbers(1, 1, a.Factor, 1, 1)],
            Attribute("mode", "linear"), Attribute("coordinate_transformation_mode", a.AlignCorners ? "align_corners" : "half_pixel"));
        string hidden = graph.Node("Relu", [SumTaps(graph, up, a.HighResolutionWidth, 3)]);
        return SumTaps(graph, TapConvolution(graph, hidden, "sr_head.2", a.HighResolutionWidth, a.Classes, 5), a.Classes, 5);
    }

    /// <summary>
    /// The slice taps of a k x k x k convolution as one (1, k, k) convolution, channel = tap * features + o. The bias goes to the middle tap,
    /// which never falls outside the volume.
    /// </summary>
    static string TapConvolution(OnnxGraphBuilder graph, string x, string name, int channels, int features, int size)
    {
        var weight = graph.Parameter(name + ".weight", features, channels, size, size, size);
        var bias = graph.Parameter(name + ".bias", features);
        int plane = size * size;
        float[] kernels = new float[weight.Values.Length], biases = new float[size * features];
        for (int pair = 0; pair < features * channels; pair++)
            for (int tap = 0; tap < size; tap++)
                weight.Values.AsSpan((pair * size + tap) * plane, plane).CopyTo(kernels.AsSpan((tap * features * channels + pair) * plane));
        bias.Values.CopyTo(biases, size / 2 * features);
        return graph.Node("Conv",
            [x, graph.Values(name + ".taps.weight", new WeightArray([size * features, channels, 1, size, size], kernels)), graph.Values(name + ".taps.bias", new WeightArray([size * features], biases))],
            Attribute("kernel_shape", 1, size, size), Attribute("pads", 0, size / 2, size / 2, 0, size / 2, size / 2));
    }

    /// <summary>Output slice z is the sum over taps of slice z + tap - size/2, zero outside: <c>N x (size F) x D x H x W</c> to <c>N x F x D x H x W</c>.</summary>
    static string SumTaps(OnnxGraphBuilder graph, string taps, int features, int size)
    {
        int reach = size / 2;
        string padded = graph.Node("Pad", [taps, graph.Integers(0, 0, reach, 0, 0, 0, 0, reach, 0, 0)]);
        return graph.Node("Sum", [.. Enumerable.Range(0, size).Select(tap => graph.Node("Slice",
            [padded, graph.Integers(tap * features, tap), graph.Integers((tap + 1) * features, tap < size - 1 ? tap - size + 1 : long.MaxValue), graph.Integers(1, 2)]))]);
    }

    static string Convolution(OnnxGraphBuilder graph, string x, string name, int channels, int features, PatchShape kernel, PatchShape stride)
    {
        var (d, h, w) = ((kernel.Depth - 1) / 2, (kernel.Height - 1) / 2, (kernel.Width - 1) / 2);
        return graph.Node("Conv", [x, graph.Weight(name + ".weight", features, channels, kernel.Depth, kernel.Height, kernel.Width), graph.Weight(name + ".bias", features)],
            Attribute("kernel_shape", kernel.Depth, kernel.Height, kernel.Width), Attribute("strides", stride.Depth, stride.Height, stride.Width), Attribute("pads", d, h, w, d, h, w));
    }

    static void RequireFit(SegmentationArchitecture a, SegmentationModelInfo info)
    {
        if (a.Channels != info.Channels) throw new ArgumentException($"The network takes {a.Channels} channel(s), but the model info says {info.Channels}.", nameof(info));
        if (a.Classes != info.Labels.Length) throw new ArgumentException($"The network has {a.Classes} classes, but the model info names {info.Labels.Length}.", nameof(info));
        if (info.HasHighResolutionHead && a.Factor != info.Factor) throw new ArgumentException($"The HR head has factor {a.Factor}, but the model info says {info.Factor}.", nameof(info));
    }
}
