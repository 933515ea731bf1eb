using System.Text.Json;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool.Tests;

public sealed class CalibrateTests(TrainedRun trained) : IClassFixture<TrainedRun>
{
    string Onnx => Path.Combine(trained.Run, "segmentation.onnx");

    static CalibrateResult Read(ToolRun run)
    {
        run.AssertDone();
        return JsonSerializer.Deserialize<CalibrateResult>(run.Output, ToolConsole.JsonForm)!;
    }

    static SegmentationModelInfo InfoOf(string file)
    {
        using var scorer = new OnnxVolumeScorer(file);
        return scorer.Info;
    }

    /// <summary>A dataset of the same cases with thin truth beside it: each thick label repeated.</summary>
    string WithThinTruth(TemporaryFolder folder, Func<int, bool> has)
    {
        TinyDataset.Write(folder["data"], cases: 5);
        for (int i = 0; i < 5; i++)
            if (has(i)) VolumeFile.WriteLabels(LabelInterpolation.Nearest(TinyDataset.Case(i).Label, SliceAxis.Z, 4), folder["data", "hr", "labelsTr", $"case_{i}.nii.gz"]);
        return folder["data"];
    }

    [Fact]
    public void A_run_is_calibrated_on_its_held_out_cases_and_keeps_its_labels()
    {
        using var folder = new TemporaryFolder();
        string before = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Onnx)));
        string[] common = ["--dataset", trained.Data, "--no-tta", "--json", "--quiet"];
        var run = ToolRun.InProcess(["calibrate", "--model", trained.Run, "--out", folder["torch.onnx"], "--report", folder["report.json"], .. common]);
        var result = Read(run);
        string held = Assert.Single(JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(Path.Combine(trained.Run, "splits.json")), ToolConsole.JsonForm)![0].Validation);
        Assert.Equal([held], result.Cases);
        Assert.Equal(["LR", "LR"], result.Grids.Select(g => g.Grid));
        Assert.Equal(result.LrTemperature, result.HrTemperature);
        Assert.Null(result.Hr);
        Assert.True(result.Lr!.LossAfter <= result.Lr.LossBefore);
        Assert.Contains("There are no thin labels", run.Error, StringComparison.Ordinal);
        Assert.Contains("With one case", run.Error, StringComparison.Ordinal);
        Assert.Equal(JsonSerializer.Serialize(result, ToolConsole.JsonForm), File.ReadAllText(folder["report.json"]).TrimEnd());
        var info = InfoOf(folder["torch.onnx"]);
        Assert.Equal((result.LrTemperature, result.HrTemperature, 3), (info.LrTemperature, info.HrTemperature, info.FormatVersion));

        var onnx = Read(ToolRun.InProcess(["calibrate", "--model", Onnx, "--out", folder["onnx.onnx"], .. common]));
        Assert.Equal(result.LrTemperature!.Value, onnx.LrTemperature!.Value, 1e-3);
        Assert.Equal(before, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Onnx))));

        string[] predict = ["--input", trained.Data, "--cases", held, "--no-tta", "--probabilities", "--uncertainty"];
        ToolRun.InProcess(["predict", "--model", Onnx, "--out", folder["plain"], .. predict]).AssertDone();
        ToolRun.InProcess(["predict", "--model", folder["onnx.onnx"], "--out", folder["scaled"], .. predict]).AssertDone();
        foreach (string grid in (string[])["lr", "hr"])
        {
            Assert.Equal(File.ReadAllBytes(folder["plain", grid, held + ".nii.gz"]), File.ReadAllBytes(folder["scaled", grid, held + ".nii.gz"]));
            MLVolume p = VolumeFile.Read(folder["plain", grid + "_probabilities", held + ".nii.gz"]), scaled = VolumeFile.Read(folder["scaled", grid + "_probabilities", held + ".nii.gz"]);
            Assert.Equal(TemperatureScaling.Apply(p, onnx.LrTemperature.Value).Voxels, scaled.Voxels);
            Assert.Equal(PredictiveEntropy.Normalised(scaled).Voxels, VolumeFile.Read(folder["scaled", grid + "_uncertainty", held + ".nii.gz"]).Voxels);
        }

        // Calibrated again, it is the network that is looked at, not what the first temperatures made of it.
        var again = Read(ToolRun.InProcess(["calibrate", "--model", folder["onnx.onnx"], "--cases", held, "--out", folder["again.onnx"], .. common]));
        Assert.Equal(onnx.LrTemperature, again.LrTemperature);
        Assert.Equal(File.ReadAllBytes(folder["onnx.onnx"]), File.ReadAllBytes(folder["again.onnx"]));
        ToolRun.InProcess("export", "--model", folder["again.onnx"], "--model-card", folder["card.md"]).AssertDone();
        Assert.Contains("fitted on held-out cases", File.ReadAllText(folder["card.md"]));
    }

    [Fact]
    public void Thin_truth_gives_HR_a_temperature_of_its_own()
    {
        using var folder = new TemporaryFolder();
        string data = WithThinTruth(folder, i => i != 1);
        string[] common = ["--dataset", data, "--model", Onnx, "--no-tta", "--json", "--quiet"];
        var run = ToolRun.InProcess(["calibrate", "--out", folder["both.onnx"], "--cases", "case_0,case_1,case_2,case_3", .. common]);
        var both = Read(run);
        Assert.Contains("3 of the 4 cases have thin labels", run.Error, StringComparison.Ordinal);
        Assert.Matches("was trained on [34] of the 4 cases", run.Error);
        Assert.Equal([("LR", "all"), ("LR", "near"), ("HR", "all"), ("HR", "near")], both.Grids.Select(g => (g.Grid, g.Region)));
        Assert.Equal((4 * 6 * 24 * 24L, 3 * 24 * 24 * 24L), (both.Grids[0].Voxels, both.Grids[2].Voxels));
        Assert.Equal(both.Hr!.Temperature, both.HrTemperature);
        Assert.NotEqual(both.LrTemperature, both.HrTemperature);
        Assert.True(both.Grids[0].After.NegativeLogLikelihood > 0);

        var hr = Read(ToolRun.InProcess(["calibrate", "--out", folder["hr.onnx"], "--cases", "case_0,case_2,case_3", "--resolution", "hr", .. common]));
        Assert.Equal((null, both.HrTemperature), (hr.LrTemperature, hr.HrTemperature));
        Assert.Equal(["HR", "HR"], hr.Grids.Select(g => g.Grid));
        var info = InfoOf(folder["hr.onnx"]);
        Assert.Equal((null, both.HrTemperature), (info.LrTemperature, info.HrTemperature));

        string[] onward = ["--dataset", data, "--model", folder["hr.onnx"], "--no-tta", "--json", "--quiet", "--cases", "case_0,case_1,case_2,case_3", "--resolution", "lr", "--out", folder["lr.onnx"]];
        var lr = Read(ToolRun.InProcess(["calibrate", .. onward]));
        Assert.Equal((both.LrTemperature, both.HrTemperature), (lr.LrTemperature, lr.HrTemperature));
        Assert.Equal(File.ReadAllBytes(folder["both.onnx"]), File.ReadAllBytes(folder["lr.onnx"]));
        ToolRun.InProcess(["calibrate", "--out", folder["x.onnx"], "--cases", "case_1", "--resolution", "hr", .. common]).AssertFailure("hr/labelsTr", "no thin labels");
    }

    [Fact]
    public void Faulty_use_is_explained()
    {
        using var folder = new TemporaryFolder();
        string[] common = ["--dataset", trained.Data, "--out", folder["a.onnx"]];
        ToolRun.InProcess("calibrate", "--dataset", trained.Data, "--model", Onnx, "--out", folder["a.zip"]).AssertUsage(".onnx");
        ToolRun.InProcess("calibrate", "--dataset", trained.Data, "--model", Onnx, "--out", Onnx).AssertUsage("another file");
        ToolRun.InProcess(["calibrate", "--model", folder["none"], "--cases", "case_0", .. common]).AssertFailure("none");
        ToolRun.InProcess(["calibrate", "--model", Onnx, "--cases", "case_9", .. common]).AssertFailure("case_9", "--dataset does not hold");
        ToolRun.InProcess(["calibrate", "--model", Onnx, "--cases", ",", .. common]).AssertFailure("no case is left");
        ToolRun.InProcess(["calibrate", "--model", Path.Combine(trained.Run, "baseline.onnx"), "--resolution", "hr", .. common]).AssertUsage("thin labels");
        File.Copy(Onnx, folder["lonely.onnx"]);
        ToolRun.InProcess(["calibrate", "--model", folder["lonely.onnx"], .. common]).AssertUsage("--cases", "splits.json");
        Assert.False(File.Exists(folder["a.onnx"]));

        // A run folder that lies about its fold, and one without held-out cases.
        Directory.CreateDirectory(folder["run"]);
        foreach (string file in (string[])["segmentation.onnx", "splits.json", "config.json"]) File.Copy(Path.Combine(trained.Run, file), folder["run", file]);
        string config = File.ReadAllText(folder["run", "config.json"]), model = folder["run", "segmentation.onnx"];
        File.WriteAllText(folder["run", "config.json"], config.Replace("\"fold\": 0", "\"fold\": 7", StringComparison.Ordinal));
        ToolRun.InProcess(["calibrate", "--model", model, .. common]).AssertFailure("config.json", "do not say which cases");
        File.WriteAllText(folder["run", "config.json"], config.Replace("\"fold\": 0,", "", StringComparison.Ordinal));
        File.WriteAllText(folder["run", "splits.json"], "[]");
        ToolRun.InProcess(["calibrate", "--model", model, .. common]).AssertUsage("without --fold");
        var warned = ToolRun.InProcess(["calibrate", "--model", model, "--cases", "case_0", "--no-tta", .. common]);
        warned.AssertDone();
        Assert.Contains("was trained on 1 of the 1 cases", warned.Error, StringComparison.Ordinal);
        File.WriteAllText(folder["run", "splits.json"], "{");
        ToolRun.InProcess(["calibrate", "--model", model, .. common]).AssertFailure("splits.json", "do not say which cases");
    }

    [Fact]
    public void A_case_that_cannot_be_read_leaves_nothing_written()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 5);
        var (_, label) = TinyDataset.Case(1);
        VolumeFile.WriteLabels(label.WithVoxels(label.Voxels.ToArray().Select(v => v * 3).ToArray()), folder["data", "labelsTr", "case_1.nii.gz"]);
        ToolRun.InProcess("calibrate", "--model", Onnx, "--dataset", folder["data"], "--cases", "case_0,case_1", "--no-tta", "--out", folder["a.onnx"], "--quiet").AssertFailure("case_1", "label 3", "Nothing is written");
        Assert.False(File.Exists(folder["a.onnx"]));
        VolumeFile.WriteLabels(label, folder["data", "hr", "labelsTr", "case_0.nii.gz"]);
        ToolRun.InProcess("calibrate", "--model", Onnx, "--dataset", folder["data"], "--cases", "case_0", "--no-tta", "--out", folder["a.onnx"], "--quiet").AssertFailure("case_0", "same grid");
    }

    [Fact]
    public void A_dataset_of_other_cases_is_taken_whole()
    {
        using var folder = new TemporaryFolder();
        for (int i = 7; i < 9; i++)
        {
            var (image, label) = TinyDataset.Case(i);
            SimulateVerb.WriteImage(image, folder["data"], $"other_{i}");
            SimulateVerb.WriteLabel(label, folder["data"], $"other_{i}");
        }
        MedicalDataset.WriteDescription(folder["data"], "other", TinyDataset.Labels, ["MR"], 2);
        var result = Read(ToolRun.InProcess("calibrate", "--model", Onnx, "--dataset", folder["data"], "--no-tta", "--out", folder["a.onnx"], "--json", "--quiet"));
        Assert.Equal(["other_7", "other_8"], result.Cases);
        Assert.True(result.Grids[0].After.Ece > 0);
    }

    [Fact]
    public void Training_with_calibrateProbabilities_stores_temperatures()
    {
        using var folder = new TemporaryFolder();
        string[] train = ["train", "--dataset", trained.Data, "--folds", "5", .. TrainedRun.Tiny, "--set", "segmentation.calibrateProbabilities=true", "--out", folder["run"]];
        ToolRun.InProcess(train).AssertUsage("--fold", "calibrateProbabilities");
        ToolRun.InProcess([.. train, "--fold", "0"]).AssertDone();
        var info = InfoOf(folder["run", "segmentation.onnx"]);
        Assert.NotNull(info.LrTemperature);
        Assert.Equal(info.LrTemperature, info.HrTemperature);
        // The same weights as without, so calibrating that run afterwards finds the same temperature.
        var result = Read(ToolRun.InProcess("calibrate", "--model", trained.Run, "--dataset", trained.Data, "--out", folder["a.onnx"], "--json", "--quiet"));
        Assert.Equal(info.LrTemperature!.Value, result.LrTemperature!.Value, 1e-9);
        ToolRun.InProcess("export", "--model", folder["run"], "--out", folder["b.onnx"]).AssertDone();
        Assert.Equal(File.ReadAllBytes(folder["run", "segmentation.onnx"]), File.ReadAllBytes(folder["b.onnx"]));
    }
}
