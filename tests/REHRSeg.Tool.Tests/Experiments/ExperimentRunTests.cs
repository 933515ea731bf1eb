using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>An experiment's units: what they train, share, score, and how they go on.</summary>
public sealed class ExperimentRunTests(SimulatedCases cases) : IClassFixture<SimulatedCases>
{
    [Fact]
    public void Units_share_their_stages_and_equal_what_train_makes()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"];
        cases.Experiment(to, "--fold", "1").AssertDone();
        var stages = Directory.GetDirectories(new ExperimentFolder(to).Stages).Select(Path.GetFileName).GroupBy(s => s!.Split('-')[0]).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(new Dictionary<string, int> { ["selfsr"] = 1, ["pseudo"] = 1, ["thin"] = 1, ["nnunet"] = 1 }.OrderBy(s => s.Key), stages.OrderBy(s => s.Key));

        string held = CrossValidationFolds.Split(Enumerable.Range(0, 5).Select(i => $"case_{i}"), 5)[1].Validation.Single();
        string[] settings = ["selfsr.iterations=4", "selfsr.uncertaintyIterations=2", "segmentation.nnUNetIterations=6", "segmentation.fineTuneIterations=4", "segmentation.mirror=false"];
        ToolRun.InProcess(["train", "--dataset", cases.Thick, "--out", folder["run"], "--preset", "tiny", "--fold", "1", "--folds", "5", .. settings.SelectMany(s => new[] { "--set", s })]).AssertDone();
        foreach (var (cell, model) in new[] { ("full", folder["run"]), ("plain", folder["run", "baseline.onnx"]) })
        {
            ToolRun.InProcess("predict", "--model", model, "--input", cases.Thick, "--cases", held, "--out", folder[cell]).AssertDone();
            var unit = new ExperimentFolder(to).Unit(cell, 1);
            foreach (var (grid, made) in new[] { ("lr", unit.Lr), ("hr", unit.Hr) })
                Assert.Equal(VolumeFile.Read(folder[cell, grid, held + ".nii.gz"]).Voxels.ToArray(), VolumeFile.Read(Path.Combine(made, held + ".nii.gz")).Voxels.ToArray());
        }

        var truth = VolumeFile.Read(Path.Combine(cases.Thick, "hr", "labelsTr", held + ".nii.gz"));
        var scored = SimulatedCases.Unit(to, "pseudo", 1).Cases.Single();
        Assert.Equal(held, scored.Id);
        double Score(string measure) => scored.Scores.Single(s => s is { Grid: "HR", Class: "ball" } && s.Measure == measure).Value;
        var hr = VolumeFile.Read(Path.Combine(new ExperimentFolder(to).Unit("pseudo", 1).Hr, held + ".nii.gz"));
        Assert.Equal(Metrics.Dice(hr, truth, 1), Score("DSC"), 12);
        Assert.Equal(hr.Voxels.ToArray().Count(v => v == 1), Score("volume"), 1e-3);
        Assert.Equal(truth.Voxels.ToArray().Count(v => v == 1), Score("reference volume"), 1e-3);

