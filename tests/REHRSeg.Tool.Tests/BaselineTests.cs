using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>Thin cases on disk and the thick ones that <c>simulate</c> makes of them, shared by the baselines' tests.</summary>
public sealed class SimulatedDataset : IDisposable
{
    internal TemporaryFolder Folder { get; } = new();
    internal string Thick => Folder["thick"];
    internal string ThinTruth => Folder["thick", "hr"];

    public SimulatedDataset()
    {
        TinyDataset.Write(Folder["thin"], cases: 4, slices: 24, sliceSpacing: 1);
        ToolRun.InProcess("simulate", "--dataset", Folder["thin"], "--out", Thick, "--factor", "4", "--axis", "y").AssertDone();
    }

    public void Dispose() => Folder.Dispose();
}

/// <summary>The baselines by the command line, from simulated cases to scores.</summary>
public sealed class BaselineTests(SimulatedDataset simulated) : IClassFixture<SimulatedDataset>
{
    static readonly string[] Fold = ["--fold", "0", "--folds", "4", "--preset", "tiny", "--set", "segmentation.mirror=false"];

    static string[] Train(string data, string run, string method) =>
        ["train", "--dataset", data, "--out", run, "--method", method, .. Fold, .. method == "fully-supervised" ? (string[])["--allow-hr-labels"] : []];

    [Theory]
    [InlineData("nnunet")]
    [InlineData("nnunet2d")]
    [InlineData("nnunet-interpolated")]
    [InlineData("fully-supervised")]
    public void Trains_predicts_evaluates_and_exports(string method)
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"];
        string[] train = Train(simulated.Thick, run, method);
        var trained = ToolRun.InProcess(train);
        trained.AssertDone();
        Assert.Contains(method, trained.Output, StringComparison.Ordinal);
        foreach (string file in (string[])["model.zip", "segmentation.onnx", "plan.json", "splits.json", "config.json", "training.jsonl", "stages.json"])
            Assert.True(new FileInfo(Path.Combine(run, file)).Length > 0, file);
        foreach (string file in (string[])["selfsr.onnx", "baseline.onnx", "smore.safetensors"]) Assert.False(File.Exists(Path.Combine(run, file)), file);
        Assert.All(File.ReadLines(Path.Combine(run, "training.jsonl")), line => Assert.Contains("\"stage\":\"nnunet\"", line, StringComparison.Ordinal));
        Assert.Equal(method, (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.json")))!["method"]);

        string held = Path.Combine(run, "splits.json") + ":0", input = method == "fully-supervised" ? simulated.ThinTruth : simulated.Thick;
        ToolRun.InProcess("predict", "--model", run, "--input", input, "--cases", held, "--out", folder["torch"]).AssertDone();
        ToolRun.InProcess("predict", "--model", Path.Combine(run, "segmentation.onnx"), "--input", input, "--cases", held, "--out", folder["onnx"]).AssertDone();
        Assert.Equal(method != "fully-supervised", Directory.Exists(folder["torch", "hr"]));
        foreach (string resolution in Directory.Exists(folder["torch", "hr"]) ? (string[])["lr", "hr"] : ["lr"])
        {
            string file = Path.GetFileName(Directory.GetFiles(folder["torch", resolution]).Single());
            var truth = Path.Combine(resolution == "hr" || method == "fully-supervised" ? simulated.ThinTruth : simulated.Thick, "labelsTr");
            Assert.True(VolumeFile.ReadGeometry(folder["torch", resolution, file]).IsSameGrid(VolumeFile.ReadGeometry(Path.Combine(truth, file))), $"{resolution}/{file}");
            var (byTorch, byOnnx) = (VolumeFile.Read(folder["torch", resolution, file]).Voxels.ToArray(), VolumeFile.Read(folder["onnx", resolution, file]).Voxels.ToArray());
            Assert.InRange(byTorch.Zip(byOnnx).Count(v => v.First != v.Second), 0, byTorch.Length / 1000);
            ToolRun.InProcess("evaluate", "--predictions", folder["torch", resolution], "--reference", truth, "--out", folder[resolution + ".json"]).AssertDone();
            Assert.Contains("DSC", File.ReadAllText(folder[resolution + ".json"]), StringComparison.Ordinal);
        }
        ToolRun.InProcess("export", "--model", run, "--out", folder["again.onnx"]).AssertDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(run, "segmentation.onnx")), File.ReadAllBytes(folder["again.onnx"]));

