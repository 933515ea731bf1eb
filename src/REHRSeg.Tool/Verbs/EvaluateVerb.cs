using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg evaluate</c>: DSC and HD95 of label maps, PSNR and SSIM of images, or all measures, against references of the same case id.</summary>
internal static class EvaluateVerb
{
    public static Command Create()
    {
        var predictions = CommonOptions.Path("--predictions", "Folder of predicted volumes, CASE.nii.gz.");
        var reference = CommonOptions.Path("--reference", "Folder of reference volumes; only cases with a prediction are scored.");
        var kind = new Option<string>("--kind") { Description = "labels (DSC, HD95 in mm) or images (PSNR, SSIM).", DefaultValueFactory = _ => "labels" };
        kind.AcceptOnlyFromAmong("labels", "images");
        var metrics = new Option<string>("--metrics") { Description = "standard, or all: labels also Jaccard, HD and ASSD in mm, surface DSC, volume difference in mm³ and relative; images also the 2-D SSIM of slices.", DefaultValueFactory = _ => "standard" };
        metrics.AcceptOnlyFromAmong("standard", "all");
        var tolerance = new Option<double>("--tolerance") { Description = "Distance in mm within which surfaces agree (surface DSC of --metrics all).", DefaultValueFactory = _ => 1 };
        tolerance.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<double>() is >= 0 and < double.PositiveInfinity)) result.AddError("--tolerance is a distance of 0 mm or more.");
        });
        var outFile = CommonOptions.Path("--out", "JSON file for the result.", required: false);
        var command = new Command("evaluate", "Score label maps or images against references.") { predictions, reference, kind, metrics, tolerance, outFile };
        command.OnRun((parse, console, cancel) =>
        {
            var evaluation = Evaluation.Run(parse.GetRequiredValue(predictions), parse.GetRequiredValue(reference), parse.GetValue(kind) == "images",
                e => console.Error(e), (d, n, t) => console.Step("evaluate", d, n, t), cancel, parse.GetValue(metrics) == "all" ? parse.GetValue(tolerance) : null);
            if (parse.GetValue(outFile) is { } file) AtomicFile.WriteText(file, JsonSerializer.Serialize(evaluation, ToolConsole.JsonForm) + "\n");
            console.Result(evaluation, () => ToTable(evaluation));
            return evaluation.Failed > 0 ? CommandLine.Failed : CommandLine.Done;
        });
        return command;
    }

    static Table ToTable(Evaluation evaluation)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("", "measure", "mean", "sd", "cases", "undefined");
        foreach (var s in evaluation.Summary)
            table.AddRow(Markup.Escape(s.Name), s.Measure, Number(s.Mean), Number(s.Sd), s.Cases.ToString(CultureInfo.InvariantCulture), s.Undefined.ToString(CultureInfo.InvariantCulture));
        return table;
    }

    public static string Number(double value) => double.IsFinite(value) ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "-";
}
