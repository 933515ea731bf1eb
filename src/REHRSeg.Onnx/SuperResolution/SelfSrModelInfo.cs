using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Everything needed beside the self-SR network to apply it to a volume.</summary>
public sealed record SelfSrModelInfo
{
    /// <summary>Version of this set of keys.</summary>
    public const int CurrentFormatVersion = 1;
    /// <summary>Version the file was written with.</summary>
    public int FormatVersion { get; init; } = CurrentFormatVersion;
    /// <summary>Thin slices per thick slice, r.</summary>
    public required int Factor { get; init; }
    /// <summary>Image channels C.</summary>
    public int ImageChannels { get; init; } = 1;
    /// <summary>Label value and name of each class, background first. The network has one label channel for each but the background.</summary>
    public required ImmutableArray<LabelClass> Labels { get; init; }
    /// <summary>Label channels L = classes - 1.</summary>
    public int LabelChannels => Labels.Length - 1;
    /// <summary>Slice axis to assume where a volume's spacing does not tell.</summary>
    public SliceAxis DefaultSliceAxis { get; init; } = SliceAxis.Z;
    /// <summary>
    /// Lower and upper quantile of an image that are mapped to 0 and 1. Medical images carry a few very bright voxels (two to three times the
    /// 99.5 % quantile on the hippocampus data): the network sees them clipped, and what was clipped is interpolated linearly and added
    /// back to the output.
    /// </summary>
    public (double Low, double High) RobustRange { get; init; } = (0.001, 0.995);
    /// <summary>What stands for slices beyond the volume's ends: as in training.</summary>
    public EdgeSlices EdgeSlices { get; init; } = EdgeSlices.Zero;
    /// <summary>Hash of training data and options.</summary>
    public string TrainingFingerprint { get; init; } = "";
    /// <summary>Program and version that wrote the model.</summary>
    public string ToolVersion { get; init; } = "";

    /// <summary>As metadata key/values (invariant culture).</summary>
    public IReadOnlyDictionary<string, string> ToMetadata() => new Dictionary<string, string>
    {
        ["rehrseg.model"] = "self-sr",
        ["rehrseg.format_version"] = Text(FormatVersion),
        ["rehrseg.factor"] = Text(Factor),
        ["rehrseg.image_channels"] = Text(ImageChannels),
        ["rehrseg.labels"] = JsonSerializer.Serialize(Labels.ToDictionary(l => Text(l.Value), l => l.Name)),
        ["rehrseg.default_slice_axis"] = DefaultSliceAxis.ToString(),
        ["rehrseg.robust_low"] = RobustRange.Low.ToString("R", CultureInfo.InvariantCulture),
        ["rehrseg.robust_high"] = RobustRange.High.ToString("R", CultureInfo.InvariantCulture),
        ["rehrseg.edge_slices"] = EdgeSlices.ToString(),
        ["rehrseg.training_fingerprint"] = TrainingFingerprint,
        ["rehrseg.tool_version"] = ToolVersion,
    };

    /// <summary>From metadata.</summary>
    /// <param name="metadata">Key/values of the model file.</param>
    /// <param name="source">Name of the file, for messages.</param>
    /// <exception cref="ModelFormatException">A key is missing or wrong, the file is not a self-SR model, or of a later format version.</exception>
    public static SelfSrModelInfo FromMetadata(IReadOnlyDictionary<string, string> metadata, string source)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string Get(string key) => metadata.TryGetValue("rehrseg." + key, out string? value) ? value : throw new ModelFormatException($"{source} has no metadata 'rehrseg.{key}': it is not a REHRSeg self-SR model.");
        ModelFormatException Wrong(string key) => new($"{source}: metadata 'rehrseg.{key}' is '{Get(key)}', which makes no sense. The file is damaged; export it again.");
        int Integer(string key, int least) => int.TryParse(Get(key), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && value >= least ? value : throw Wrong(key);
        double Quantile(string key) => double.TryParse(Get(key), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is >= 0 and <= 1 ? value : throw Wrong(key);
        T Choice<T>(string key) where T : struct, Enum => Enum.TryParse(Get(key), out T value) && Enum.IsDefined(value) ? value : throw Wrong(key);

        if (Get("model") != "self-sr") throw new ModelFormatException($"{source} is a REHRSeg model of kind '{Get("model")}', not 'self-sr'.");
        int version = Integer("format_version", 1);
        if (version > CurrentFormatVersion) throw new ModelFormatException($"{source} has format version {version}; this program reads up to {CurrentFormatVersion}. Update REHRSeg.");
        return new()
        {
            FormatVersion = version,
            Factor = Integer("factor", 2),
            ImageChannels = Integer("image_channels", 1),
            Labels = ReadLabels(Get("labels")) ?? throw Wrong("labels"),
            DefaultSliceAxis = Choice<SliceAxis>("default_slice_axis"),
            RobustRange = (Quantile("robust_low"), Quantile("robust_high")),
            EdgeSlices = Choice<EdgeSlices>("edge_slices"),
            TrainingFingerprint = Get("training_fingerprint"),
            ToolVersion = Get("tool_version"),
        };
    }

    static ImmutableArray<LabelClass>? ReadLabels(string json)
    {
        try
        {
            var labels = JsonSerializer.Deserialize<Dictionary<string, string>>(json)!.Select(l => new LabelClass(int.Parse(l.Key, CultureInfo.InvariantCulture), l.Value)).OrderBy(l => l.Value).ToImmutableArray();
            return labels.Length >= 2 && labels[0].Value == 0 ? labels : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException) { return null; }
    }

    static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What stands for the slices beyond the ends of a volume, in windows of 4 slices.</summary>
public enum EdgeSlices
{
    /// <summary>Slices of zeros (the published form).</summary>
    Zero,
    /// <summary>The outermost slice again.</summary>
    Replicate,
}

/// <summary>The self-SR network as the volume loop sees it. Thread-safe.</summary>
public interface IWindowModel : IDisposable
{
    /// <summary>Runs a batch of windows of 4 thick slices; the result covers the second slice of each.</summary>
    /// <param name="windows"><c>N x (C+L) x 4 x H x W</c>: image in [0,1], then one 0/1 channel per foreground class. H, W multiples of 8.</param>
    /// <param name="batch">N.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="image">Receives <c>N x C x r x H x W</c> in [0,1].</param>
    /// <param name="labelLogits">Receives <c>N x L x r x H x W</c> logits against a background of 0.</param>
    /// <param name="uncertainty">Receives <c>N x 1 x r x H x W</c>.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken);
}
