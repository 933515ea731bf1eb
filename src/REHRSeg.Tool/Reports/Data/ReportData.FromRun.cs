using System.Globalization;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

internal sealed partial record ReportData
{
    /// <summary>Reads a run folder of <c>rehrseg train</c>; held-out cases that have not been scored yet are.</summary>
    /// <param name="console">Takes progress.</param>
    /// <param name="path">The run folder.</param>
    /// <param name="datasetPath">Where the dataset is now, or another one; null: that of the run.</param>
    /// <param name="resultsPath">Folder with <c>rehrseg/lr</c>, <c>rehrseg/hr</c>, <c>nnunet/...</c>, <c>selfsr/images</c>, ...; null: the run's folder <c>report</c>, which is filled.</param>
    /// <param name="cancel">Stops between cases.</param>
    /// <exception cref="DatasetException">Not a run folder, no cases to show, a moved dataset, a damaged file.</exception>
    public static ReportData FromRun(ToolConsole console, string path, string? datasetPath, string? resultsPath, CancellationToken cancel)
    {
        var run = new RunFolder(Path.GetFullPath(path));
        if (!File.Exists(run.Config)) throw new DatasetException($"--run {path} has no config.json. Give the folder that 'rehrseg train --out' wrote; for an experiment, use --experiment.");
        var config = ResultFile.Read<JsonObject>(run.Config);
        string method = Text(config, "method", run.Config) ?? "rehrseg";
        int? fold = Number(config, "fold", run.Config);
        if (fold is null && datasetPath is null) throw new DatasetException($"--run {path} was trained on all cases (no --fold), so none is held out. Give a labelled --dataset that it has not seen.");
        var dataset = ReportDataset.Open(datasetPath, Text(config, "dataset", run.Config) ?? "(none)", run.Config);
        var cases = ShownCases(run, dataset, fold);
        string results = resultsPath is null ? Path.Combine(run.Path, "report") : Path.GetFullPath(resultsPath);
        if (resultsPath is null) RunPredictions.Make(console, run, method, cases, results, dataset.Labels, cancel);
        else if (!Directory.Exists(results)) throw new DatasetException($"--results {resultsPath}: there is no such folder.");
        var cells = CellsOf(results, method);
        if (cells.Count == 0) throw new DatasetException($"{results} holds none of the folders {method}, nnunet and selfsr with label maps. Give the folder that 'rehrseg predict' wrote as {method}/lr and {method}/hr.");
        var rows = RunScores.Of(console, results, cells, cases, dataset, fold, cancel);
        if (rows.Count == 0) throw new DatasetException($"{results} holds no label map of a case of {dataset.Directory}{(fold is null ? "" : $" that fold {fold} holds out")}. Predict those cases, or give the dataset that the results were made from with --dataset.");
        string reference = cells.Any(c => c.Name == method) ? method : cells[0].Name;
        var grid = new ExperimentGrid { Name = "run", Title = "run", Reference = reference, Cells = [.. cells.Select(c => new GridCell { Name = c.Name, Title = c.Title })] };
        string thin = Path.Combine(results, "selfsr");
        return new()
        {
            Title = $"{cells.First(c => c.Name == reference).Title} on {dataset.Name}", Cells = cells, Reference = reference, Labels = dataset.Labels, Rows = rows,
            HeldOut = fold is not null, Notes = fold is null && SameFolder(dataset.Directory, Text(config, "dataset", run.Config)) ? ["These are the cases that the run was trained on: the scores say nothing about unseen ones."] : [],
            Facts = FactsOf(run, config, dataset, rows), Statistics = ExperimentAnalysis.Of(grid, rows),
            Curves = TrainingCurve.Read(Path.Combine(run.Path, TrainingJournal.FileName), reference, fold),
            Cases = [.. CaseRanking.Choose(rows, reference).Select(c => ReportDataset.ToCase(c, dataset, Directory.Exists(thin) ? thin : null) with { Predictions = [.. cells.Select(cell => RunScores.Prediction(results, cell.Name, c.Id))] })],
            Calibrations = CellCalibration.Read(Path.Combine(run.Path, "calibration.json")) is { } calibration ? [CellCalibration.Pool(reference, [calibration])] : [],
        };
    }

