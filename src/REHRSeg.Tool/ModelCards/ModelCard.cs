using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>
/// A model card (Mitchell et al., "Model Cards for Model Reporting", 2019) of an exported segmenter: <c>src/MODEL_CARD.md</c> with what the model file, its run folder and evaluations know
/// filled in, and the lines that only people can write left marked.
/// </summary>
internal static partial class ModelCard
{
    const string Unknown = "✎ (the files do not say)";

    /// <summary>The card as Markdown.</summary>
    /// <param name="onnx">The exported model.</param>
    /// <param name="run">Its run folder; null: there is the file alone.</param>
    /// <param name="evaluations">Files of <c>rehrseg evaluate --out</c>.</param>
    /// <exception cref="ModelFormatException">The file is not a segmenter of ours.</exception>
    /// <exception cref="DatasetException">The run folder's files or an evaluation are damaged.</exception>
    public static string Of(string onnx, RunFolder? run = null, IReadOnlyList<string>? evaluations = null)
    {
        using var scorer = new OnnxVolumeScorer(onnx);
        var info = scorer.Info;
        var training = TrainingRecord.Read(run);
        var fields = new Dictionary<string, string>
        {
            ["name"] = Text(Path.GetFileName(onnx)),
            ["thin_labels"] = info.CanSegmentThin ? $", and on a grid of {info.Factor} thin slices for each thick one" : "",
            ["method"] = training.Method is { } method ? $"`{Text(method)}`" : Unknown,
            ["classes"] = string.Join(", ", info.Labels.Select(l => $"{l.Value} {Text(l.Name)}")),
            ["channels"] = info.Channels == 1 ? "one channel" : $"{info.Channels} channels",
            ["input"] = info.Input switch
            {
                SegmentationInput.Thick => "thick slices",
                SegmentationInput.Thin => "thick slices, interpolated to thin ones by the scorer",
                _ => "thick slices, interpolated to thin ones by the scorer for thin labels",
            },
            ["spacing"] = $"{Number(info.TargetSpacing[0])} mm between slices, {Number(info.TargetSpacing[1])} x {Number(info.TargetSpacing[2])} mm in plane",
            ["normalisation"] = info.NormaliseInsideNonzero ? "z-score of each volume's non-zero voxels" : "z-score of each volume",
            ["patch"] = $"{info.Patch} voxels (slices x rows x columns), tile step {Number(info.TileStep)}",
            ["mirroring"] = info.Mirroring ? "yes" : "no (it was not part of training)",
            ["calibration"] = Temperatures(info),
            ["postprocessing"] = info.PostProcessing.IsEmpty ? "none" : "keep the largest component of " + string.Join(", then of ", info.PostProcessing.Select(r => NameOf(r, info))),
            ["file"] = DescribeFile(onnx, info),
            ["fingerprint"] = info.TrainingFingerprint.Length > 0 ? $"`{Text(info.TrainingFingerprint)}`" : Unknown,
            ["tool"] = info.ToolVersion.Length > 0 ? Text(info.ToolVersion) : Unknown,
            ["dataset"] = training.Dataset is { } dataset ? Text(dataset) : Unknown,
            ["cases"] = training.TrainingCases is { } cases ? $"{cases} trained on" + (training.HeldOut is { } h ? $", {h.Cases} held out (fold {h.Fold} of {h.Folds})" : "; none held out") : Unknown,
            ["preset"] = training.Preset is { } preset ? Text(preset) : Unknown,
            ["supervision"] = training.Method switch
            {
                null => " if this is REHRSeg or one of its thick-slice baselines",
                "fully-supervised" => ": **not true of this model**, the fully supervised baseline, which learns from thin images and labels",
                _ => "",
            },
            ["evaluation"] = evaluations is { Count: > 0 } ? string.Join("\n\n", evaluations.Select(Table)) : "- ✎ DSC and HD95 of each class on cases that were not trained on (`rehrseg evaluate`), with their number:",
            ["hr_head"] = info.CanSegmentThin ? "" : " (this model gives none)",
        };
        return Field().Replace(Template(), match => fields[match.Groups[1].Value]);
    }

    static string Template()
    {
        using var reader = new StreamReader(typeof(ModelCard).Assembly.GetManifestResourceStream("MODEL_CARD.md")!);
        return reader.ReadToEnd();
    }

    static string NameOf(LargestComponentRule rule, SegmentationModelInfo info) =>
        rule.Label is not { } value ? "the whole foreground" : info.Labels.FirstOrDefault(l => l.Value == value) is { } label ? Text(label.Name) : $"label {value}";

    static string Temperatures(SegmentationModelInfo info) => (info.LrTemperature, info.HrTemperature) switch
    {
        (null, null) => "none: probabilities and uncertainty are as the network says",
        var (lr, hr) => $"{(lr is { } t ? Number(t) : "none")} on the input's grid, {(hr is { } u ? Number(u) : "none")} on thin slices (fitted on held-out cases)",
    };

    static string DescribeFile(string onnx, SegmentationModelInfo info)
    {
        using var stream = File.OpenRead(onnx);
        return string.Create(CultureInfo.InvariantCulture, $"{stream.Length:#,0} bytes, format version {info.FormatVersion}, SHA-256 `{Convert.ToHexStringLower(SHA256.HashData(stream))}`");
    }

    /// <summary>Means of a result of <c>rehrseg evaluate --out</c>.</summary>
    static string Table(string file)
    {
        var evaluation = ReadEvaluation(file);
        var table = new StringBuilder($"`{Text(Path.GetFileName(file))}`, {evaluation.Cases.Select(c => c.Id).Distinct().Count()} cases:\n\n| class | measure | mean | sd | cases | undefined |\n|---|---|---|---|---|---|");
        foreach (var s in evaluation.Summary) table.Append(CultureInfo.InvariantCulture, $"\n| {Text(s.Name)} | {Text(s.Measure)} | {EvaluateVerb.Number(s.Mean)} | {EvaluateVerb.Number(s.Sd)} | {s.Cases} | {s.Undefined} |");
        return table.ToString();
    }

    static Evaluation ReadEvaluation(string file)
    {
        try
        {
            if (JsonSerializer.Deserialize<Evaluation>(File.ReadAllText(file), ToolConsole.JsonForm) is { Cases: not null, Summary: not null } evaluation) return evaluation;
            throw new JsonException("it has no cases or no summary.");
        }
        catch (JsonException e)
        {
            throw new DatasetException($"--evaluation {file} is not what 'rehrseg evaluate --out' writes: {e.Message}", e);
        }
    }

    static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>Names come from data sets and files: they must not end a table's cell or line, nor become markup.</summary>
    static string Text(string name) => name.ReplaceLineEndings(" ").Replace("|", "\\|").Replace("<", "&lt;").Replace("`", "'");

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex Field();
}
