namespace REHRSeg.Tool;

/// <summary>
/// The files of an experiment. <c>experiment.json</c>: what was asked for; <c>results.csv</c>, <c>table.md</c>, <c>table.tex</c>: what came out; <c>stages/KIND-HASH</c>: what several units
/// share; <c>cells/CELL/fold_K</c>: one unit each.
/// </summary>
internal sealed record ExperimentFolder(string Path)
{
    public string Description => System.IO.Path.Combine(Path, "experiment.json");
    public string Results => System.IO.Path.Combine(Path, "results.csv");
    public string Markdown => System.IO.Path.Combine(Path, "table.md");
    public string Latex => System.IO.Path.Combine(Path, "table.tex");
    public string Stages => System.IO.Path.Combine(Path, "stages");
    public UnitFolder Unit(string cell, int fold) => new(System.IO.Path.Combine(Path, "cells", cell, $"fold_{fold}"));
}

/// <summary>The files of one unit: a run folder of its own, with what it predicted and how it scored.</summary>
internal sealed record UnitFolder(string Path)
{
    /// <summary>Options, seed, fold and shared stages. (A baseline's <c>config.json</c> is that of its training.)</summary>
    public string Config => System.IO.Path.Combine(Path, "unit.json");
    /// <summary>What the tool said while the unit ran.</summary>
    public string Log => System.IO.Path.Combine(Path, "log.txt");
    /// <summary>A <see cref="UnitResult"/>; only a finished unit has it.</summary>
    public string Result => System.IO.Path.Combine(Path, "result.json");
    /// <summary>Reliability of the probabilities; only segmentation has it.</summary>
    public string Calibration => System.IO.Path.Combine(Path, "calibration.json");
    /// <summary>Labels of held-out cases on their own grid, CASE.nii.gz.</summary>
    public string Lr => System.IO.Path.Combine(Path, "lr");
    /// <summary>Labels of held-out cases on the thin grid, CASE.nii.gz.</summary>
    public string Hr => System.IO.Path.Combine(Path, "hr");
    /// <summary>Super-resolution: thin images, CASE_0000.nii.gz; labels and uncertainty are in <c>labels</c> and <c>uncertainty</c>.</summary>
    public string Images => System.IO.Path.Combine(Path, "images");
}

/// <summary><c>experiment.json</c>.</summary>
/// <param name="Grid">As it was run: inherited options merged in.</param>
/// <param name="DatasetPath">The thick dataset; its folder hr holds the thin truth.</param>
/// <param name="Dataset">Hash of its images and labels.</param>
/// <param name="Preset">Name of the preset.</param>
/// <param name="Factor">Thin slices per thick slice.</param>
/// <param name="Axis">x, y or z; null: each case's own.</param>
/// <param name="Folds">Number of folds.</param>
/// <param name="FoldsRun">Those that were asked for.</param>
/// <param name="Seed">Of every random choice.</param>
/// <param name="Version">Of the tool.</param>
/// <param name="Thin">By fold: folder under the experiment's, with images/, labels/ and uncertainty/ of the held-out annotated cases, super-resolved by the reference cell's self-SR; empty where it has none.</param>
internal sealed record ExperimentDescription(ExperimentGrid Grid, string DatasetPath, string Dataset, string Preset, int Factor, string? Axis, int Folds, IReadOnlyList<int> FoldsRun, int Seed, string Version, IReadOnlyDictionary<int, string> Thin)
{
    /// <summary>By cell: hash of its options, and of factor and axis; results of other options are not shown beside them.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>False: the unit was made with other options than its cell has now.</summary>
    public bool Covers(UnitResult unit) => unit.Settings is null || !Settings.TryGetValue(unit.Cell, out string? now) || now == unit.Settings;
}
