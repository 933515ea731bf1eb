using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Names and shapes of FLAVR's weights as published (METHOD.md 1.5), without Torch.</summary>
internal static class FlavrStateDict
{
    /// <summary>Metadata key of our safetensors files that says which network they hold.</summary>
    public const string KindKey = "rehrseg.kind";
    /// <summary>FLAVR as published: 3 colour channels, frames out.</summary>
    public const string Flavr = "flavr";
    /// <summary>A self-SR network: image and label channels in, sub-slices out.</summary>
    public const string SelfSr = "self-sr";

    /// <summary>The stem's weight, <c>w x input channels x 3 x 7 x 7</c>, and bias.</summary>
    public const string StemWeight = "encoder.stem.0.weight", StemBias = "encoder.stem.0.bias";

    /// <summary>True for layers that fit only their own task: stem, fuse and output.</summary>
    public static bool IsTaskLayer(string name) =>
        name.StartsWith("encoder.stem.0.", StringComparison.Ordinal) || name.StartsWith("feature_fuse", StringComparison.Ordinal)
        || name.StartsWith("outconv.1.", StringComparison.Ordinal) || name.StartsWith("uncertainty_", StringComparison.Ordinal);

    /// <summary>The 71 tensors between stem and head, which FLAVR and the self-SR network share.</summary>
    /// <param name="width">Channels of the first level.</param>
    public static IEnumerable<(string Name, long[] Shape)> Backbone(int width)
    {
        long[] channels = [width, width, 2 * width, 4 * width, 8 * width]; // before and after layers 1 to 4
        for (int layer = 1; layer <= 4; layer++)
            for (int block = 0; block < 2; block++)
            {
                string name = $"encoder.layer{layer}.{block}.";
                long output = channels[layer], input = block == 0 ? channels[layer - 1] : output;
                yield return (name + "conv1.0.weight", [output, input, 3, 3, 3]);
                yield return (name + "conv1.0.bias", [output]);
                yield return (name + "conv2.0.weight", [output, output, 3, 3, 3]);
                yield return (name + "conv2.0.bias", [output]);
                yield return (name + "fg.attn_layer.0.weight", [output, output, 1, 1, 1]);
                yield return (name + "fg.attn_layer.0.bias", [output]);
                if (block == 0 && layer > 1) yield return (name + "downsample.0.weight", [output, input, 1, 1, 1]);
            }
        (int Input, int Output, bool Up)[] decoder = [(8, 4, false), (8, 2, true), (4, 1, true), (2, 1, false), (2, 1, true)];
        for (int i = 0; i < decoder.Length; i++)
        {
            var (input, output, up) = (decoder[i].Input * (long)width, decoder[i].Output * (long)width, decoder[i].Up);
            string name = $"decoder.{i}.{(up ? "upconv" : "conv")}.";
            yield return (name + "0.weight", up ? [input, output, 3, 4, 4] : [output, input, 3, 3, 3]);
            yield return (name + "0.bias", [output]);
            yield return (name + "1.attn_layer.0.weight", [output, output, 1, 1, 1]);
            yield return (name + "1.attn_layer.0.bias", [output]);
        }
    }

    /// <summary>All 76 tensors of the published network.</summary>
    /// <param name="width">Channels of the first level (64 = published).</param>
    /// <param name="frames">Frames to make (3 = published).</param>
    public static IEnumerable<(string Name, long[] Shape)> Published(int width = 64, int frames = 3) =>
    [
        (StemWeight, [width, 3, 3, 7, 7]), (StemBias, [width]), .. Backbone(width),
        ("feature_fuse.conv.0.weight", [width, FlavrBackbone.Slices * width, 1, 1]), ("outconv.1.weight", [3 * frames, width, 7, 7]), ("outconv.1.bias", [3 * frames]),
    ];

    /// <summary>Width of the network that the weights are of.</summary>
    /// <exception cref="ModelFormatException">They are of another network.</exception>
    public static int WidthOf(IReadOnlyDictionary<string, long[]> shapes, string file) =>
        shapes.TryGetValue("encoder.layer1.0.conv1.0.bias", out long[]? shape) && shape is [> 0 and <= 4096] ? (int)shape[0]
            : throw new ModelFormatException($"{file} holds {shapes.Count} tensors, but not FLAVR's (there is no encoder.layer1.0.conv1.0.bias): {string.Join(", ", shapes.Keys.Order(StringComparer.Ordinal).Take(4))}. Give a FLAVR network's weights.");
}
