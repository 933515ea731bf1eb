using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The cases of an experiment, checked: thick ones to learn from, thin truth to score against, and the folds.</summary>
internal sealed class ExperimentData
{
    readonly DatasetReport _report;
    readonly SliceAxis? _axis;
    readonly int? _factor;
    readonly IReadOnlyList<Fold> _folds;

    /// <summary>What needs no look into the files.</summary>
    /// <exception cref="DatasetException">No thin truth, or fewer cases than folds.</exception>
    public static void Require(MedicalDataset thick, int folds)
    {
        string truth = Path.Combine(thick.Directory, "hr");
        if (!File.Exists(Path.Combine(truth, "dataset.json")))
            throw new DatasetException($"{thick.Directory} has no folder hr with the thin truth, so nothing can be scored. Make the dataset with 'rehrseg simulate'.");
        if (thick.Cases.Count < folds) throw new DatasetException($"{thick.Directory} has {thick.Cases.Count} case(s), fewer than the {folds} folds. Give --folds of at most {thick.Cases.Count}.");
    }

    /// <exception cref="DatasetException">No thin truth, a case without it, or damaged cases; everything is looked at before any training.</exception>
    public ExperimentData(ToolConsole console, MedicalDataset thick, int? factor, SliceAxis? axis, int folds, CancellationToken cancel)
    {
        (Thick, _factor, _axis) = (thick, factor, axis);
        _report = CheckVerb.Run(console, thick, factor, axis, cancel);
        if (_report.Problems.Count > 0) throw new DatasetException($"{thick.Directory} has {_report.Problems.Count} problem(s), listed above. Repair them first.");
        if (!_report.HasForeground) throw new DatasetException($"{thick.Directory} has no annotated voxel: there is nothing to learn or to score. Add label maps.");
        int r = TrainingPlan.Create(thick, _report, TrainingPreset.Tiny, factor).Factor;
        var thin = ThinTruth.Open(thick, _report.Cases, r);
        Thin = thin.Cases.ToDictionary(c => c.Id);
        _folds = CrossValidationFolds.Split(thick.Cases.Select(c => c.Id), folds);
        Hash = ContentHash.Of(thick, thin, cancel);
    }

    public MedicalDataset Thick { get; }
    /// <summary>Thin images and labels by case.</summary>
    public IReadOnlyDictionary<string, MedicalCase> Thin { get; }
    /// <summary>Of all files.</summary>
    public string Hash { get; }
    public int Folds => _folds.Count;

    /// <summary>Slice axis of one case.</summary>
    public SliceAxis AxisOf(string id) => _axis ?? _report.Cases.First(c => c.Id == id).Axis;

    public IReadOnlySet<string> Training(int fold) => _folds[fold].Train.ToHashSet();

    public IReadOnlyList<MedicalCase> HeldOut(int fold) => [.. Thick.Cases.Where(c => _folds[fold].Validation.Contains(c.Id))];

    /// <summary>As <c>train --fold</c> plans it.</summary>
    public TrainingPlan Plan(int fold, TrainingPreset preset)
    {
        var training = Training(fold);
        return TrainingPlan.Create(Thick, _report with { Cases = [.. _report.Cases.Where(c => training.Contains(c.Id))] }, preset, _factor);
    }
}
