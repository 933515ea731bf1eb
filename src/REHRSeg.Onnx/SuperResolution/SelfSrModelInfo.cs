using System.Collections.Immutable;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Everything needed beside the self-SR network to apply it to a volume.</summary>
public sealed record SelfSrModelInfo
{
    /// <summary>Version of this set of keys.</summary>
    public const int CurrentFormatVersion = 2;
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
    /// <summary>False: the network was trained without labels; it ignores those of a volume and calls everything background.</summary>
    public bool LearntLabels { get; init; } = true;
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
    /// <summary>Views of each window over which outputs are averaged.</summary>
    public WindowEnsemble Ensemble { get; init; } = WindowEnsemble.None;
    /// <summary>Slice profile that the network was trained for; null: unknown (format version 1).</summary>
    public SliceProfile? Profile { get; init; }
    /// <summary>What of the output is made to agree with the thick slices.</summary>
    public SliceConsistency Consistency { get; init; }
    /// <summary>Hash of training data and options.</summary>
    public string TrainingFingerprint { get; init; } = "";
    /// <summary>Program and version that wrote the model.</summary>
    public string ToolVersion { get; init; } = "";

    internal SelfSrModelInfo With(WindowEnsemble? ensemble, SliceConsistency? consistency) =>
        ensemble is null && consistency is null ? this : this with { Ensemble = ensemble ?? Ensemble, Consistency = consistency ?? Consistency };

    /// <summary>As ONNX metadata key/values (invariant culture).</summary>
    public IReadOnlyDictionary<string, string> ToMetadata() => ToMetadata(Kind);

    /// <summary>As above, for another kind of model with the same fields.</summary>
    internal SortedDictionary<string, string> ToMetadata(string kind) => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        [MetadataReader.Prefix + "model"] = kind,
        [MetadataReader.Prefix + "format_version"] = MetadataReader.Write(FormatVersion),
        [MetadataReader.Prefix + "factor"] = MetadataReader.Write(Factor),
        [MetadataReader.Prefix + "channels"] = MetadataReader.Write(ImageChannels),
        [MetadataReader.Prefix + "labels"] = MetadataReader.Write(Labels),
        [MetadataReader.Prefix + "label_output"] = LearntLabels ? "logits" : "none",
        [MetadataReader.Prefix + "slice_axis"] = MetadataReader.Write(DefaultSliceAxis),
        [MetadataReader.Prefix + "robust_range"] = MetadataReader.Write(RobustRange.Low) + "," + MetadataReader.Write(RobustRange.High),
        [MetadataReader.Prefix + "edge_slices"] = EdgeSlices == EdgeSlices.Zero ? "zero" : "replicate",
        [MetadataReader.Prefix + "mirroring"] = MetadataReader.Write(Ensemble != WindowEnsemble.None),
        [MetadataReader.Prefix + "rotating"] = MetadataReader.Write(Ensemble == WindowEnsemble.Full),
        [MetadataReader.Prefix + "slice_profile"] = MetadataReader.Write(Profile),
        [MetadataReader.Prefix + "consistency"] = s_consistencies[(int)Consistency],
        [MetadataReader.Prefix + "training_fingerprint"] = TrainingFingerprint,
        [MetadataReader.Prefix + "tool_version"] = ToolVersion,
    };

    /// <summary>From ONNX metadata.</summary>
    /// <param name="metadata">All key/values of the file; other prefixes are ignored.</param>
    /// <param name="source">File name for messages.</param>
    /// <exception cref="ModelFormatException">A key is missing or wrong, the file is not a REHRSeg self-SR model, or of a later format version.</exception>
    public static SelfSrModelInfo FromMetadata(IReadOnlyDictionary<string, string> metadata, string source) => FromMetadata(metadata, source, Kind);

    /// <summary>As above, for another kind of model with the same fields.</summary>
    internal static SelfSrModelInfo FromMetadata(IReadOnlyDictionary<string, string> metadata, string source, string kind)
    {
        var read = new MetadataReader(metadata, source, kind, CurrentFormatVersion);
        var range = read.Numbers("robust_range", 2, 0, 1);
        return new()
        {
            FormatVersion = read.Version,
            Factor = read.Integer("factor", 2, 64),
            ImageChannels = read.Integer("channels", 1, 1024),
            Labels = read.Labels("labels"),
            LearntLabels = read.Choice("label_output", "logits", "none") == 0,
            DefaultSliceAxis = read.Axis("slice_axis"),
            RobustRange = (range[0], range[1]),
            EdgeSlices = (EdgeSlices)read.Choice("edge_slices", "zero", "replicate"),
            Ensemble = !read.Flag("mirroring") ? WindowEnsemble.None : read.Has("rotating") && read.Flag("rotating") ? WindowEnsemble.Full : WindowEnsemble.Mirror,
            Profile = read.Version >= 2 ? read.Profile("slice_profile", read.Integer("factor", 2, 64)) : null,
            Consistency = read.Version >= 2 ? (SliceConsistency)read.Choice("consistency", s_consistencies) : SliceConsistency.None,
            TrainingFingerprint = read.Text("training_fingerprint"),
            ToolVersion = read.Text("tool_version"),
        };
    }

    internal const string Kind = "self-sr";

    static readonly string[] s_consistencies = ["none", "labels", "image", "both"];
}

/// <summary>What stands for the slices beyond the ends of a volume, in windows of 4 slices.</summary>
public enum EdgeSlices
{
    /// <summary>Slices of zeros (the published form).</summary>
    Zero,
    /// <summary>The outermost slice again.</summary>
    Replicate,
}
