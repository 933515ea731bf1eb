using System.Collections.Immutable;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Everything a scorer needs beside the network: written to the ONNX file's metadata under <c>rehrseg.</c> (DESIGN.md section 7).</summary>
public sealed record SegmentationModelInfo
{
    /// <summary>Latest version of this set of keys that is read.</summary>
    public const int CurrentFormatVersion = 3;
    /// <summary>Version that the file needs: 2 only for what a reader of version 1 would silently do wrong (another input, post-processing, planar patches), 3 only for what one of version 2 would (temperatures).</summary>
    public int FormatVersion => LrTemperature is not null || HrTemperature is not null ? 3 : Input == SegmentationInput.Thick && PostProcessing.IsEmpty && !IsPlanar ? 1 : 2;
    /// <summary>Thin slices per thick slice, r.</summary>
    public required int Factor { get; init; }
    /// <summary>Image channels C.</summary>
    public int Channels { get; init; } = 1;
    /// <summary>Patch in voxels.</summary>
    public required PatchShape Patch { get; init; }
    /// <summary>In-plane and through-plane divisibility of a patch (product of strides) along D, H, W.</summary>
    public required PatchShape Divisor { get; init; }
    /// <summary>Spacing (mm) along D (slice axis), H, W that the network was trained at.</summary>
    public required ImmutableArray<double> TargetSpacing { get; init; }
    /// <summary>True: z-score over non-zero voxels only, which stay zero outside (nnU-Net's mask rule).</summary>
    public bool NormaliseInsideNonzero { get; init; }
    /// <summary>Label value and name of each class, background first.</summary>
    public required ImmutableArray<LabelClass> Labels { get; init; }
    /// <summary>Slice axis to assume where a volume's spacing does not tell (isotropic).</summary>
    public SliceAxis DefaultSliceAxis { get; init; } = SliceAxis.Z;
    /// <summary>Tile step as a part of the patch, 0 to 1.</summary>
    public double TileStep { get; init; } = 0.5;
    /// <summary>Sigma of the Gaussian tile weight as a part of the patch.</summary>
    public double GaussianSigma { get; init; } = 0.125;
    /// <summary>True if mirroring was part of training, so that test-time mirroring makes sense.</summary>
    public bool Mirroring { get; init; } = true;
    /// <summary>False for a plain nnU-Net without trained HR head.</summary>
    public bool HasHighResolutionHead { get; init; } = true;
    /// <summary>What the network looks at; anything but thick slices makes thin labels without an HR head.</summary>
    public SegmentationInput Input { get; init; } = SegmentationInput.Thick;
    /// <summary>Keep-largest-component steps for label maps, in this order; empty: none. Chosen on validation cases.</summary>
    public ImmutableArray<LargestComponentRule> PostProcessing { get; init; } = [];
    /// <summary>
    /// Temperature of the class probabilities on the image's own grid (<see cref="TemperatureScaling"/>), from <see cref="TemperatureScaling.Least"/> to <see cref="TemperatureScaling.Most"/>, fitted on
    /// held-out cases; null: they are as the network says. Label maps are the same with and without.
    /// </summary>
    public double? LrTemperature { get; init => field = value is { } t ? TemperatureScaling.Require(t) : null; }
    /// <summary>The same on the refined grid.</summary>
    public double? HrTemperature { get; init => field = value is { } t ? TemperatureScaling.Require(t) : null; }
    /// <summary>Hash of training data and options.</summary>
    public string TrainingFingerprint { get; init; } = "";
    /// <summary>Program and version that wrote the model.</summary>
    public string ToolVersion { get; init; } = "";

    /// <summary>True for a 2-D network: patches are single slices, D is never resampled, mirrored or tiled.</summary>
    public bool IsPlanar => Patch.Depth == 1 && Divisor.Depth == 1;
    /// <summary>True if labels on the refined grid can be had: from the HR head, or from an image interpolated to thin slices.</summary>
    public bool CanSegmentThin => Factor > 1 && (HasHighResolutionHead || Input != SegmentationInput.Thick);

    /// <summary>As ONNX metadata key/values (invariant culture).</summary>
    public IReadOnlyDictionary<string, string> ToMetadata()
    {
        var result = new SortedDictionary<string, string>(Common(), StringComparer.Ordinal);
        if (Input != SegmentationInput.Thick) result[MetadataReader.Prefix + "input"] = Inputs[(int)Input];
        if (!PostProcessing.IsEmpty) result[MetadataReader.Prefix + "postprocessing"] = MetadataReader.Write(PostProcessing);
        if (LrTemperature is { } lr) result[MetadataReader.Prefix + LrTemperatureKey] = MetadataReader.Write(lr);
        if (HrTemperature is { } hr) result[MetadataReader.Prefix + HrTemperatureKey] = MetadataReader.Write(hr);
        return result;
    }

