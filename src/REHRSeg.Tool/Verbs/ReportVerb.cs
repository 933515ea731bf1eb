using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg report</c>: one self-contained HTML file about a training or an experiment.</summary>
internal static class ReportVerb
{
    public static Command Create()
    {
        var run = CommonOptions.Path("--run", "Run folder of 'rehrseg train'. Its held-out cases are predicted into RUN/report unless they are there.", required: false);
        var experiment = CommonOptions.Path("--experiment", "Folder of 'rehrseg experiment'. Units that have not finished are left out.", required: false);
        var outFile = CommonOptions.Path("--out", "HTML file to write; it opens without a network.");
        var dataset = CommonOptions.Path("--dataset", "Where the dataset is, if it was moved; or labelled cases for a --run that trained on all of its own.", required: false);
        var results = CommonOptions.Path("--results", "With --run: folder with rehrseg/{lr,hr}, nnunet/{lr,hr}, selfsr/{images,labels,uncertainty}, instead of predicting.", required: false);
        var picture = CommonOptions.Path("--picture", "Also write the median case as a PNG.", required: false);
        var command = new Command("report", "Write a report: results, cases, surfaces, calibration, training, as one HTML file.") { run, experiment, outFile, dataset, results, picture };
        command.OnRun((parse, console, cancel) =>
        {
            string? runFolder = parse.GetValue(run), experimentFolder = parse.GetValue(experiment), resultsFolder = parse.GetValue(results), file = parse.GetRequiredValue(outFile);
            if (runFolder is null == experimentFolder is null) throw new UsageException("Give either --run or --experiment.");
            if (resultsFolder is not null && runFolder is null) throw new UsageException("--results goes with --run; an experiment has its own.");
            RequireFolder(runFolder, "--run");
            RequireFolder(experimentFolder, "--experiment");
            RequireTarget(file, "--out");
            if (parse.GetValue(picture) is { } image) RequireTarget(image, "--picture");
            var data = runFolder is not null ? ReportData.FromRun(console, runFolder, parse.GetValue(dataset), resultsFolder, cancel) : ReportData.FromExperiment(experimentFolder!, parse.GetValue(dataset));
            Write(console, data, file, parse.GetValue(picture));
            return CommandLine.Done;
        });
        return command;
    }

    /// <summary>The report of a run, for verbs that end with one.</summary>
    /// <param name="console">Takes progress and the path.</param>
    /// <param name="runFolder">Run folder.</param>
    /// <param name="datasetPath">Dataset; null: the run's.</param>
    /// <param name="resultsFolder">Predictions; null: they are made.</param>
    /// <param name="outFile">HTML file.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="picture">PNG of the median case; null: none.</param>
    public static void WriteRun(ToolConsole console, string runFolder, string? datasetPath, string? resultsFolder, string outFile, CancellationToken cancel, string? picture = null) =>
        Write(console.WithoutResults(), ReportData.FromRun(console, runFolder, datasetPath, resultsFolder, cancel), outFile, picture);

    static void Write(ToolConsole console, ReportData data, string file, string? picture)
    {
        string html = ReportPage.Write(data, data.Cases.Count > 0 ? ViewerSection.Html(ReportViewer.Cases(data)) : "");
        AtomicFile.WriteText(file, html);
        if (picture is not null) CaseFigure.Write(picture, data);
        console.Info($"report: {Path.GetFullPath(file)}");
        console.Result(new { report = Path.GetFullPath(file), picture = picture is null ? null : Path.GetFullPath(picture), cells = data.Cells.Count, cases = data.Rows.Select(r => r.Case).Distinct().Count(), notes = data.Notes });
    }

    static void RequireFolder(string? folder, string option)
    {
        if (folder is not null && !Directory.Exists(folder)) throw new DirectoryNotFoundException($"{option} {folder}: there is no such folder.");
    }

    /// <summary>The page takes a while to make: its folder is tried first.</summary>
    static void RequireTarget(string file, string option)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? throw new UsageException($"{option} {file} is a root folder; name a file.");
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{option} {file}: there is no folder {folder}. Make it, or choose another file.");
        if (Directory.Exists(file)) throw new UsageException($"{option} {file} is a folder; name a file in it, for example {Path.Combine(file, option == "--out" ? "report.html" : "report.png")}.");
        OutputFolder.RequireWritable(folder, $"{option} {file}: the folder");
    }
}
