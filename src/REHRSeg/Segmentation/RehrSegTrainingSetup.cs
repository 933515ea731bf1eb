using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Factor, labels and slice axis of a training, from checked data.</summary>
/// <param name="Factor">Thin slices per thick slice, r.</param>
/// <param name="Labels">Label value and name of each class, background first.</param>
/// <param name="Channels">Image channels.</param>
/// <param name="Axis">Slice axis that was asked for; null: each case's own.</param>
/// <param name="DefaultAxis">Slice axis where the spacing does not tell.</param>
internal sealed record RehrSegTrainingSetup(int Factor, ImmutableArray<LabelClass> Labels, int Channels, SliceAxis? Axis, SliceAxis DefaultAxis)
{
    /// <summary>Slice axis of one volume.</summary>
    public SliceAxis AxisOf(VolumeGeometry geometry) => Axis ?? geometry.DetectSliceAxis() ?? DefaultAxis;

    /// <summary>Slice axis of all cases; null: they have different ones.</summary>
    public SliceAxis? CommonAxis(IReadOnlyList<TrainingCase> cases) => cases.Select(c => AxisOf(c.Image.Geometry)).Distinct().ToArray() is [var axis] ? axis : null;

    /// <summary>A sentence for each label that is named but in no case: nnU-Net trains all the same, and so do we.</summary>
    public IEnumerable<string> AbsentLabels(IReadOnlyList<TrainingCase> cases)
        => Labels.Where(l => l.Value != 0 && !cases.Any(c => c.Label.Voxels.Contains(l.Value)))
            .Select(l => $"Label {l.Value} ({l.Name}) occurs in none of the {cases.Count} training cases; it cannot be learnt.");

    /// <summary>Checks data and options before hours of work.</summary>
    /// <exception cref="DatasetException">No cases, differing channels, labels that are not named, pseudo pairs of another factor, isotropic spacing without factor.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or the teacher is of another factor or other labels.</exception>
    public static RehrSegTrainingSetup Check(RehrSegTrainingData data, RehrSegOptions options)
    {
        options.Validate();
        if (data.Real.Count == 0) throw new DatasetException("There are no annotated cases to train the segmenter on. Give at least one image with its label map.");
        int channels = data.Real[0].Image.Channels;
        foreach (var (id, image, label) in data.Real.Concat(data.Validation))
        {
            if (image.Channels != channels) throw new DatasetException($"Case {id} has {image.Channels} image channel(s), case {data.Real[0].Id} has {channels}. Give every case the same modalities in the same order.");
            if (label.Channels != 1) throw new DatasetException($"The label map of case {id} has {label.Channels} channels; one is expected.");
            if (image.FirstNotFinite() is { } v) throw new DatasetException($"The image of case {id} holds the voxel value {v}. Replace NaN and infinity by numbers.");
            image.RequireSameGrid(label, $"The image of case {id}", "its label map");
        }
        var (defaultAxis, factor) = AxisAndFactor(data, options);
        var labels = LabelsOf(data, options);
        CheckPseudo(data, factor, channels);
        if (options.UseDistillation && data.Teacher is { } teacher)
        {
            if (teacher.Info.LabelChannels != labels.Length - 1)
                throw new ArgumentException($"The distillation teacher knows {teacher.Info.LabelChannels} foreground class(es), the labels name {labels.Length - 1}. Train both stages on the same labels, or set UseDistillation to false.", nameof(options));
            if (teacher.Info.ImageChannels != channels)
                throw new ArgumentException($"The distillation teacher takes {teacher.Info.ImageChannels} image channel(s), the cases have {channels}. Train both stages on the same images, or set UseDistillation to false.", nameof(options));
        }
        return new(factor, labels, channels, options.Axis, defaultAxis);
    }

    static (SliceAxis Axis, int Factor) AxisAndFactor(RehrSegTrainingData data, RehrSegOptions options)
    {
        var detected = data.Real.Select(c => options.Axis ?? c.Image.Geometry.DetectSliceAxis()).ToArray();
        if (options.Method != SegmentationMethod.FullySupervised && options.Factor is null && Array.IndexOf(detected, null) is var isotropic and >= 0)
            throw new DatasetException($"Case {data.Real[isotropic].Id} has isotropic spacing ({data.Real[isotropic].Image.Geometry}), which tells neither slice axis nor factor. Set Factor and Axis.");
        var axis = detected.FirstOrDefault(a => a is not null) ?? SliceAxis.Z;
        if (options.Method == SegmentationMethod.FullySupervised) return (axis, 1); // thin volumes: nothing to refine
        double[] ratios = [.. data.Real.Select((c, i) => c.Image.Geometry.SliceRatio(detected[i] ?? axis))];
        int factor = options.Factor ?? (int)Math.Round(DatasetFingerprint.Percentile(ratios, 0.5));
        if (factor < 2) throw new DatasetException($"The slices are {DatasetFingerprint.Percentile(ratios, 0.5):0.##} times as thick as the voxels are wide, so there is nothing to refine. Set Factor to 2 or more.");
        return (axis, factor);
    }