        byte[] model = File.ReadAllBytes(Path.Combine(run, "segmentation.onnx"));
        ToolRun.InProcess([.. train, "--resume"]).AssertDone();
        Assert.Equal(model, File.ReadAllBytes(Path.Combine(run, "segmentation.onnx")));
        ToolRun.InProcess([.. Train(simulated.Thick, run, method == "nnunet" ? "nnunet2d" : "nnunet"), "--resume"]).AssertUsage("--resume", "method", method);
    }

    [Fact]
    public void Thin_labels_must_be_allowed_and_options_of_self_SR_do_not_go_with_baselines()
    {
        using var folder = new TemporaryFolder();
        ToolRun Run(params string[] options) => ToolRun.InProcess(["train", "--dataset", simulated.Thick, "--out", folder["run"], .. Fold, .. options]);
        Run("--method", "fully-supervised").AssertUsage("never sees such data", "--allow-hr-labels");
        Run("--set", "segmentation.method=FullySupervised").AssertUsage("--allow-hr-labels");
        Run("--allow-hr-labels").AssertUsage("--allow-hr-labels", "rehrseg");
        Run("--allow-hr-labels", "--method", "nnunet2d").AssertUsage("nnunet2d");
        Run("--method", "nnunet", "--only", "selfsr").AssertUsage("--only selfsr", "nnunet");
        Run("--method", "nnunet", "--slice-thickness", "3").AssertUsage("--slice-thickness");
        Run("--method", "nnunet", "--pretrained", "x.pth").AssertUsage("--pretrained");
        Assert.Equal(CommandLine.Usage, Run("--method", "unet").Code);
        ToolRun.InProcess(Train(simulated.Folder["thin"], folder["run"], "nnunet")).AssertFailure("isotropic", "--factor");
        Assert.False(File.Exists(folder["run", "config.json"]));
    }

    /// <summary>The held-out case's thin files hold garbage: a training that touched them would fail.</summary>
    [Fact]
    public void The_fully_supervised_model_reads_thin_files_of_training_cases_alone()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.EnumerateFiles(simulated.Thick, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder["data"], Path.GetRelativePath(simulated.Thick, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        string Image(string id) => folder["data", "hr", "imagesTr", id + "_0000.nii.gz"];
        string Label(string id) => folder["data", "hr", "labelsTr", id + ".nii.gz"];
        string[] ids = ["case_0", "case_1", "case_2", "case_3"];
        string held = CrossValidationFolds.Split(ids, 4)[0].Validation.Single(), kept = ids.First(id => id != held);
        foreach (string file in (string[])[Image(held), Label(held)]) File.WriteAllText(file, "not a volume");
        string[] train = [.. Train(folder["data"], folder["run"], "fully-supervised"), "--set", "segmentation.nnUNetIterations=1"];
        ToolRun.InProcess(train).AssertDone();

        string[] again = [.. Train(folder["data"], folder["run2"], "fully-supervised"), "--set", "segmentation.nnUNetIterations=1"];
        var moved = VolumeFile.Read(Label(kept));
        VolumeFile.WriteLabels(new MLVolume(new VolumeGeometry(moved.Geometry.Size.AsSpan(), moved.Geometry.Spacing.AsSpan(), [0.5, 0, 0]), moved.Memory), Label(kept));
        ToolRun.InProcess(again).AssertFailure(Path.GetFileName(Label(kept)), "refined 4 times along Y", "origin");
        File.Delete(Image(kept));
        File.Delete(Label(kept));
        MedicalDataset.WriteDescription(folder["data", "hr"], "tiny", TinyDataset.Labels, ["MR"], 3);
        ToolRun.InProcess(again).AssertFailure("no case " + kept);
        Directory.Delete(folder["data", "hr"], recursive: true);
        ToolRun.InProcess(again).AssertFailure("hr", "simulate");
        Assert.False(File.Exists(folder["run2", "config.json"]));
    }
}