    static IReadOnlyList<MedicalCase> ShownCases(RunFolder run, MedicalDataset dataset, int? fold)
    {
        if (fold is not { } k) return dataset.Cases;
        var folds = File.Exists(run.Splits) ? ResultFile.Read<List<Fold>>(run.Splits) : throw new DatasetException($"{run.Path} has no splits.json, so the held-out cases of fold {k} are unknown. Restore it.");
        if (k < 0 || k >= folds.Count || folds[k]?.Validation is not { Count: > 0 } ids) throw ResultFile.Damaged(run.Splits, $"it has no held-out cases of fold {k}.");
        MedicalCase[] cases = [.. dataset.Cases.Where(c => ids.Contains(c.Id))];
        return cases.Length == ids.Count ? cases : throw new DatasetException($"{dataset.Directory} holds {cases.Length} of the {ids.Count} held-out cases of {run.Splits}; {ids.First(id => cases.All(c => c.Id != id))} is missing. Give the run's dataset with --dataset.");
    }

    static IReadOnlyList<ReportCell> CellsOf(string results, string method)
    {
        ReportCell[] all = [new("selfsr", "Self-SR (is given the thick labels)", SeesLabels: true), new("nnunet", "nnU-Net, repeated slices"), new("rehrseg", "REHRSeg")];
        if (all.All(c => c.Name != method)) all = [.. all, new(method, method)];
        return [.. all.Where(c => (c.SeesLabels ? new[] { "labels" } : ["lr", "hr"]).Any(grid => Directory.Exists(Path.Combine(results, c.Name, grid))))];
    }

    static IReadOnlyList<ReportFact> FactsOf(RunFolder run, JsonObject config, MedicalDataset dataset, IReadOnlyList<ResultRow> rows)
    {
        var facts = new List<ReportFact>
        {
            new("Dataset", $"{dataset.Name}, {dataset.Cases.Count} cases"),
            Number(config, "fold", run.Config) is { } fold ? new("Held-out cases scored", $"{rows.Select(r => r.Case).Distinct().Count()}, fold {fold} of {config["folds"]}") : new("Cases scored", $"{rows.Select(r => r.Case).Distinct().Count()}; the run was trained without a fold"),
            new("Classes", string.Join(", ", dataset.Labels.Where(l => l.Value != 0).Select(l => l.Name))),
            new("Preset, seed", $"{config["preset"]}, {config["seed"]}"),
        };
        if (Number(config, "factor", run.Config) is { } factor) facts.Add(new("Thin slices per thick slice", factor.ToString(CultureInfo.InvariantCulture)));
        if (File.Exists(run.Stages))
        {
            var stages = ResultFile.Read<List<StageCost>>(run.Stages);
            facts.Add(new("Training", $"{ReportDataset.Duration(stages.Sum(s => s.Seconds))}, of it {string.Join(", ", stages.Where(s => s.Seconds >= 1).Select(s => $"{s.Name} {ReportDataset.Duration(s.Seconds)}"))}"));
            if (stages.Count > 0) facts.Add(new("Largest memory", $"{(stages.Max(s => s.PeakMegabytes) / 1000).ToString("0.0", CultureInfo.InvariantCulture)} GB"));
        }
        return facts;
    }

    static bool SameFolder(string a, string? b) => b is not null && Path.TrimEndingDirectorySeparator(Path.GetFullPath(a)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(b));

    static string? Text(JsonObject config, string name, string file) => config[name] is not { } value ? null : value is JsonValue v && v.TryGetValue(out string? text) ? text : throw ResultFile.Damaged(file, $"{name} is {value.ToJsonString()}, not a text.");

    static int? Number(JsonObject config, string name, string file) => config[name] is not { } value ? null : value is JsonValue v && v.TryGetValue(out int number) ? number : throw ResultFile.Damaged(file, $"{name} is {value.ToJsonString()}, not an integer.");
}
