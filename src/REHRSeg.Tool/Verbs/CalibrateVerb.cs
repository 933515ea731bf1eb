using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg calibrate</c>: temperatures for a segmenter's probabilities, fitted on held-out cases. Label maps stay the same.</summary>
internal static class CalibrateVerb
{
    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train', or an exported .onnx file.");
        var dataset = CommonOptions.Path("--dataset", "Annotated thick-slice dataset; thin labels in its folder hr/labelsTr, as 'rehrseg simulate' leaves them, are for the HR temperature.");
        var only = CommonOptions.Path("--cases", "Comma-separated case ids, or splits.json:K for the validation cases of fold K. Default: the cases that the model's run folder held out.", required: false);
        var outFile = CommonOptions.Path("--out", "The .onnx file to write: the model with its temperatures.");
        var resolution = new Option<string>("--resolution") { Description = "lr (the input's grid), hr (thin slices) or both; the other one's temperature stays.", DefaultValueFactory = _ => "both" };
        resolution.AcceptOnlyFromAmong("lr", "hr", "both");
        var report = CommonOptions.Path("--report", "JSON file for temperatures and reliability before and after.", required: false);
        var noTta = new Option<bool>("--no-tta") { Description = "Fit for predictions without mirroring; predict with --no-tta then, too." };
        var axis = CommonOptions.Axis();
        var command = new Command("calibrate", "Fit temperatures so that a segmenter's probabilities say how often it is right.") { model, dataset, only, outFile, resolution, report, noTta, axis };
        command.OnRun((parse, console, cancel) => Run(console, new()
        {
            Model = parse.GetRequiredValue(model), Dataset = parse.GetRequiredValue(dataset), Cases = parse.GetValue(only), Out = Path.GetFullPath(parse.GetRequiredValue(outFile)),
            Lr = parse.GetValue(resolution) != "hr", Hr = parse.GetValue(resolution) != "lr", Report = parse.GetValue(report) is { } json ? Path.GetFullPath(json) : null, Mirror = !parse.GetValue(noTta), Axis = CommonOptions.ParseAxis(parse.GetValue(axis)),
        }, cancel));
        return command;
    }

    /// <summary>Fits temperatures, writes the model that carries them and, where asked for, what was measured.</summary>
    public static int Run(ToolConsole console, CalibrationRequest request, CancellationToken cancel)
    {
        if (!request.Out.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--out {request.Out} is the file of a model: give it the ending .onnx.");
        if (request.Out == Path.GetFullPath(request.Model)) throw new UsageException("--out must be another file than --model, which stays as it is.");
        OutputFolder.RequireWritable(Path.GetDirectoryName(request.Out)!);
        if (request.Report is { } json) OutputFolder.RequireWritable(Path.GetDirectoryName(json)!, "--report");
        var dataset = MedicalDataset.Open(request.Dataset);
        var cases = CalibrationCases.Choose(console, request.Model, dataset, request.Cases);
        using var segmenter = Segmenter.Open(request.Model, console);
        var info = segmenter.Info;
        var thin = request.Hr && info.CanSegmentThin ? ThinLabels(dataset, cases) : [];
        if (!request.Lr && !info.CanSegmentThin) throw new UsageException($"--resolution hr: {request.Model} makes no thin labels. Ask for lr.");
        if (!request.Lr && thin.Count == 0) throw new DatasetException($"--resolution hr: {Path.Combine(dataset.Directory, "hr", "labelsTr")} has no thin labels of the {cases.Count} cases. Add them, or ask for --resolution lr or both.");
        if (request.Lr && thin.Count > 0 && thin.Count < cases.Count) console.Warn($"{thin.Count} of the {cases.Count} cases have thin labels; the HR temperature is fitted on those.");

        using var study = new CalibrationStudy(info.Labels);
        int code = Batch.ForEach(console, "calibrate", request.Lr ? cases : [.. cases.Where(c => thin.ContainsKey(c.Id))], c => Add(study, segmenter, dataset.Labels, c, thin.GetValueOrDefault(c.Id), request, cancel), cancel);
        if (code != CommandLine.Done)
        {
            console.Error("Nothing is written. Repair the cases that failed, or leave them out with --cases.");
            return code;
        }
        var (lr, hr) = (study.FitLr(), study.FitHr());
        var result = new CalibrateResult(request.Model, request.Out, [.. cases.Select(c => c.Id)], request.Lr ? lr!.Temperature : info.LrTemperature,
            !info.CanSegmentThin ? null : !request.Hr ? info.HrTemperature : hr?.Temperature ?? lr!.Temperature, lr, hr, study.Finish().Grids);
        Remark(console, result, request, info, cases.Count);
        if (Directory.Exists(request.Model)) ExportRun(request, result);
        else AtomicFile.Write(request.Out, stream => CalibratedModelFile.Write(request.Model, result.LrTemperature, result.HrTemperature, stream));
        if (request.Report is { } file) AtomicFile.WriteText(file, JsonSerializer.Serialize(result, ToolConsole.JsonForm) + "\n");
        console.Result(result, () => ToTable(result));
        console.Info($"scaled: each half of the cases with the temperature of the other half.\nstored in {request.Out}: LR {Text(result.LrTemperature)}, HR {Text(result.HrTemperature)}, of all {cases.Count} cases.");
        return CommandLine.Done;
        static string Text(double? temperature) => temperature is { } t ? EvaluateVerb.Number(t) : "none";
    }

    static void Add(CalibrationStudy study, Segmenter segmenter, IReadOnlyList<LabelClass> labels, MedicalCase item, string? thinLabels, CalibrationRequest request, CancellationToken cancel)
    {
        var (image, truth) = item.ReadPair(labels);
        var result = segmenter.Segment(image, new() { Lr = request.Lr, Hr = thinLabels is not null, Probabilities = true, Calibrate = false, PostProcess = false, Mirror = request.Mirror, Axis = request.Axis }, cancel);
        if (thinLabels is not null)
        {
            var fine = (item with { LabelFile = thinLabels }).ReadLabel(labels);
            result.HrProbabilities!.RequireSameGrid(fine, $"The thin probabilities of case {item.Id}", thinLabels);
            study.AddHr(item.Id, result.HrProbabilities!, fine, null);
        }
        if (request.Lr) study.AddLr(item.Id, result.LrProbabilities!, truth, null);
    }

    static Dictionary<string, string> ThinLabels(MedicalDataset dataset, IReadOnlyList<MedicalCase> cases)
    {
        string folder = Path.Combine(dataset.Directory, "hr", "labelsTr");
        if (!Directory.Exists(folder)) return [];
        var files = CaseFiles.Volumes(folder);
        return cases.Where(c => files.ContainsKey(c.Id)).ToDictionary(c => c.Id, c => files[c.Id]);
    }

    static void Remark(ToolConsole console, CalibrateResult result, CalibrationRequest request, SegmentationModelInfo info, int cases)
    {
        if (request.Lr && request.Hr && info.CanSegmentThin && result.Hr is null)
            console.Warn("There are no thin labels (hr/labelsTr), so thin slices take the temperature of the input's grid; how well that suits them is not measured.");
        if (cases == 1) console.Warn("With one case there is none left to measure the temperature on: reliability is given before scaling alone.");
        foreach (var (grid, fit) in new[] { ("LR", result.Lr), ("HR", result.Hr) })
            if (fit is { AtLimit: true }) console.Warn(FormattableString.Invariant($"{grid}: the temperature ends at its limit, {fit.Temperature}: the {cases} case(s) are too few or too easy to fit one. Give more."));
    }

    // Apart, so that ONNX files alone load no Torch assembly.
    static void ExportRun(CalibrationRequest request, CalibrateResult result)
    {
        using var network = new RunFolder(request.Model).Load<RehrSegTransformer>().Model;
        network.UseTemperatures(result.LrTemperature, result.HrTemperature);
        AtomicFile.Write(request.Out, network.ExportOnnx);
    }

    static Table ToTable(CalibrateResult result)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("", "voxels", "count", "T", "ECE", "scaled", "NLL", "scaled", "AUROC of entropy");
        foreach (var g in result.Grids)
            table.AddRow(g.Grid, g.Region, g.Voxels.ToString(CultureInfo.InvariantCulture), EvaluateVerb.Number(g.Temperature), EvaluateVerb.Number(g.Before.Ece), EvaluateVerb.Number(g.After.Ece),
                EvaluateVerb.Number(g.Before.NegativeLogLikelihood), EvaluateVerb.Number(g.After.NegativeLogLikelihood), EvaluateVerb.Number(g.EntropyAuroc ?? double.NaN));
        return table;
    }
}

