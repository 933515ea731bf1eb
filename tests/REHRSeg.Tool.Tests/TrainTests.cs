using System.Diagnostics;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class TrainTests(TrainedRun trained) : IClassFixture<TrainedRun>
{
    [Fact]
    public void A_run_leaves_every_file_of_the_contract()
    {
        trained.Result.AssertDone();
        foreach (string file in (string[])["model.zip", "segmentation.onnx", "baseline.onnx", "selfsr.onnx", "plan.json", "splits.json", "config.json", "training.jsonl", "stages.json"])
            Assert.True(new FileInfo(Path.Combine(trained.Run, file)).Length > 0, file);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(trained.Run, "checkpoints"), "*.safetensors", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.GetFiles(trained.Run, "*tfevents*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(trained.Run, "*.tmp", SearchOption.AllDirectories));
        var folds = JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(Path.Combine(trained.Run, "splits.json")), ToolConsole.JsonForm)!;
        Assert.Equal(5, folds.Count);
        Assert.Empty(folds[0].Train.Intersect(folds[0].Validation));
    }

    [Fact]
    public void A_fold_is_measured_while_training()
    {
        string[] lines = [.. File.ReadLines(Path.Combine(trained.Run, "training.jsonl")).Where(l => l.Contains("val_dice_ball", StringComparison.Ordinal))];
        Assert.Equal([("nnunet", 8), ("nnunet", 16), ("rehrseg", 8), ("rehrseg", 10)], lines.Select(l => JsonDocument.Parse(l).RootElement).Select(l => (l.GetProperty("stage").GetString()!, l.GetProperty("iteration").GetInt32())));
        Assert.All(lines, l => Assert.Contains("\"val_dice_ema\":", l, StringComparison.Ordinal));
        foreach (string stage in (string[])["nnunet", "rehrseg"]) Assert.True(File.Exists(Path.Combine(trained.Run, "checkpoints", $"{stage}.best.safetensors")), stage);
    }

    [Fact]
    public void What_needs_held_out_cases_is_refused_without_them()
    {
        using var folder = new TemporaryFolder();
        string[] train = ["train", "--dataset", trained.Data, "--out", folder["run"], .. TrainedRun.Tiny];
        ToolRun.InProcess([.. train, "--set", "segmentation.keepBest=true"]).AssertUsage("--fold", "keepBest");
        ToolRun.InProcess([.. train, "--set", "segmentation.patience=2"]).AssertUsage("--fold", "patience");
        ToolRun.InProcess([.. train, "--set", "segmentation.choosePostProcessing=true"]).AssertUsage("--fold", "choosePostProcessing");
        ToolRun.InProcess([.. train, "--fold", "0", "--set", "segmentation.keepBest=true", "--set", "segmentation.validationInterval=0"]).AssertUsage("KeepBest", "ValidationInterval");
        ToolRun.InProcess([.. train, "--fold", "0", "--folds", "9"]).AssertFailure("5 case(s) cannot be split into 9 folds");
        Assert.False(File.Exists(folder["run", "config.json"]));
    }

    [Fact]
    public void Torch_and_onnx_predict_the_same_probabilities()
    {
        using var folder = new TemporaryFolder();
        string[] common = ["--input", trained.Data, "--cases", Path.Combine(trained.Run, "splits.json") + ":0", "--probabilities", "--no-tta"];
        ToolRun.InProcess(["predict", "--model", trained.Run, "--out", folder["torch"], .. common]).AssertDone();
        ToolRun.InProcess(["predict", "--model", Path.Combine(trained.Run, "segmentation.onnx"), "--out", folder["onnx"], .. common]).AssertDone();
        foreach (string kind in (string[])["lr_probabilities", "hr_probabilities"])
        {
            string file = Directory.GetFiles(folder["torch", kind]).Single();
            var (a, b) = (VolumeFile.Read(file), VolumeFile.Read(folder["onnx", kind, Path.GetFileName(file)]));
            Assert.Equal(2, a.Channels);
            float worst = 0;
            for (int i = 0; i < a.Voxels.Length; i++) worst = Math.Max(worst, Math.Abs(a.Voxels[i] - b.Voxels[i]));
            Assert.True(worst < 1e-4, $"{kind} differ by {worst}");
        }
        var image = VolumeFile.ReadGeometry(Path.Combine(trained.Data, "imagesTr", Path.GetFileName(Directory.GetFiles(folder["torch", "lr"]).Single()).Replace(".nii.gz", "_0000.nii.gz", StringComparison.Ordinal)));
        Assert.True(VolumeFile.ReadGeometry(Directory.GetFiles(folder["torch", "lr"]).Single()).IsSameGrid(image));
        Assert.True(VolumeFile.ReadGeometry(Directory.GetFiles(folder["torch", "hr"]).Single()).IsSameGrid(image.Refine(4, SliceAxis.Z)));
    }

    [Fact]
    public void Several_models_are_averaged_with_uncertainty()
    {
        using var folder = new TemporaryFolder();
        string[] common = ["--input", trained.Data, "--cases", "case_2", "--no-tta", "--probabilities", "--uncertainty", "--no-postprocessing"];
        string onnx = Path.Combine(trained.Run, "segmentation.onnx"), baseline = Path.Combine(trained.Run, "baseline.onnx");
        ToolRun.InProcess(["predict", "--model", trained.Run, "--model", onnx, "--out", folder["both"], .. common]).AssertDone();
        ToolRun.InProcess(["predict", "--model", onnx, "--out", folder["one"], .. common]).AssertDone();
        foreach (string kind in (string[])["lr_probabilities", "hr_probabilities", "lr_uncertainty", "hr_uncertainty"])
        {
            var (a, b) = (VolumeFile.Read(folder["both", kind, "case_2.nii.gz"]), VolumeFile.Read(folder["one", kind, "case_2.nii.gz"]));
            for (int i = 0; i < a.Voxels.Length; i++) Assert.Equal(b.Voxels[i], a.Voxels[i], 1e-4f);
        }
        var (p, u) = (VolumeFile.Read(folder["one", "hr_probabilities", "case_2.nii.gz"]), VolumeFile.Read(folder["one", "hr_uncertainty", "case_2.nii.gz"]));
        for (int i = 0; i < u.Voxels.Length; i++)
            Assert.Equal(-Enumerable.Range(0, 2).Sum(k => p.Channel(k)[i] > 0 ? p.Channel(k)[i] * Math.Log2(p.Channel(k)[i]) : 0), u.Voxels[i], 1e-4);

        var mixed = ToolRun.InProcess(["predict", "--model", onnx, baseline, "--out", folder["mixed"], .. common]);
        mixed.AssertDone();
        Assert.Contains("baseline.onnx has no trained HR head", mixed.Error, StringComparison.Ordinal);
        ToolRun.InProcess(["predict", "--model", onnx, folder["no.onnx"], "--out", folder["none"], .. common]).AssertFailure("no.onnx");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("full")]
    public void Superresolve_by_run_and_by_onnx_agree(string ensemble)
    {
        using var folder = new TemporaryFolder();
        ToolRun.InProcess("superresolve", "--model", trained.Run, "--input", trained.Data, "--cases", "case_0", "--out", folder["torch"], "--ensemble", ensemble).AssertDone();
        ToolRun.InProcess("superresolve", "--model", Path.Combine(trained.Run, "selfsr.onnx"), "--input", trained.Data, "--cases", "case_0", "--out", folder["onnx"], "--ensemble", ensemble, "--tile", "128").AssertDone();
        foreach (string file in (string[])["images/case_0_0000.nii.gz", "uncertainty/case_0.nii.gz"])
        {
            var (a, b) = (VolumeFile.Read(folder["torch", file]), VolumeFile.Read(folder["onnx", file]));
            Assert.Equal(24, a.Depth);
            float range = a.Voxels.ToArray().Max() - a.Voxels.ToArray().Min();
            for (int i = 0; i < a.Voxels.Length; i++) Assert.True(Math.Abs(a.Voxels[i] - b.Voxels[i]) < 1e-3f * range, $"{file} differs at {i}: {a.Voxels[i]} and {b.Voxels[i]}");
        }
        Assert.True(File.Exists(folder["torch", "labels", "case_0.nii.gz"]));
    }

    [Fact]
    public void Superresolve_without_labels_writes_images_and_says_so()
    {
        using var folder = new TemporaryFolder();
        var run = ToolRun.InProcess("superresolve", "--model", Path.Combine(trained.Run, "selfsr.onnx"), "--input", Path.Combine(trained.Data, "imagesTr"), "--cases", "case_0", "--out", folder["out"]);
        run.AssertDone();
        Assert.Contains("no label map", run.Error, StringComparison.Ordinal);
        Assert.Equal(24, VolumeFile.Read(folder["out", "images", "case_0_0000.nii.gz"]).Depth);
        Assert.True(File.Exists(folder["out", "uncertainty", "case_0.nii.gz"]));
        Assert.False(Directory.Exists(folder["out", "labels"]));
    }

    [Fact]
    public void The_baseline_repeats_its_thick_labels()
    {
        using var folder = new TemporaryFolder();
        var run = ToolRun.InProcess("predict", "--model", Path.Combine(trained.Run, "baseline.onnx"), "--input", trained.Data, "--cases", "case_1", "--out", folder["out"]);
        run.AssertDone();
        Assert.Contains("no trained HR head", run.Error, StringComparison.Ordinal);
        var (lr, hr) = (VolumeFile.Read(folder["out", "lr", "case_1.nii.gz"]), VolumeFile.Read(folder["out", "hr", "case_1.nii.gz"]));
        for (int z = 0; z < hr.Depth; z++) Assert.Equal(lr[z / 4, 12, 12], hr[z, 12, 12]);
    }

    [Theory]
    [InlineData("--fold", "1")]
    [InlineData("--folds", "4")]
    [InlineData("--factor", "2")]
    public void A_run_is_not_resumed_with_other_cases_or_another_grid(string option, string value)
    {
        string before = File.ReadAllText(Path.Combine(trained.Run, "config.json"));
        var options = new Dictionary<string, string> { ["--fold"] = "0", ["--folds"] = "5", [option] = value };
        ToolRun.InProcess(["train", "--dataset", trained.Data, "--out", trained.Run, "--resume", .. TrainedRun.Tiny, .. options.SelectMany(o => new[] { o.Key, o.Value })])
            .AssertUsage("--resume", option[2..], value);
        Assert.Equal(before, File.ReadAllText(Path.Combine(trained.Run, "config.json")));
    }

    [Fact]
    public void Self_SR_trains_alone_and_a_resumed_run_goes_on_to_the_segmenter()
    {
        using var folder = new TemporaryFolder();
        string[] train = ["train", "--dataset", trained.Data, "--out", folder["run"], "--fold", "0", "--folds", "5", .. TrainedRun.Tiny];
        ToolRun.InProcess([.. train, "--only", "selfsr"]).AssertDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(trained.Run, "selfsr.onnx")), File.ReadAllBytes(folder["run", "selfsr.onnx"]));
        Assert.False(File.Exists(folder["run", "segmentation.onnx"]));
        StageCost Cost(string stage) => JsonSerializer.Deserialize<List<StageCost>>(File.ReadAllText(folder["run", "stages.json"]), ToolConsole.JsonForm)!.Single(s => s.Name == stage);
        var alone = Cost("self-sr 1a");
        ToolRun.InProcess("superresolve", "--model", folder["run"], "--input", trained.Data, "--cases", "case_0", "--out", folder["out"]).AssertDone();
        Assert.Equal(24, VolumeFile.ReadGeometry(folder["out", "images", "case_0_0000.nii.gz"]).Depth);
        ToolRun.InProcess("predict", "--model", folder["run"], "--input", trained.Data, "--cases", "case_0", "--out", folder["out"]).AssertFailure("--resume", "--only");
        ToolRun.InProcess("export", "--model", folder["run"], "--out", folder["a.onnx"], "--selfsr").AssertDone();

        DateTime stage1 = File.GetLastWriteTimeUtc(folder["run", "checkpoints", "self-sr-1b.safetensors"]);
        ToolRun.InProcess([.. train, "--resume"]).AssertDone();
        Assert.Equal(stage1, File.GetLastWriteTimeUtc(folder["run", "checkpoints", "self-sr-1b.safetensors"]));
        Assert.True(Cost("self-sr 1a").Seconds > 0.5 * alone.Seconds, $"{Cost("self-sr 1a")} after {alone}");
        foreach (string file in (string[])["selfsr.onnx", "segmentation.onnx"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(trained.Run, file)), File.ReadAllBytes(folder["run", file]));
        ToolRun.InProcess([.. train, "--resume", "--only", "selfsr"]).AssertUsage("--only selfsr", "segmenter");
        ToolRun.InProcess("predict", "--model", folder["run"], "--input", trained.Data, "--cases", "case_0", "--out", folder["out"]).AssertDone();
    }

    [Fact]
    public void Export_writes_the_runs_onnx_again()
    {
        using var folder = new TemporaryFolder();
        ToolRun.InProcess("export", "--model", trained.Run, "--out", folder["again.onnx"]).AssertDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(trained.Run, "segmentation.onnx")), File.ReadAllBytes(folder["again.onnx"]));
    }

    [Theory]
    [InlineData("fp16")]
    [InlineData("int8")]
    [InlineData("int8-dynamic")]
    public void Exported_variants_are_smaller_and_predict(string precision)
    {
        using var folder = new TemporaryFolder();
        ToolRun.InProcess("export", "--model", trained.Run, "--out", folder["a.onnx"], "--precision", precision).AssertDone();
        Assert.InRange(new FileInfo(folder["a.onnx"]).Length, 1, 0.75 * new FileInfo(Path.Combine(trained.Run, "segmentation.onnx")).Length);
        ToolRun.InProcess("predict", "--model", folder["a.onnx"], "--input", trained.Data, "--cases", "case_0", "--no-tta", "--out", folder["out"]).AssertDone();
        Assert.Equal(24, VolumeFile.ReadGeometry(folder["out", "hr", "case_0.nii.gz"]).Depth);
        var wrong = ToolRun.InProcess("export", "--model", trained.Run, "--out", folder["a.onnx"], "--precision", "fp64");
        Assert.Equal(CommandLine.Usage, wrong.Code);
        Assert.Contains("fp64", wrong.Error);
    }

    [Fact]
    public void Predict_from_onnx_runs_where_no_torch_assembly_exists()
    {
        using var folder = new TemporaryFolder();
        string tool = folder["tool"];
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(AppContext.BaseDirectory, file);
            if (name.Contains("torch", StringComparison.OrdinalIgnoreCase) || name.Contains("c10", StringComparison.Ordinal) || name.Contains("gomp", StringComparison.Ordinal)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(tool, name))!);
            File.Copy(file, Path.Combine(tool, name));
        }
        string[] predict = ["predict", "--input", trained.Data, "--cases", "case_0", "--no-tta", "--model"];
        var run = ToolRun.Finish(ToolRun.Start(tool, [.. predict, Path.Combine(trained.Run, "segmentation.onnx"), "--out", folder["out"]]));
        run.AssertDone();
        Assert.True(File.Exists(folder["out", "hr", "case_0.nii.gz"]));
        var withTorch = ToolRun.Finish(ToolRun.Start(tool, [.. predict, trained.Run, "--out", folder["out2"]]));
        Assert.NotEqual(0, withTorch.Code);
    }

    [Fact]
    public async Task Interrupted_training_stops_at_once_and_resumes()
    {
        using var folder = new TemporaryFolder();
        string[] train = ["train", "--dataset", trained.Data, "--out", folder["run"], .. TrainedRun.Tiny, "--set", "segmentation.nnUNetIterations=400"];
        using var process = ToolRun.Start(AppContext.BaseDirectory, train);
        var errors = process.StandardError.ReadToEndAsync();
        string? line;
        while ((line = process.StandardOutput.ReadLine()) is not null && !line.StartsWith("nnunet", StringComparison.Ordinal)) { }
        Assert.True(line is not null, "the nnU-Net phase was never reached: " + (process.HasExited ? await errors : ""));
        Process.Start("kill", ["-INT", process.Id.ToString()]).WaitForExit();
        process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(10_000), "the tool did not stop");
        Assert.Equal(CommandLine.Failed, process.ExitCode);
        Assert.Contains("--resume", await errors, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["run", "model.zip"]));
        Assert.Empty(Directory.GetFiles(folder["run"], "*.tmp", SearchOption.AllDirectories));
        var resumed = ToolRun.InProcess([.. train, "--resume"]);
        resumed.AssertDone();
        Assert.True(File.Exists(folder["run", "model.zip"]));
    }
}