    static ImmutableArray<LabelClass> LabelsOf(RehrSegTrainingData data, RehrSegOptions options)
    {
        var found = new SortedDictionary<float, string> { [0] = "" }; // and the first case with each
        foreach (var c in data.Real)
        {
            float last = float.NaN;
            foreach (float v in c.Label.Voxels)
            {
                if (v == last) continue;
                found.TryAdd(v, c.Id);
                last = v;
            }
        }
        foreach (var (value, id) in found)
            if (!(value >= 0 && value <= 255 && value == MathF.Floor(value))) throw new DatasetException($"The label map of case {id} holds the value {value}; labels are whole numbers from 0 to 255. Correct the map.");
        if (found.Count < 2) throw new DatasetException("The label maps hold nothing but background. Give cases with annotated structures.");
        if (options.Labels is { Count: > 0 } named)
        {
            foreach (var (value, id) in found)
                if (named.All(l => l.Value != (int)value))
                    throw new DatasetException($"The label map of case {id} holds the value {value}, which is none of the named labels ({string.Join(", ", named.Select(l => l.Value))}). Name it in dataset.json, or correct the map.");
            var labels = named.OrderBy(l => l.Value).ToImmutableArray();
            if (labels.Length < 2 || labels[0].Value != 0) throw new DatasetException($"The labels are ({string.Join(", ", labels.Select(l => l.Value))}); they need background 0 and at least one more.");
            return labels;
        }
        return [.. found.Keys.Select(v => new LabelClass((int)v, v == 0 ? "background" : $"class {v}"))];
    }

    static void CheckPseudo(RehrSegTrainingData data, int factor, int channels)
    {
        for (int i = 0; i < data.Pseudo.Count; i++)
        {
            var s = data.Pseudo[i];
            string name = $"pseudo pair {i} (start {s.Start})";
            s.Image.RequireSameGrid(s.Label, $"The image of {name}", "its label map");
            s.Image.RequireSameGrid(s.Uncertainty, $"The image of {name}", "its uncertainty");
            if (s.Image.Channels != channels) throw new DatasetException($"The image of {name} has {s.Image.Channels} channel(s), the real cases have {channels}. Make pseudo data from the same images.");
            if (CasePreparation.RefinedAxis(s, factor) is not { } axis)
                throw new DatasetException($"The thin labels of {name} ({s.HrLabel.Geometry}) do not have {factor} slices for each thick one ({s.Image.Geometry}). Make pseudo data with factor {factor}.");
            if (s.Image.Geometry.Refine(factor, axis).DescribeDifference(s.HrLabel.Geometry) is { } difference)
                throw new GeometryMismatchException($"The thin labels of {name} do not lie on the refined grid: {difference}.");
        }
    }

    /// <summary>SHA-256 of cases and the options that matter, 16 hexadecimal digits.</summary>
    public static string Fingerprint(RehrSegTrainingData data, RehrSegOptions options, int seed, NnUNetCheckpoint? checkpoint = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var described = options with { Teacher = null, ValidationSet = null, Progress = null, CancellationToken = default, CheckpointDirectory = null, CacheDirectory = null, Labels = null, Resume = false, NnUNetPlans = null, PretrainedNnUNet = null };
        hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed} {described}")));
        if (options.NnUNetPlans is { } plans) hash.AppendData(Encoding.UTF8.GetBytes(NnUNetPlansFile.Hash(plans)));
        if (checkpoint is not null) hash.AppendData(Encoding.UTF8.GetBytes(checkpoint.Hash));
        foreach (var (id, image, label) in data.Real)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{id} {image.Geometry}"));
            hash.AppendData(MemoryMarshal.AsBytes(image.Voxels));
            hash.AppendData(MemoryMarshal.AsBytes(label.Voxels));
        }
        hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{data.Pseudo.Count}")));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
