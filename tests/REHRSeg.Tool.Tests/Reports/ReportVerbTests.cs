using System.Text.Json;
using System.Text.Json.Nodes;
using SkiaSharp;

namespace REHRSeg.Tool.Tests;

public sealed class ReportVerbTests
{
    static ToolRun Report(ExampleExperiment example, params string[] more) => ToolRun.InProcess(["report", "--experiment", example.Experiment.Path, "--out", example["report.html"], .. more]);

    static void Edit(string file, Action<JsonNode> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        change(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    [Fact]
    public void An_experiment_gives_a_page_and_a_picture()
    {
        using var example = new ExampleExperiment();
        var run = Report(example, "--picture", example["picture.png"], "--json");
        run.AssertDone();
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal((3, 6), (json.RootElement.GetProperty("cells").GetInt32(), json.RootElement.GetProperty("cases").GetInt32()));
        Assert.EndsWith("</html>\n", File.ReadAllText(json.RootElement.GetProperty("report").GetString()!), StringComparison.Ordinal);
        using var picture = SKBitmap.Decode(example["picture.png"]);
        Assert.True(picture.Width > 1000 && picture.Pixels.Distinct().Count() > 100);
    }

    [Fact]
    public void Unfinished_units_are_left_out_with_a_note()
    {
        using var example = new ExampleExperiment();
        File.Delete(example.Experiment.Unit("cell-0", 1).Result);
        Directory.Delete(example.Experiment.Unit("cell-2", 0).Path, recursive: true);
        Directory.Delete(example.Experiment.Unit("cell-2", 1).Path, recursive: true);
        var data = example.Data();
        Assert.Equal(["cell-0", "cell-1"], data.Cells.Select(c => c.Name));
        Assert.Equal(9, data.Rows.Count);
        Assert.Equal(ExampleExperiment.Hostile, data.TitleOf("cell-2"));
        Assert.Contains("Method 0: fold 1 has not finished and is left out.", data.Notes);
        Assert.Contains(data.Notes, n => n.EndsWith(": folds 0, 1 have not finished and are left out.", StringComparison.Ordinal));
        Assert.Contains("3 of 6", data.Facts.Select(f => f.Value));
    }

    [Fact]
    public void Without_its_reference_another_cell_takes_its_place()
    {
        using var example = new ExampleExperiment();
        foreach (int fold in (int[])[0, 1]) File.Delete(example.Experiment.Unit("cell-1", fold).Result);
        var data = example.Data();
        Assert.Equal("cell-2", data.Reference);
        Assert.Contains(data.Notes, n => n.Contains("The reference cell cell-1 has no finished unit", StringComparison.Ordinal));
    }

    [Fact]
    public void Cells_of_super_resolution_show_their_own_images()
    {
        using var example = new ExampleExperiment();
        Edit(example.Experiment.Description, e =>
        {
            foreach (var cell in e["grid"]!["cells"]!.AsArray()) cell!["task"] = (int)CellTask.SuperResolution;
        });
        foreach (string cell in (string[])["cell-0", "cell-1"])
            foreach (int fold in (int[])[0, 1])
            {
                var unit = example.Experiment.Unit(cell, fold);
                Directory.Delete(unit.Lr, recursive: true);
                Directory.Move(unit.Hr, Path.Combine(unit.Path, "labels"));
                Directory.CreateDirectory(unit.Images);
                foreach (string image in Directory.GetFiles(Path.Combine(example.Experiment.Path, "stages", $"thin-{fold}", "images"))) File.Copy(image, Path.Combine(unit.Images, Path.GetFileName(image)));
            }
        var data = example.Data();
        Assert.All(data.Cells, c => Assert.False(c.SeesLabels)); // all do: they are rivals
        var column = new CaseViews(data.Cases[0]).Columns[1];
        Assert.Equal([null, "cell-0", "cell-1"], column.Images.Select(i => i.Cell));
        Assert.Contains("data-cell=\"cell-0\" hidden x=", ReportPage.Write(data), StringComparison.Ordinal);
    }

    [Fact]
    public void A_moved_dataset_is_asked_for_and_taken()
    {
        using var example = new ExampleExperiment();
        Directory.Move(example.Dataset, example["moved"]);
        Report(example).AssertFailure(example.Experiment.Description, example.Dataset, "not there", "--dataset");
        Report(example, "--dataset", example["moved"]).AssertDone();
        Report(example, "--dataset", example["phantoms-not"]).AssertFailure("--dataset", "no such folder");
        File.Delete(Path.Combine(example["moved"], "labelsTr", "phantom_000.nii.gz"));
        Assert.Equal(CommandLine.Failed, Report(example, "--dataset", example["moved"]).Code);
    }

    [Fact]
    public void Another_dataset_without_the_scored_cases_is_refused()
    {
        using var example = new ExampleExperiment();
        Report(example, "--dataset", TinyDataset.Write(example["other"])).AssertFailure("has no case phantom_000", "--dataset");
    }

    [Fact]
    public void Results_of_another_dataset_are_refused()
    {
        using var example = new ExampleExperiment();
        string file = example.Experiment.Unit("cell-2", 1).Result;
        Edit(file, r => r["dataset"] = "else");
        Report(example).AssertFailure(file, "else", "hash", "another dataset", "--resume");
    }

    [Fact]
    public void A_result_in_the_wrong_place_is_refused()
    {
        using var example = new ExampleExperiment();
        string file = example.Experiment.Unit("cell-2", 1).Result;
        File.Copy(example.Experiment.Unit("cell-0", 1).Result, file, overwrite: true);
        Report(example).AssertFailure(file, "cell-0", "fold 1");
    }

    [Fact]
    public void No_finished_unit_is_no_report()
    {
        using var example = new ExampleExperiment();
        Directory.Delete(Path.Combine(example.Experiment.Path, "cells"), recursive: true);
        Report(example).AssertFailure(example.Experiment.Path, "no finished unit", "--resume");
        Assert.False(File.Exists(example["report.html"]));
    }

    [Theory]
    [InlineData("{\"cell\":")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"dataset\":\"hash\",\"cell\":\"cell-0\",\"fold\":0,\"cases\":[null]}")]
    [InlineData("[1,2]")]
    public void A_damaged_result_is_named(string text)
    {
        using var example = new ExampleExperiment(cells: 2, folds: 1, casesInFold: 2);
        string file = example.Experiment.Unit("cell-0", 0).Result;
        File.WriteAllText(file, text);
        Report(example).AssertFailure(file, "damaged");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"grid\":{\"name\":\"x\",\"title\":\"x\",\"reference\":\"x\",\"cells\":[]}}")]
    public void A_damaged_description_is_named(string text)
    {
        using var example = new ExampleExperiment(cells: 2, folds: 1, casesInFold: 2);
        File.WriteAllText(example.Experiment.Description, text);
        Report(example).AssertFailure(example.Experiment.Description, "damaged");
    }