    Dictionary<string, string> Common() => new()
    {
        [MetadataReader.Prefix + "model"] = Kind,
        [MetadataReader.Prefix + "format_version"] = MetadataReader.Write(FormatVersion),
        [MetadataReader.Prefix + "factor"] = MetadataReader.Write(Factor),
        [MetadataReader.Prefix + "channels"] = MetadataReader.Write(Channels),
        [MetadataReader.Prefix + "patch_size"] = MetadataReader.Write(Patch),
        [MetadataReader.Prefix + "divisor"] = MetadataReader.Write(Divisor),
        [MetadataReader.Prefix + "target_spacing"] = string.Join(',', TargetSpacing.Select(MetadataReader.Write)),
        [MetadataReader.Prefix + "normalisation"] = NormaliseInsideNonzero ? "zscore_nonzero" : "zscore",
        [MetadataReader.Prefix + "labels"] = MetadataReader.Write(Labels),
        [MetadataReader.Prefix + "slice_axis"] = MetadataReader.Write(DefaultSliceAxis),
        [MetadataReader.Prefix + "tile_step"] = MetadataReader.Write(TileStep),
        [MetadataReader.Prefix + "gaussian_sigma"] = MetadataReader.Write(GaussianSigma),
        [MetadataReader.Prefix + "mirroring"] = MetadataReader.Write(Mirroring),
        [MetadataReader.Prefix + "hr_head"] = MetadataReader.Write(HasHighResolutionHead),
        [MetadataReader.Prefix + "training_fingerprint"] = TrainingFingerprint,
        [MetadataReader.Prefix + "tool_version"] = ToolVersion,
    };

    /// <summary>From ONNX metadata.</summary>
    /// <param name="metadata">All key/values of the file; other prefixes are ignored.</param>
    /// <param name="source">File name for messages.</param>
    /// <exception cref="ModelFormatException">A key is missing or wrong, the file is not a REHRSeg segmenter, or of a later format version.</exception>
    public static SegmentationModelInfo FromMetadata(IReadOnlyDictionary<string, string> metadata, string source)
    {
        var read = new MetadataReader(metadata, source, Kind, CurrentFormatVersion);
        var labels = read.Labels("labels");
        var divisor = read.Shape("divisor");
        return new()
        {
            Factor = read.Integer("factor", 1, 64),
            Channels = read.Integer("channels", 1, 1024),
            Patch = read.Patch("patch_size", divisor),
            Divisor = divisor,
            TargetSpacing = read.Numbers("target_spacing", 3, 1e-4, 1e4),
            NormaliseInsideNonzero = read.Choice("normalisation", "zscore", "zscore_nonzero") == 1,
            Labels = labels,
            DefaultSliceAxis = read.Axis("slice_axis"),
            TileStep = read.Number("tile_step", 0.05, 1),
            GaussianSigma = read.Number("gaussian_sigma", 0.01, 10),
            Mirroring = read.Flag("mirroring"),
            HasHighResolutionHead = read.Flag("hr_head"),
            Input = read.Has("input") ? (SegmentationInput)read.Choice("input", Inputs) : SegmentationInput.Thick,
            PostProcessing = read.Has("postprocessing") ? read.LargestComponents("postprocessing", labels) : [],
            LrTemperature = Temperature(LrTemperatureKey),
            HrTemperature = Temperature(HrTemperatureKey),
            TrainingFingerprint = read.Text("training_fingerprint"),
            ToolVersion = read.Text("tool_version"),
        };
        double? Temperature(string key) => read.Has(key) ? read.Number(key, TemperatureScaling.Least, TemperatureScaling.Most) : null;
    }

    internal const string Kind = "segmentation", LrTemperatureKey = "lr_temperature", HrTemperatureKey = "hr_temperature";
    static readonly string[] Inputs = ["thick", "thick_and_thin", "thin"];
}

/// <summary>What a segmentation network looks at (METHOD.md section 10).</summary>
public enum SegmentationInput
{
    /// <summary>Thick slices; thin labels come from the HR head, if there is one.</summary>
    Thick,
    /// <summary>Thick slices for thick labels and, for thin labels, the image interpolated to thin slices (nnU-Net 2-D, slice by slice).</summary>
    ThickAndThin,
    /// <summary>The image interpolated to thin slices (nnU-Net*); thick labels are the majority of their r thin ones. The target spacing is that of thin slices.</summary>
    Thin,
}

/// <summary>Depth (slice axis), height and width of a patch in voxels.</summary>
public readonly record struct PatchShape(int Depth, int Height, int Width)
{
    /// <summary>D * H * W.</summary>
    public int Voxels => checked(Depth * Height * Width);
    /// <summary>The next larger shape that a divisor divides.</summary>
    internal PatchShape RoundUpTo(PatchShape divisor) => new(RoundUp(Depth, divisor.Depth), RoundUp(Height, divisor.Height), RoundUp(Width, divisor.Width));

    static int RoundUp(int value, int divisor) => (value + divisor - 1) / divisor * divisor;

    /// <summary>D x H x W.</summary>
    public override string ToString() => $"{Depth}x{Height}x{Width}";
}
