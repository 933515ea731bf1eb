using System.Text.Json;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What a run folder's <c>config.json</c> and <c>splits.json</c> say of its training; null: they do not say it.</summary>
/// <param name="Method">Name of the method, as <c>train --method</c> takes it.</param>
/// <param name="Dataset">Name of the data set's folder.</param>
/// <param name="TrainingCases">Cases that were trained on.</param>
/// <param name="HeldOut">Cases of the fold that were not, and the fold.</param>
/// <param name="Preset">Preset and seed.</param>
internal sealed record TrainingRecord(string? Method, string? Dataset, int? TrainingCases, (int Cases, int Fold, int Folds)? HeldOut, string? Preset)
{
    /// <summary>Reads a run folder; null, or one without these files: nothing is known.</summary>
    /// <exception cref="DatasetException">A file is damaged.</exception>
    public static TrainingRecord Read(RunFolder? run)
    {
        if (run is null || !File.Exists(run.Config)) return new(null, null, null, null, null);
        try
        {
            var config = JsonNode.Parse(File.ReadAllText(run.Config))!;
            string? dataset = (string?)config["dataset"];
            var (cases, heldOut) = CountCases(run, config, dataset);
            string? preset = (string?)config["preset"];
            return new((string?)config["method"], dataset is null ? null : Path.GetFileName(Path.TrimEndingDirectorySeparator(dataset)), cases, heldOut, preset is null ? null : $"{preset}, seed {config["seed"]}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new DatasetException($"{run.Config} or {Path.GetFileName(run.Splits)} beside it is not what 'rehrseg train' writes: {e.Message} Restore them, or give the .onnx file alone.", e);
        }
    }

    static (int? Training, (int Cases, int Fold, int Folds)? HeldOut) CountCases(RunFolder run, JsonNode config, string? dataset)
    {
        if ((int?)config["fold"] is not { } fold) return (dataset is not null && Directory.Exists(dataset) ? MedicalDataset.Open(dataset).Cases.Count : null, null);
        if (!File.Exists(run.Splits)) return (null, null);
        var folds = JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(run.Splits), ToolConsole.JsonForm) ?? [];
        return fold >= 0 && fold < folds.Count ? (folds[fold].Train.Count, (folds[fold].Validation.Count, fold, folds.Count)) : (null, null);
    }
}