    [Fact]
    public void A_damaged_journal_is_named_and_one_cut_short_is_read()
    {
        using var example = new ExampleExperiment(cells: 2, folds: 1, casesInFold: 2);
        string file = Path.Combine(example.Experiment.Unit("cell-0", 0).Path, "training.jsonl");
        File.AppendAllText(file, "{\"stage\":\"reh");
        Report(example).AssertDone();
        File.WriteAllText(file, "rubbish\n" + File.ReadAllText(file));
        Report(example).AssertFailure(file, "line 1");
    }

    [Fact]
    public void A_prediction_on_another_grid_is_named()
    {
        using var example = new ExampleExperiment(cells: 2, folds: 1, casesInFold: 2);
        var unit = example.Experiment.Unit("cell-1", 0);
        foreach (string file in Directory.GetFiles(unit.Hr)) File.Copy(Path.Combine(unit.Lr, Path.GetFileName(file)), file, overwrite: true);
        Report(example).AssertFailure("cell-1, hr", "grid");
    }

    [Fact]
    public void Command_lines_that_make_no_sense()
    {
        using var folder = new TemporaryFolder();
        ToolRun.InProcess("report", "--out", folder["r.html"]).AssertUsage("--run", "--experiment");
        ToolRun.InProcess("report", "--run", folder.Root, "--experiment", folder.Root, "--out", folder["r.html"]).AssertUsage("either --run or --experiment");
        ToolRun.InProcess("report", "--experiment", folder.Root, "--results", folder.Root, "--out", folder["r.html"]).AssertUsage("--results goes with --run");
        ToolRun.InProcess("report", "--experiment", folder.Root, "--out", folder.Root).AssertUsage("is a folder");
        ToolRun.InProcess("report", "--experiment", folder.Root, "--out", folder["missing", "r.html"]).AssertFailure(folder["missing"], "there is no folder");
        ToolRun.InProcess("report", "--experiment", folder.Root, "--out", "/proc/r.html").AssertFailure("/proc", "cannot be written");
        ToolRun.InProcess("report", "--experiment", folder["none"], "--out", folder["r.html"]).AssertFailure(folder["none"], "no such folder");
        ToolRun.InProcess("report", "--experiment", folder.Root, "--out", folder["r.html"]).AssertFailure("no experiment.json", "--run");
        ToolRun.InProcess("report", "--run", folder.Root, "--out", folder["r.html"]).AssertFailure("no config.json", "--experiment");
        Assert.Empty(Directory.GetFiles(folder.Root));
    }
}
