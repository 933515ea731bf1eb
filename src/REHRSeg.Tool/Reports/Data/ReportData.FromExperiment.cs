using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

internal sealed partial record ReportData
{
    /// <summary>Reads what <c>rehrseg experiment</c> left; units that have not finished are left out, with a note.</summary>
    /// <param name="path">The experiment's folder.</param>
    /// <param name="datasetPath">Where the dataset is now; null: where it was.</param>
    /// <exception cref="DatasetException">Not an experiment, no finished unit, a moved dataset, a damaged file, results of another dataset.</exception>
    public static ReportData FromExperiment(string path, string? datasetPath = null)
    {
        var folder = new ExperimentFolder(Path.GetFullPath(path));
        if (!File.Exists(folder.Description)) throw new DatasetException($"--experiment {path} has no experiment.json. Give the folder that 'rehrseg experiment --out' wrote; for a single training, use --run.");
        var experiment = ResultFile.Read<ExperimentDescription>(folder.Description);
        if (experiment.Grid?.Cells is not { Count: > 0 } || experiment.FoldsRun is null || experiment.DatasetPath is null) throw ResultFile.Damaged(folder.Description, "it lacks cells, folds or the dataset's path.");
        var (units, notes) = ReadUnits(folder, experiment);
        if (units.Count == 0) throw new DatasetException($"--experiment {path} has no finished unit yet: no cells/CELL/fold_K holds a result.json. Let 'rehrseg experiment --resume' finish one.");
        var dataset = ReportDataset.Open(datasetPath, experiment.DatasetPath, folder.Description);
        var rows = ResultRows.FromUnits(experiment.Grid, experiment.Dataset, units);
        ReportCell[] cells = [.. experiment.Grid.Cells.Where(c => units.Any(u => u.Cell == c.Name)).Select(c => new ReportCell(c.Name, c.Title ?? c.Name, c.Task == CellTask.SuperResolution))];
        if (cells.All(c => c.SeesLabels)) cells = [.. cells.Select(c => c with { SeesLabels = false })]; // all do: they are rivals of each other
        string reference = cells.Any(c => c.Name == experiment.Grid.Reference) ? experiment.Grid.Reference : cells[^1].Name;
        if (reference != experiment.Grid.Reference) notes.Add($"The reference cell {experiment.Grid.Reference} has no finished unit; {reference} takes its place here.");
        return new()
        {
            Title = experiment.Grid.Title ?? experiment.Grid.Name, Cells = cells, Reference = reference, Labels = dataset.Labels, Rows = rows, Notes = notes,
            OtherTitles = experiment.Grid.Cells.Where(c => cells.All(k => k.Name != c.Name)).ToDictionary(c => c.Name, c => c.Title ?? c.Name),
            Facts = FactsOf(experiment, dataset, units),
            Statistics = ExperimentAnalysis.Of(experiment.Grid with { Reference = reference }, rows),
            Curves = [.. ReadStageCurves(folder, units), .. units.SelectMany(u => TrainingCurve.Read(Path.Combine(folder.Unit(u.Cell, u.Fold).Path, "training.jsonl"), u.Cell, u.Fold))],
            Cases = [.. CaseRanking.Choose(rows, reference).Select(c => ToCase(c, folder, experiment, dataset, cells))],
            Calibrations = [.. units.GroupBy(u => u.Cell).Select(g => CellCalibration.Pool(g.Key, [.. g.Select(u => CellCalibration.Read(folder.Unit(u.Cell, u.Fold).Calibration)).OfType<CalibrationResult>()])).Where(c => c.Grids.Count > 0)],
        };
    }

    static (List<UnitResult> Units, List<string> Notes) ReadUnits(ExperimentFolder folder, ExperimentDescription experiment)
    {
        var units = new List<UnitResult>();
        var notes = new List<string>();
        foreach (var cell in experiment.Grid.Cells)
        {
            var missing = new List<int>();
            foreach (int fold in experiment.FoldsRun)
            {
                string file = folder.Unit(cell.Name, fold).Result;
                if (!File.Exists(file))
                {
                    missing.Add(fold);
                    continue;
                }
                var unit = ResultFile.Read<UnitResult>(file);
                if (unit.Cases is null || unit.Cases.Any(c => c?.Id is null || c.Scores is null)) throw ResultFile.Damaged(file, "it lacks cases or their scores.");
                if (unit.Dataset != experiment.Dataset)
                    throw new DatasetException($"{file} holds results of another dataset (hash {unit.Dataset}) than {folder.Description} (hash {experiment.Dataset}). Remove the unit's folder and repeat 'rehrseg experiment --resume', or restore the folder.");
                if (unit.Cell != cell.Name || unit.Fold != fold) throw new DatasetException($"{file} is of cell {unit.Cell}, fold {unit.Fold}, not of the cell and fold of its folder. Move it back to its place.");
                if (experiment.Covers(unit)) units.Add(unit);
                else notes.Add($"{cell.Title ?? cell.Name}: fold {fold} was made with other options than the cell has now, and is left out.");
            }
            if (missing.Count > 0) notes.Add($"{cell.Title ?? cell.Name}: {(missing.Count == 1 ? $"fold {missing[0]} has" : $"folds {string.Join(", ", missing)} have")} not finished and {(missing.Count == 1 ? "is" : "are")} left out.");
        }
        return (units, notes);
    }