        var config = JsonDocument.Parse(File.ReadAllText(new ExperimentFolder(to).Unit("pseudo", 1).Config)).RootElement;
        Assert.False(config.GetProperty("segmentation").GetProperty("UseUncertainty").GetBoolean());
        Assert.Equal(4, config.GetProperty("segmentation").GetProperty("FineTuneIterations").GetInt32());
        Assert.Equal(1, config.GetProperty("seed").GetInt32());
        Assert.Contains("rehrseg", File.ReadAllText(new ExperimentFolder(to).Unit("pseudo", 1).Log), StringComparison.Ordinal);
        var rows = ResultCsv.Read(new ExperimentFolder(to).Results);
        Assert.Equal(["plain", "pseudo", "full"], rows.Select(r => r.Cell));
        Assert.Equal(Score("DSC"), rows[1].Values["HR DSC"], 12);
        Assert.Contains("nnU-Net", File.ReadAllText(new ExperimentFolder(to).Markdown), StringComparison.Ordinal);
        Assert.Contains("tabular", File.ReadAllText(new ExperimentFolder(to).Latex), StringComparison.Ordinal);
    }

    [Fact]
    public void Finished_units_are_skipped_and_changed_ones_made_again()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"];
        cases.Experiment(to, "--fold", "0", "--only", "plain").AssertDone();
        cases.Experiment(to, "--fold", "0").AssertFailure("--resume", to);
        var before = SimulatedCases.Files(Path.Combine(to, "cells"));
        var stage = SimulatedCases.Files(Path.Combine(to, "stages"));
        cases.Experiment(to, "--fold", "0", "--fold", "2", "--only", "plain", "--resume").AssertDone();
        Assert.All(before, f => Assert.Equal(f.Value, SimulatedCases.Files(Path.Combine(to, "cells"))[f.Key]));
        Assert.All(stage, f => Assert.Equal(f.Value, SimulatedCases.Files(Path.Combine(to, "stages"))[f.Key]));
        Assert.Equal([0, 2], ExperimentResults.Read(to).Units.Select(u => u.Fold));
        Assert.Equal([0, 2], ExperimentResults.ReadDescription(to).FoldsRun);

        cases.Experiment(to, "--fold", "0", "--fold", "2", "--only", "plain", "--resume", "--set", "segmentation.nnUNetIterations=8").AssertDone();
        Assert.NotEqual(before[new ExperimentFolder(to).Unit("plain", 0).Result], SimulatedCases.Files(Path.Combine(to, "cells"))[new ExperimentFolder(to).Unit("plain", 0).Result]);
        Assert.Equal(4, Directory.GetDirectories(Path.Combine(to, "stages"), "nnunet-*").Length);

        File.WriteAllText(new ExperimentFolder(to).Unit("plain", 2).Result, "{ half");
        cases.Experiment(to, "--fold", "2", "--only", "plain", "--resume", "--set", "segmentation.nnUNetIterations=8").AssertDone();
        Assert.Equal(2, ExperimentResults.Read(to).Units.Count);
    }

    [Fact]
    public void A_killed_experiment_goes_on_to_the_same_results()
    {
        using var folder = new TemporaryFolder();
        string[] Command(string to) => ["experiment", "--grid", cases.Grid, "--dataset", cases.Thick, "--out", to, "--fold", "3", "--only", "full", "--set", "segmentation.fineTuneIterations=60", "--set", "segmentation.checkpointInterval=2"];
        ToolRun.InProcess(Command(folder["whole"])).AssertDone();
        string to = folder["killed"];
        using (var process = ToolRun.Start(AppContext.BaseDirectory, Command(to)))
        {
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            string checkpoint = Path.Combine(new ExperimentFolder(to).Unit("full", 3).Path, "checkpoints", "rehrseg.safetensors");
            for (int i = 0; i < 1200 && !File.Exists(checkpoint) && !process.HasExited; i++) Thread.Sleep(50);
            Assert.False(process.HasExited, "it ended before it could be killed");
            process.Kill();
            process.WaitForExit();
        }
        Assert.False(File.Exists(new ExperimentFolder(to).Unit("full", 3).Result));
        var stages = SimulatedCases.Files(new ExperimentFolder(to).Stages);
        ToolRun.InProcess([.. Command(to), "--resume"]).AssertDone();
        Assert.All(stages.Where(s => !s.Key.EndsWith(".lock", StringComparison.Ordinal)), s => Assert.Equal(s.Value, SimulatedCases.Files(new ExperimentFolder(to).Stages)[s.Key]));
        Assert.Equal(File.ReadAllText(new ExperimentFolder(folder["whole"]).Results), File.ReadAllText(new ExperimentFolder(to).Results));
    }

    /// <summary>Baselines are trained by <c>train</c>, in the unit's own folder.</summary>
    [Fact]
    public void A_baseline_goes_on_after_a_kill_and_is_made_again_with_other_options()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"], grid = folder["grid.json"];
        File.WriteAllText(grid, """{ "name": "one", "title": "One", "preset": "tiny", "reference": "star", "cells": [ { "name": "star", "title": "nnU-Net*", "method": "nnunet-interpolated", "set": { "segmentation.nnUNetIterations": 6, "segmentation.mirror": false } } ] }""");
        ToolRun Run(params string[] more) => ToolRun.InProcess(["experiment", "--grid", grid, "--dataset", cases.Thick, "--out", to, "--fold", "0", .. more]);
        Run().AssertDone();
        var unit = new ExperimentFolder(to).Unit("star", 0);
        string whole = File.ReadAllText(new ExperimentFolder(to).Results);
        foreach (string name in (string[])["result.json", "model.zip", "segmentation.onnx"]) File.Delete(Path.Combine(unit.Path, name));
        Run("--resume").AssertDone();
        Assert.Equal(whole, File.ReadAllText(new ExperimentFolder(to).Results));
        Run("--resume", "--set", "segmentation.nnUNetIterations=9").AssertDone();
        Assert.Equal(9, JsonDocument.Parse(File.ReadAllText(Path.Combine(unit.Path, "config.json"))).RootElement.GetProperty("segmentation").GetProperty("NnUNetIterations").GetInt32());
        Assert.Contains("\"iteration\":9,", File.ReadAllText(Path.Combine(unit.Path, "training.jsonl")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(unit.Path + ".old"));
    }

    [Fact]
    public void Results_of_other_options_are_not_shown_beside_new_ones()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"];
        cases.Experiment(to, "--fold", "0", "--fold", "1", "--only", "plain").AssertDone();
        Assert.Equal(2, ExperimentResults.Read(to).Units.Count);
        cases.Experiment(to, "--fold", "0", "--only", "plain", "--resume", "--set", "segmentation.nnUNetIterations=8").AssertDone();
        Assert.Equal([0], ExperimentResults.Read(to).Units.Select(u => u.Fold));
        Assert.Contains(ReportData.FromExperiment(to).Notes, n => n.Contains("other options", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stage_that_another_process_makes_is_waited_for()
    {
        using var folder = new TemporaryFolder();
        cases.Experiment(folder["first"], "--fold", "0", "--only", "plain", "--stages", folder["stages"]).AssertDone();
        string stage = Directory.GetDirectories(folder["stages"]).Single();
        File.Delete(Path.Combine(stage, "stage.json"));
        Task<ToolRun> second;
        using (OutputFolder.Lock(folder["stages"], name: $".{Path.GetFileName(stage)}.lock"))
        {
            second = Task.Run(() => cases.Experiment(folder["second"], "--fold", "0", "--only", "plain", "--stages", folder["stages"]));
            await Task.Delay(2000);
            Assert.False(second.IsCompleted);
        }
        (await second).AssertDone();
        Assert.Equal(File.ReadAllText(new ExperimentFolder(folder["first"]).Results), File.ReadAllText(new ExperimentFolder(folder["second"]).Results));
    }

    [Fact]
    public void Options_of_fine_tuning_do_not_change_the_shared_nnU_Net_phase()
    {
        var known = typeof(RehrSegOptions).GetProperties().Select(p => p.Name).ToHashSet();
        Assert.Subset(known, SharedStages.FineTuning.ToHashSet());
        using var folder = new TemporaryFolder();
        string[] values = ["fineTuneIterations=1", "fineTuneLearningRate=0.1", "hrHeadLearningRate=0.5", "fineTuneClipNorm=3", "useUncertainty=false", "useDistillation=false", "lrLossWeight=3", "lrDiceWeight=2", "hrLossWeight=0", "distillationWeight=4",
            "correlationWeight=2", "calibrateProbabilities=true", "cosineWeight=2", "distillation=Ifvd", "teacherLayer=Layer3", "interpolatedLabels=SignedDistance", "realFraction=0.5", "usePseudoData=false"];
        Assert.Equal(SharedStages.FineTuning.Order(StringComparer.OrdinalIgnoreCase), values.Select(v => v.Split('=')[0]).Order(StringComparer.OrdinalIgnoreCase), StringComparer.OrdinalIgnoreCase);
        byte[] Weights(string run, params string[] more)
        {
            ToolRun.InProcess(["train", "--dataset", cases.Thick, "--out", folder[run], "--preset", "tiny", "--fold", "0", "--folds", "5", "--set", "selfsr.iterations=1", "--set", "selfsr.uncertaintyIterations=0", "--set", "segmentation.nnUNetIterations=5",
                "--set", "segmentation.fineTuneIterations=1", "--set", "segmentation.validationInterval=0", .. more]).AssertDone();
            return Tensors(File.ReadAllBytes(folder[run, "checkpoints", "nnunet.safetensors"]));
        }
        Assert.Equal(Weights("a"), Weights("b", [.. values.Where(v => v != "usePseudoData=false").SelectMany(v => new[] { "--set", "segmentation." + v })]));

        // Behind the header, which has the time that the training took.
        static byte[] Tensors(byte[] file) => file[(8 + (int)BitConverter.ToInt64(file))..];
    }
}