/// <summary>Everything that <c>calibrate</c> was asked for.</summary>
internal sealed record CalibrationRequest
{
    public required string Model { get; init; }
    public required string Dataset { get; init; }
    public string? Cases { get; init; }
    public required string Out { get; init; }
    public bool Lr { get; init; }
    public bool Hr { get; init; }
    public string? Report { get; init; }
    public bool Mirror { get; init; }
    public SliceAxis? Axis { get; init; }
}

/// <summary>What <c>calibrate</c> did.</summary>
/// <param name="Model">As given.</param>
/// <param name="Out">The file that was written.</param>
/// <param name="Cases">Held-out cases.</param>
/// <param name="LrTemperature">Stored in the file; null: none.</param>
/// <param name="HrTemperature">Stored in the file; null: none.</param>
/// <param name="Lr">The fit on all cases; null: not asked for.</param>
/// <param name="Hr">The fit on all cases with thin labels; null: there are none, or it was not asked for.</param>
/// <param name="Grids">Reliability, "after" with the temperature of the other half of the cases.</param>
internal sealed record CalibrateResult(string Model, string Out, IReadOnlyList<string> Cases, double? LrTemperature, double? HrTemperature, FittedTemperature? Lr, FittedTemperature? Hr, IReadOnlyList<GridCalibration> Grids);
