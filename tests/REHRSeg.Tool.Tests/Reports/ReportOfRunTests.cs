using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class ReportOfRunTests(TrainedRun trained) : IClassFixture<TrainedRun>
{
    static readonly ToolConsole s_silent = new(TextWriter.Null, TextWriter.Null, true, false);

    ToolRun Report(params string[] more) => ToolRun.InProcess(["report", "--run", trained.Run, "--out", trained.Folder["report.html"], .. more]);

    string[] Predictions() => [.. Directory.GetFiles(Path.Combine(trained.Run, "report"), "*", SearchOption.AllDirectories).Order()];

    /// <summary>A dataset of thick cases alone: LR scores, no HR ones; the held-out case is predicted once.</summary>
    [Fact]
    public void A_run_is_predicted_where_it_has_to_be()
    {
        trained.Result.AssertDone();
        if (Directory.Exists(Path.Combine(trained.Run, "report"))) Directory.Delete(Path.Combine(trained.Run, "report"), recursive: true);
        Report().AssertDone();
        string[] names = Predictions();
        foreach (string folder in (string[])["nnunet/lr", "nnunet/hr", "rehrseg/lr", "rehrseg/hr", "selfsr/images", "selfsr/labels", "selfsr/uncertainty"]) Assert.Single(names, n => n.Contains($"/report/{folder}/", StringComparison.Ordinal));
        string html = File.ReadAllText(trained.Folder["report.html"]);
        Assert.Contains("<h1>REHRSeg on tiny</h1>", html, StringComparison.Ordinal);
        Assert.Contains("LR DSC", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<th scope=\"col\">HR DSC</th>", html, StringComparison.Ordinal);
        var times = names.ToDictionary(n => n, File.GetLastWriteTimeUtc);
        Report().AssertDone();
        Assert.Equal(times, Predictions().ToDictionary(n => n, File.GetLastWriteTimeUtc));
        File.SetLastWriteTimeUtc(names[0], new DateTime(2001, 1, 1)); // older than its model
        Report().AssertDone();
        Assert.True(File.GetLastWriteTimeUtc(names[0]) > new DateTime(2020, 1, 1));
        Assert.Equal(html, File.ReadAllText(trained.Folder["report.html"]));
    }

    [Fact]
    public void Results_of_others_are_taken_as_they_are_also_without_selfsr()
    {
        using var results = new TemporaryFolder();
        var dataset = MedicalDataset.Open(trained.Data);
        var held = CrossValidationFolds.Split(dataset.Cases.Select(c => c.Id), 5)[0].Validation;
        foreach (string id in held) VolumeFile.WriteLabels(VolumeFile.Read(Path.Combine(trained.Data, "labelsTr", id + ".nii.gz")), results["rehrseg", "lr", id + ".nii.gz"]);
        var data = ReportData.FromRun(s_silent, trained.Run, null, results.Root, default);
        Assert.Equal(["rehrseg"], data.Cells.Select(c => c.Name));
        Assert.Equal(1, Assert.Single(data.Rows).Values["LR DSC"]);
        Assert.Null(data.Cases[0].Uncertainty);
        Assert.Contains("thick labels", ReportPage.Write(data), StringComparison.Ordinal);
        using var empty = new TemporaryFolder();
        Report("--results", empty.Root).AssertFailure(empty.Root, "none of the folders");
        Report("--results", empty["none"]).AssertFailure("--results", "no such folder");
    }

    [Fact]
    public void Thin_truth_brings_HR_scores_that_evaluate_confirms()
    {
        using var example = new ExampleExperiment(cells: 2, folds: 1, casesInFold: 2);
        var unit = example.Experiment.Unit("cell-1", 0);
        string results = example["results"];
        foreach (string grid in (string[])["lr", "hr"])
        {
            Directory.CreateDirectory(Path.Combine(results, "rehrseg"));
            Directory.Move(Path.Combine(unit.Path, grid), Path.Combine(results, "rehrseg", grid));
        }
        string run = example["run"];
        Directory.CreateDirectory(run);
        File.WriteAllText(Path.Combine(run, "config.json"), new JsonObject { ["method"] = "rehrseg", ["dataset"] = example.Dataset, ["fold"] = null }.ToJsonString());
        var data = ReportData.FromRun(s_silent, run, example.Dataset, results, default);
        Assert.Contains("trained on", Assert.Single(data.Notes), StringComparison.Ordinal); // config.json names this dataset, and no fold
        Assert.DoesNotContain("held-out case", ReportPage.Write(data), StringComparison.Ordinal);
        foreach (var (grid, truth) in (ReadOnlySpan<(string, string)>)[("LR", Path.Combine(example.Dataset, "labelsTr")), ("HR", Path.Combine(example.Dataset, "hr", "labelsTr"))])
        {
            var scores = Evaluation.Run(Path.Combine(results, "rehrseg", grid.ToLowerInvariant()), truth, images: false, _ => { }, null, default);
            foreach (var row in data.Rows)
                foreach (var score in scores.Cases.Where(c => c.Id == row.Case)) Assert.Equal(score.Value, row.Values[$"{grid} {score.Measure} {score.Name}"], 9);
            Assert.Equal(scores.Mean("DSC"), data.Statistics.Cells.Single(c => c.Grid == grid && c.Measure == "DSC").Mean, 9);
        }
        var volumes = data.Rows[0].Values;
        var thin = VolumeFile.Read(Path.Combine(example.Dataset, "hr", "labelsTr", data.Rows[0].Case + ".nii.gz"));
        Assert.Equal(thin.Voxels.ToArray().Count(v => v == 1), volumes["HR reference volume organ"], 6);
        Assert.Equal(VolumeFile.Read(Path.Combine(results, "rehrseg", "hr", data.Rows[0].Case + ".nii.gz")).Voxels.ToArray().Count(v => v == 1), volumes["HR volume organ"], 6);
    }

    [Fact]
    public void A_run_without_held_out_cases_needs_a_dataset()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], "{\"method\":\"rehrseg\",\"dataset\":\"/nowhere\"}");
        ToolRun.InProcess("report", "--run", folder.Root, "--out", folder["r.html"]).AssertFailure("no --fold", "--dataset");
        File.WriteAllText(folder["config.json"], "{\"fold\":0,\"dataset\":\"/nowhere\"}");
        ToolRun.InProcess("report", "--run", folder.Root, "--out", folder["r.html"]).AssertFailure("/nowhere", "--dataset");
        ToolRun.InProcess("report", "--run", folder.Root, "--dataset", trained.Data, "--out", folder["r.html"]).AssertFailure("splits.json");
        File.WriteAllText(folder["splits.json"], "[{\"train\":[],\"validation\":[\"case_99\"]}]");
        ToolRun.InProcess("report", "--run", folder.Root, "--dataset", trained.Data, "--out", folder["r.html"]).AssertFailure("case_99", "missing");
        File.WriteAllText(folder["splits.json"], "[{\"train\":[],\"validation\":[\"case_1\"]}]");
        ToolRun.InProcess("report", "--run", folder.Root, "--dataset", trained.Data, "--out", folder["r.html"]).AssertFailure("segmentation.onnx", "--resume");
        foreach (string damaged in (string[])["{", "[]", "{\"fold\":\"x\"}", "{\"method\":7}", "{\"fold\":9,\"dataset\":\"/nowhere\"}"])
        {
            File.WriteAllText(folder["config.json"], damaged);
            Assert.Equal(CommandLine.Failed, ToolRun.InProcess("report", "--run", folder.Root, "--dataset", trained.Data, "--out", folder["r.html"]).Code);
        }
        Assert.False(File.Exists(folder["r.html"]));
    }
}
