using System.Collections.Immutable;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// One configuration of an nnU-Net v2 plan, of either format: up to 2.3 with <c>UNet_class_name</c>, <c>conv_kernel_sizes</c> and <c>pool_op_kernel_sizes</c>, later with
/// <c>architecture.arch_kwargs</c> (facts: nnU-Net's <c>plans_handler.py</c>, Apache-2). Axes are nnU-Net's, after its transposition. Only what <see cref="SegmentationNetwork"/>
/// and <see cref="SegmentationPreprocessor"/> compute alike is accepted.
/// </summary>
internal sealed record NnUNetConfiguration
{
    /// <summary>nnU-Net's usual configuration.</summary>
    public const string Standard = "3d_fullres";
    /// <summary>Features that no configuration comes near.</summary>
    const int LargestFeatures = 8192;

    /// <summary>File and configuration, for messages and <c>plan.json</c>.</summary>
    public required string Source { get; init; }
    /// <summary>Axis of the file's z, y, x array that comes first, second, third.</summary>
    public required ImmutableArray<int> Transpose { get; init; }
    public required ImmutableArray<int> Patch { get; init; }
    public required int BatchSize { get; init; }
    /// <summary>mm.</summary>
    public required ImmutableArray<double> Spacing { get; init; }
    public required int Channels { get; init; }
    /// <summary>z-score over non-zero voxels alone.</summary>
    public required bool NormaliseInsideNonzero { get; init; }
    public required ImmutableArray<int> Features { get; init; }
    public required ImmutableArray<ImmutableArray<int>> Kernels { get; init; }
    public required ImmutableArray<ImmutableArray<int>> Strides { get; init; }
    public required int ConvolutionsPerStage { get; init; }
    /// <summary>What is done otherwise here, without harm to the weights.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];

    /// <summary>Reads a <c>plans.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="configuration">Name; null: <see cref="Standard"/>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">Not such a file, no such configuration, or one that cannot be represented; says what and the remedy.</exception>
    public static NnUNetConfiguration Read(string path, string? configuration) => Parse(NnUNetPlansFile.Read(path), configuration ?? Standard, path);

    /// <summary>Reads a plan that is parsed already.</summary>
    /// <exception cref="ModelFormatException">No such configuration, or one that cannot be represented.</exception>
    public static NnUNetConfiguration Parse(JsonObject plans, string name, string file)
    {
        var plansFile = new NnUNetPlansFile(plans, file);
        var own = plansFile.Resolve(name);
        var patch = own.Integers("patch_size");
        if (patch.Length == 2) throw own.Refused("has a 2-D patch, and this network is 3-D", "Name a 3-D configuration of the file, for example 3d_fullres.");
        if (own.Text("previous_stage") is { } previous) throw own.Refused($"is the second stage of a cascade (previous_stage is {previous})", "Name a configuration that works alone, for example 3d_fullres.");
        if (own.Text("preprocessor_name") is { } preprocessor && preprocessor != "DefaultPreprocessor") throw own.Refused($"uses the preprocessor {preprocessor}", "Plan with nnU-Net's DefaultPreprocessor.");
        var schemes = own.Texts("normalization_schemes");
        if (schemes.FirstOrDefault(s => s is not ("ZScoreNormalization" or "zscore")) is { } scheme)
            throw own.Refused($"normalises with {scheme}", "Images are z-scored here; plan with channel_names that nnU-Net z-scores (any name but CT, noNorm, rescale_to_0_1, rgb_to_0_1).");
        var masks = own.Flags("use_mask_for_norm");
        if (schemes.Length == 0 || masks.Length != schemes.Length) throw own.Damaged("normalization_schemes and use_mask_for_norm do not name the same channels");
        if (masks.Distinct().Count() > 1) throw own.Refused("restricts the z-score to non-zero voxels in some channels only (use_mask_for_norm)", "Set use_mask_for_norm alike for all channels.");

        var network = NnUNetTopology.Of(own);
        var result = new NnUNetConfiguration
        {
            Source = $"{file}, configuration {name}",
            Transpose = plansFile.Transpose,
            Patch = patch,
            BatchSize = own.Integer("batch_size"),
            Spacing = own.Numbers("spacing"),
            Channels = schemes.Length,
            NormaliseInsideNonzero = masks[0],
            Features = network.Features, Kernels = network.Kernels, Strides = network.Strides, ConvolutionsPerStage = network.Convolutions,
            Remarks = [.. Remark(own)],
        };
        result.Check(own);
        return result;
    }

    static IEnumerable<string> Remark(NnUNetConfigurationJson own)
    {
        if (own.Flag("batch_dice") == true) yield return "batch_dice is true there; the Dice loss here is computed for each sample";
        if (own.Text("resampling_fn_data") is { } resampling && resampling != "resample_data_or_seg_to_shape") yield return $"images are resampled by {resampling} there, here as nnU-Net's default does";
    }

