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
    /// <summary>Checks every case and settles what the options leave open.</summary>
    /// <exception cref="ArgumentException">No cases, no slice axis, no factor of at least 2, unknown or missing label values: names the case.</exception>
    /// <exception cref="GeometryMismatchException">Image and label of a case lie on different grids.</exception>
    public static SelfSrPlan Create(IReadOnlyList<TrainingCase> cases, TrainerOptions options)
    {
        if (cases.Count == 0) throw new ArgumentException("There are no training cases.", nameof(cases));
        var values = new SortedSet<int> { 0 };
        foreach (var item in cases) Inspect(item, cases[0], values);
        ImmutableArray<LabelClass> labels = options.Labels is { } given ? [.. given.OrderBy(l => l.Value)] : [.. values.Select(v => new LabelClass(v, v == 0 ? "background" : $"class {v}"))];
        if (values.FirstOrDefault(v => !labels.Any(l => l.Value == v), -1) is >= 0 and var strange)
            throw new ArgumentException($"The label value {strange} occurs in the training cases, but the labels named are {string.Join(", ", labels.Select(l => l.Value))}.", nameof(cases));
        if (labels.Length < 2) throw new ArgumentException("All label maps are empty: there is nothing to learn. Check that labels belong to their images.", nameof(cases));
        if (labels.Length > 256) throw new ArgumentException($"There are {labels.Length} label values; at most 256 are supported.", nameof(cases));

        ImmutableArray<SliceAxis> axes = [.. cases.Select(c => options.Axis ?? c.Image.Geometry.DetectSliceAxis() ?? throw new ArgumentException($"{c.Id}: the spacing of {c.Image.Geometry} does not tell the slice axis. Set {nameof(TrainerOptions.Axis)}.", nameof(cases)))];
        return new(options.Factor ?? MeasureFactor(cases, axes), labels, axes, cases[0].Image.Channels);
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

    static void Inspect(TrainingCase item, TrainingCase first, SortedSet<int> values)
    {
        item.Image.RequireSameGrid(item.Label, $"{item.Id}: image", "label");
        if (item.Image.Channels != first.Image.Channels) throw new ArgumentException($"{item.Id} has {item.Image.Channels} image channel(s), {first.Id} has {first.Image.Channels}; all cases need the same.", nameof(item));
        if (item.Label.Channels != 1) throw new ArgumentException($"{item.Id}: the label map has {item.Label.Channels} channels; it needs 1.", nameof(item));
        foreach (float value in item.Image.Voxels)
            if (!float.IsFinite(value)) throw new ArgumentException($"{item.Id}: the image holds the value {value}; every voxel must be finite. Repair or leave out the case.", nameof(item));
        float known = 0;
        foreach (float value in item.Label.Voxels)
        {
            if (value == known) continue;
            if (!(value >= 0 && value < 1 << 24 && value == MathF.Floor(value))) throw new ArgumentException($"{item.Id}: the label map holds the value {value}; labels are non-negative integers.", nameof(item));
            values.Add((int)value);
            known = value;
        }
    }

    static int MeasureFactor(IReadOnlyList<TrainingCase> cases, ImmutableArray<SliceAxis> axes)
    {
        double[] ratios = [.. cases.Zip(axes, (c, axis) => c.Image.Geometry.Spacing[(int)axis] / c.Image.Geometry.Spacing.Min()).Order()];
        double median = ratios[ratios.Length / 2];
        int factor = (int)Math.Round(median, MidpointRounding.AwayFromZero);
        if (factor < 2) throw new ArgumentException(FormattableString.Invariant($"The slice spacing is {median:0.##} times the in-plane spacing: there are no thick slices to refine. Set {nameof(TrainerOptions.Factor)} (at least 2) if that is wrong."), nameof(cases));
        return factor;
    }
}