    static IReadOnlyList<ReportFact> FactsOf(ExperimentDescription experiment, MedicalDataset dataset, IReadOnlyList<UnitResult> units)
    {
        int cases = units.SelectMany(u => u.Cases.Select(c => c.Id)).Distinct().Count(), folds = units.Select(u => u.Fold).Distinct().Count();
        return
        [
            new("Dataset", $"{dataset.Name}, {dataset.Cases.Count} cases"), new("Held-out cases scored", $"{cases}, in {folds} of {experiment.Folds} folds"),
            new("Thin slices per thick slice", experiment.Factor.ToString(CultureInfo.InvariantCulture)), new("Slice axis", experiment.Axis ?? "each case's own"),
            new("Classes", string.Join(", ", dataset.Labels.Where(l => l.Value != 0).Select(l => l.Name))),
            new("Preset, seed", $"{experiment.Preset}, {experiment.Seed}"), new("Finished units", $"{units.Count} of {experiment.Grid.Cells.Count * experiment.FoldsRun.Count}"),
            new("Time of the units", ReportDataset.Duration(units.Sum(u => u.Seconds))), new("Largest memory", $"{(units.Max(u => u.PeakMegabytes) / 1000).ToString("0.0", CultureInfo.InvariantCulture)} GB"),
            new("Made by", $"REHRSeg {experiment.Version}"), new("Dataset's hash", experiment.Dataset),
        ];
    }

    /// <summary>Of every stage that the units share, wherever its folder is (<c>--stages</c>), with the fold that its <c>stage.json</c> names.</summary>
    static IEnumerable<TrainingCurve> ReadStageCurves(ExperimentFolder folder, IEnumerable<UnitResult> units) =>
        units.SelectMany(u => StagesOf(folder.Unit(u.Cell, u.Fold))).Distinct().Order(StringComparer.Ordinal).SelectMany(stage => TrainingCurve.Read(Path.Combine(stage, "training.jsonl"), Path.GetFileName(stage), FoldOfStage(stage)));

    static IEnumerable<string> StagesOf(UnitFolder unit)
    {
        if (!File.Exists(unit.Config)) return [];
        using var json = ResultFile.Read<JsonDocument>(unit.Config);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("stageFolders", out var folders) && folders.ValueKind == JsonValueKind.Object
            ? [.. folders.EnumerateObject().Where(f => f.Value.ValueKind == JsonValueKind.String).Select(f => f.Value.GetString()!)] : [];
    }

    static int? FoldOfStage(string stage)
    {
        string file = Path.Combine(stage, "stage.json");
        if (!File.Exists(file)) return null;
        using var json = ResultFile.Read<JsonDocument>(file);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("fold", out var fold) && fold.ValueKind == JsonValueKind.Number && fold.TryGetInt32(out int number) ? number : null;
    }

    static ReportCase ToCase(RankedCase ranked, ExperimentFolder folder, ExperimentDescription experiment, MedicalDataset dataset, IReadOnlyList<ReportCell> cells)
    {
        string? thin = experiment.Thin?.GetValueOrDefault(ranked.Fold) is { Length: > 0 } name ? Path.Combine(folder.Path, name) : null;
        return ReportDataset.ToCase(ranked, dataset, thin) with
        {
            Predictions = [.. cells.Select(c => Prediction(c.Name, folder.Unit(c.Name, ranked.Fold))).Where(p => p.Lr is not null || p.Hr is not null || p.HrImage is not null)],
        };

        CasePrediction Prediction(string cell, UnitFolder unit) => new(cell)
        {
            Lr = ReportDataset.Volume(unit.Lr, ranked.Id), Hr = ReportDataset.Volume(unit.Hr, ranked.Id) ?? ReportDataset.Volume(Path.Combine(unit.Path, "labels"), ranked.Id),
            HrImage = ReportDataset.Volume(unit.Images, ranked.Id + "_0000") ?? ReportDataset.Volume(unit.Images, ranked.Id),
        };
    }
}