    void Check(NnUNetConfigurationJson own)
    {
        int stages = Features.Length;
        if (Patch.Length != 3 || Patch.Any(p => p is < 1 or > 4096) || Patch.Aggregate(1L, (v, p) => v * p) > 1 << 30) throw own.Damaged($"patch_size is [{string.Join(", ", Patch)}]");
        if (Spacing.Length != 3 || Spacing.Any(s => !(s is > 1e-4 and < 1e4))) throw own.Damaged($"spacing is [{string.Join(", ", Spacing)}]");
        if (BatchSize is < 1 or > 4096) throw own.Damaged($"batch_size is {BatchSize}");
        if (stages is < 2 or > 16 || Kernels.Length != stages || Strides.Length != stages) throw own.Damaged($"it has {stages} stages of features, {Kernels.Length} kernels and {Strides.Length} strides");
        if (Features.Any(f => f is < 1 or > LargestFeatures)) throw own.Damaged($"its features are {string.Join(", ", Features)}");
        if (Kernels.Concat(Strides).Any(s => s.Length != 3 || s.Any(v => v is < 1 or > 15))) throw own.Damaged("its kernels and strides are not three small numbers for each stage");
        if (Strides[0].Any(s => s != 1)) throw own.Refused($"begins with the stride {string.Join("x", Strides[0])}", "The first stage must keep the resolution.");
        if (Kernels.Any(k => k.Any(v => v % 2 == 0))) throw own.Refused("has an even kernel", "Kernels must be odd.");
        for (int a = 0; a < 3; a++)
            if (Strides.Aggregate(1, (d, s) => d * s[a]) is var divisor && Patch[a] % divisor != 0)
                throw own.Refused($"has a patch of {string.Join("x", Patch)}, whose axis {a} is no multiple of {divisor} (its strides multiplied)", "Correct patch_size.");
    }

    /// <summary>True if nnU-Net's second and third axes are our third and second (slice axis x).</summary>
    /// <param name="axis">Slice axis of the cases; null: they have different ones.</param>
    /// <exception cref="ModelFormatException">nnU-Net's first axis is not the slice axis.</exception>
    public bool SwapsPlane(SliceAxis? axis) => NnUNetAxes.SwapsPlane(Transpose, axis, Source);

    /// <summary>The plan, slice axis first.</summary>
    /// <param name="data">Fingerprint of the cases.</param>
    /// <param name="axis">Slice axis of the cases; null: they have different ones.</param>
    /// <param name="channels">Image channels of the cases.</param>
    /// <param name="classes">Labels, background included.</param>
    /// <param name="factor">Of the HR head.</param>
    /// <exception cref="ModelFormatException">Another number of channels, or another first axis.</exception>
    public SegmentationPlan ToPlan(DatasetFingerprint data, SliceAxis? axis, int channels, int classes, int factor)
    {
        if (Channels != channels) throw new ModelFormatException($"{Source} is for {Channels} image channel(s), the cases have {channels}. Give the plan of a dataset with the same channels.");
        bool swap = SwapsPlane(axis);
        PatchShape Shape(ImmutableArray<int> s) => swap ? new(s[0], s[2], s[1]) : new(s[0], s[1], s[2]);
        ImmutableArray<double> spacing = swap ? [Spacing[0], Spacing[2], Spacing[1]] : Spacing;
        var plan = new SegmentationPlan
        {
            TargetSpacing = spacing,
            MedianShape = data.MedianShape(spacing),
            Cases = data.Cases.Count,
            Patch = Shape(Patch),
            BatchSize = BatchSize,
            FeatureMapElements = 0,
            NormaliseInsideNonzero = NormaliseInsideNonzero,
            Source = Source,
            Architecture = new()
            {
                Channels = channels, Classes = classes, Features = Features, Kernels = [.. Kernels.Select(Shape)], Strides = [.. Strides.Select(Shape)],
                ConvolutionsPerStage = ConvolutionsPerStage, Factor = factor, HighResolutionWidth = Math.Max(Features[0] / 2, 4),
            },
        };
        return plan with { FeatureMapElements = SegmentationPlanner.FeatureMapElements(plan.Architecture, plan.Patch) };
    }
}

/// <summary>nnU-Net's axis order against ours.</summary>
internal static class NnUNetAxes
{
    /// <summary>True if the plane's two axes are the other way round here. nnU-Net orders z, y, x of the file by <paramref name="transpose"/>; we swap the slice axis with z.</summary>
    /// <exception cref="ModelFormatException">nnU-Net's first axis is not the slice axis, or the cases have different ones.</exception>
    public static bool SwapsPlane(ImmutableArray<int> transpose, SliceAxis? axis, string source)
    {
        var theirs = (SliceAxis)(2 - transpose[0]);
        if (axis is null) throw new ModelFormatException($"{source} puts the axis {theirs} of every file first, but the cases have different slice axes. Store all cases in one orientation, or let the network be planned here.");
        if (theirs != axis)
            throw new ModelFormatException($"{source} puts the axis {theirs} first (transpose_forward {string.Join(", ", transpose)}), and the slice axis of the cases is {axis}; this network refines its first axis. If {theirs} is the slice axis, give it (--axis {theirs.ToString().ToLowerInvariant()}); else let the network be planned here, or plan again with nnU-Net on cases whose slice axis is the coarsest.");
        int[] ours = axis switch { SliceAxis.Z => [0, 1, 2], SliceAxis.Y => [1, 0, 2], _ => [2, 1, 0] };
        return transpose[1] != ours[1];
    }
}
