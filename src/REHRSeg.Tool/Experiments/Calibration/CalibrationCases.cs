using System.Text.Json;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The cases that a temperature may be fitted on: those that the model's training has held out.</summary>
internal static class CalibrationCases
{
    /// <summary>Those of <c>--cases</c>, else the held-out ones of the run that the model is of, else (where the dataset is another one altogether) all.</summary>
    /// <param name="console">Receives warnings.</param>
    /// <param name="model">Run folder, or an ONNX file in one.</param>
    /// <param name="dataset">Annotated cases.</param>
    /// <param name="selection"><c>--cases</c>; null: not given.</param>
    /// <exception cref="UsageException">It is not known which cases were held out, or none were.</exception>
    /// <exception cref="DatasetException">A case is missing, or has no labels.</exception>
    public static IReadOnlyList<MedicalCase> Choose(ToolConsole console, string model, MedicalDataset dataset, string? selection)
    {
        string folder = Directory.Exists(model) ? model : Path.GetDirectoryName(Path.GetFullPath(model))!;
        var run = new RunFolder(folder);
        var (known, fold) = File.Exists(run.Config) && File.Exists(run.Splits) ? (true, FoldOf(run, dataset)) : (false, null);
        var cases = selection is not null ? CaseSelection.Apply(dataset.Cases, selection, "--dataset") : known ? HeldOut(console, run, fold, dataset)
            : throw new UsageException($"--model {model}: there is no config.json and splits.json beside it that say which cases its training held out. Name held-out cases with --cases.");
        if (cases.Count == 0) throw new DatasetException($"--cases {selection}: no case is left to fit a temperature on.");
        if (cases.FirstOrDefault(c => c.LabelFile is null) is { } unlabelled) throw new DatasetException($"Case {unlabelled.Id} of --dataset {dataset.Directory} has no label map, which a temperature is fitted on. Add it, or leave the case out with --cases.");
        if (selection is null || fold is null) return cases;
        string[] trained = [.. cases.Select(c => c.Id).Where(fold.Train.Contains)];
        if (trained.Length > 0)
            console.Warn($"--cases: the model was trained on {trained.Length} of the {cases.Count} cases ({string.Join(", ", trained.Take(5))}{(trained.Length > 5 ? ", ..." : "")}). It is surer of them than of new ones, so the temperature will be too low. Leave --cases out for the held-out ones.");
        return cases;
    }

    /// <summary>The run's fold; one of training cases alone where nothing was held out and the dataset is the run's own; null: not known.</summary>
    static Fold? FoldOf(RunFolder run, MedicalDataset dataset)
    {
        try
        {
            var config = JsonNode.Parse(File.ReadAllText(run.Config))!;
            var folds = JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(run.Splits), ToolConsole.JsonForm) ?? [];
            if (config["fold"] is { } fold) return folds[(int)fold];
            return (string?)config["dataset"] == dataset.Directory ? new([.. dataset.Cases.Select(c => c.Id)], []) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
        {
            throw new DatasetException($"{run.Config} and {run.Splits} do not say which cases the training held out: {CommandLine.Describe(e)} Restore them from a copy, or take the model's file out of the folder and name cases with --cases.", e);
        }
    }

    static IReadOnlyList<MedicalCase> HeldOut(ToolConsole console, RunFolder run, Fold? fold, MedicalDataset dataset)
    {
        var ids = dataset.Cases.Select(c => c.Id).ToHashSet();
        if (fold is null || (fold.Validation.Count == 0 && fold.Train.Any(ids.Contains)))
            throw new UsageException($"{run.Path} was trained without --fold, so no case was held out, and a temperature that is fitted on training cases is too low. Name other cases with --cases.");
        if (!fold.Train.Concat(fold.Validation).Any(ids.Contains))
        {
            console.Info($"None of the cases of {run.Splits} is in --dataset {dataset.Directory}: all of its {dataset.Cases.Count} cases are taken.");
            return dataset.Cases;
        }
        string[] missing = [.. fold.Validation.Where(id => !ids.Contains(id))];
        if (missing.Length > 0) throw new DatasetException($"--dataset {dataset.Directory} lacks {missing.Length} of the {fold.Validation.Count} cases that {run.Path} held out, for example {missing[0]}. Restore them, or name cases with --cases.");
        return [.. dataset.Cases.Where(c => fold.Validation.Contains(c.Id))];
    }
}
