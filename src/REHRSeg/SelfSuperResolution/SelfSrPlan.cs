using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>What the training cases and options say together: factor, classes, slice axes.</summary>
/// <param name="Factor">r.</param>
/// <param name="Labels">Classes, background first, ascending.</param>
/// <param name="Axes">Slice axis of each case.</param>
/// <param name="Channels">Image channels.</param>
internal sealed record SelfSrPlan(int Factor, ImmutableArray<LabelClass> Labels, ImmutableArray<SliceAxis> Axes, int Channels)
{
    /// <summary>False: all label maps are empty; one label channel stays, and nothing is learnt from it.</summary>
    public bool HasLabels { get; init; } = true;

    /// <summary>Median over the cases, mm.</summary>
    public required double SliceSpacing { get; init; }

    /// <summary>Checks every case and settles what the options leave open.</summary>
    /// <exception cref="DatasetException">No cases, no slice axis, no factor of at least 2, unknown label values: names the case.</exception>
    /// <exception cref="GeometryMismatchException">Image and label of a case lie on different grids.</exception>
    public static SelfSrPlan Create(IReadOnlyList<TrainingCase> cases, TrainerOptions options)
    {
        if (cases.Count == 0) throw new DatasetException("There are no training cases.");
        var values = new SortedDictionary<int, string> { [0] = "" }; // and the first case with each
        foreach (var item in cases) Inspect(item, cases[0], values);
        ImmutableArray<LabelClass> labels = options.Labels is { } given ? [.. given.OrderBy(l => l.Value)] : [.. values.Keys.Select(v => new LabelClass(v, v == 0 ? "background" : $"class {v}"))];
        foreach (var (value, id) in values)
            if (!labels.Any(l => l.Value == value))
                throw new DatasetException($"{id}: the label map holds the label value {value}, which is none of the named labels ({string.Join(", ", labels.Select(l => l.Value))}). Name it in dataset.json, or correct the map.");
        if (labels.Length < 2) labels = [.. labels, new LabelClass(1, "foreground")];
        if (labels.Length > 256) throw new DatasetException($"There are {labels.Length} label values; at most 256 are supported.");

        ImmutableArray<SliceAxis> axes = [.. cases.Select(c => options.Axis ?? c.Image.Geometry.DetectSliceAxis() ?? throw new DatasetException($"{c.Id}: the spacing of {c.Image.Geometry} does not tell the slice axis. Set {nameof(TrainerOptions.Axis)}."))];
        return new(options.Factor ?? MeasureFactor(cases, axes), labels, axes, cases[0].Image.Channels) { HasLabels = values.Count > 1, SliceSpacing = DatasetFingerprint.Percentile([.. cases.Zip(axes, (c, axis) => c.Image.Geometry.Spacing[(int)axis])], 0.5) };
    }

    /// <summary>Hash of cases and settings, to recognise which training a model came from.</summary>
    public string Fingerprint(IReadOnlyList<TrainingCase> cases, string settings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Append(string text) => hash.AppendData(System.Text.Encoding.UTF8.GetBytes(text));
        Append($"{settings}; {Factor}; {string.Join(',', Labels)}; {string.Join(',', Axes)}");
        foreach (var item in cases)
        {
            Append($"{item.Id} {item.Image.Geometry}");
            hash.AppendData(MemoryMarshal.AsBytes(item.Image.Voxels));
            hash.AppendData(MemoryMarshal.AsBytes(item.Label.Voxels));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    static void Inspect(TrainingCase item, TrainingCase first, SortedDictionary<int, string> values)
    {
        item.Image.RequireSameGrid(item.Label, $"{item.Id}: image", "label");
        if (item.Image.Channels != first.Image.Channels) throw new DatasetException($"{item.Id} has {item.Image.Channels} image channel(s), {first.Id} has {first.Image.Channels}; all cases need the same.");
        if (item.Label.Channels != 1) throw new DatasetException($"{item.Id}: the label map has {item.Label.Channels} channels; it needs 1.");
        if (item.Image.FirstNotFinite() is { } strange) throw new DatasetException($"{item.Id}: the image holds the value {strange}; every voxel must be finite. Repair or leave out the case.");
        float known = 0;
        foreach (float value in item.Label.Voxels)
        {
            if (value == known) continue;
            if (!(value >= 0 && value < 1 << 24 && value == MathF.Floor(value))) throw new DatasetException($"{item.Id}: the label map holds the value {value}; labels are non-negative integers.");
            values.TryAdd((int)value, item.Id);
            known = value;
        }
    }

    static int MeasureFactor(IReadOnlyList<TrainingCase> cases, ImmutableArray<SliceAxis> axes)
    {
        double median = DatasetFingerprint.Percentile([.. cases.Zip(axes, (c, axis) => c.Image.Geometry.SliceRatio(axis))], 0.5);
        int factor = (int)Math.Round(median);
        if (factor < 2) throw new DatasetException(FormattableString.Invariant($"The slice spacing is {median:0.##} times the in-plane spacing: there are no thick slices to refine. Set {nameof(TrainerOptions.Factor)} (at least 2) if that is wrong."));
        return factor;
    }
}
