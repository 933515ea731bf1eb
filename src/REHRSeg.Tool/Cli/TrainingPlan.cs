using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What training would do with a dataset: slice axis, factor, cases, sizes of both stages.</summary>
internal sealed record TrainingPlan(int Cases, SliceAxis? Axis, int Factor, double Ratio, double[] MedianSpacing, int[] MedianSize, string Preset, int SmoreIterations, int SelfSrIterations, int NnUNetIterations, int FineTuneIterations)
{
    public SegmentationMethod Method { get; init; }
    /// <summary>Stage 1 alone.</summary>
    public bool SelfSrOnly { get; init; }
    /// <summary>Median over the cases, mm.</summary>
    public double SliceSpacing { get; init; }
    /// <summary>mm; null: the spacing.</summary>
    public double? SliceThickness { get; init; }

    public static TrainingPlan Create(MedicalDataset dataset, DatasetReport report, TrainingPreset preset, int? factor)
    {
        if (report.Cases.Count == 0) throw new DatasetException($"{dataset.Directory} has no case to train on.");
        SliceAxis? axis = report.Cases.All(c => c.Axis == report.Cases[0].Axis) ? report.Cases[0].Axis : null;
        double[] spacing = [.. Enumerable.Range(0, 3).Select(a => Median(report.Cases.Select(c => c.Geometry.Spacing[a])))];
        int[] size = [.. Enumerable.Range(0, 3).Select(a => (int)Median(report.Cases.Select(c => (double)c.Geometry.Size[a])))];
        double ratio = Median(report.Cases.Select(c => c.Geometry.SliceRatio(c.Axis)));
        int r = factor ?? (int)Math.Round(ratio);
        if (r < 2) throw new DatasetException($"{dataset.Directory}: the slice spacing is {ratio:0.##} times the in-plane spacing, so no factor of at least 2 follows. Give --factor.");
        return new(report.Cases.Count, axis, r, ratio, spacing, size, preset.Name, preset.SelfSr.Seeds == SeedMode.Smore ? preset.SelfSr.Smore.Iterations : 0, preset.SelfSr.Iterations + preset.SelfSr.UncertaintyIterations, preset.Segmentation.NnUNetIterations, preset.Segmentation.FineTuneIterations)
        {
            SliceSpacing = Median(report.Cases.Select(c => c.Geometry.Spacing[(int)c.Axis])), SliceThickness = preset.SelfSr.SliceThickness, Method = preset.Segmentation.Method,
        };
    }

    public IEnumerable<(string Key, string Value)> Describe()
    {
        yield return ("cases", $"{Cases}");
        yield return ("slice axis", Axis?.ToString() ?? "each case's own");
        yield return ("factor", Math.Abs(Ratio - Factor) < 0.05 ? $"{Factor}" : $"{Factor} (slice to in-plane spacing: {Ratio:0.##}; thin slices of {SliceSpacing / Factor:0.###} mm, voxels of {SliceSpacing / Ratio:0.###} mm in plane)");
        if (SliceThickness is { } mm)
            yield return ("slice thickness", $"{mm:0.###} mm at a spacing of {SliceSpacing:0.###} mm{(mm < SliceSpacing ? ", a gap" : mm > SliceSpacing ? ", an overlap" : "")}");
        yield return ("median size", $"{string.Join(" x ", MedianSize)} voxels of {string.Join(" x ", MedianSpacing.Select(s => s.ToString("0.###")))} mm");
        if (Method != SegmentationMethod.RehrSeg)
        {
            yield return ("method", MethodNames.NameOf(Method));
            yield return ("preset", $"{Preset}: nnU-Net {NnUNetIterations} iterations");
            yield break;
        }
        yield return ("preset", $"{Preset}: {(SmoreIterations > 0 ? $"SMORE {SmoreIterations}, " : "")}self-SR {SelfSrIterations}{(SelfSrOnly ? "" : $", nnU-Net {NnUNetIterations}, REHRSeg {FineTuneIterations}")} iterations");
    }

    static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
