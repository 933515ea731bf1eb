using System.Text.Json.Nodes;

namespace REHRSeg.Tool.Tests;

/// <summary>The segmenter's plan by the command line: shown by check, within a memory budget, imported from nnU-Net.</summary>
public sealed class PlanningTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static string Oracle(string name) => Path.Combine(AppContext.BaseDirectory, "oracles", "nnunet", name);

    [Fact]
    public void Check_shows_the_network_that_training_would_make()
    {
        string data = TinyDataset.Write(_folder["data"]);
        var shown = ToolRun.InProcess("check", "--dataset", data, "--preset", "tiny");
        shown.AssertDone();
        foreach (string part in (string[])["segmenter: patch", "6x24x24 voxels, 24 x 24 x 24 mm; batch 2", "stages of 4, 8", "GB beside the cases", "z-score"]) Assert.Contains(part, shown.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(ToolRun.InProcess("check", "--dataset", data, "--preset", "tiny", "--json", "--memory", "2").Output)!["network"]!;
        Assert.Equal("[6,24,24]", json["patch"]!.ToJsonString());
        Assert.Contains("memory budget of 2 GB", (string?)json["budget"]!["reason"]);
        Assert.InRange((double)json["fingerprint"]!["foregroundIntensityPropertiesPerChannel"]![0]!["mean"]!, 250, 270);

        var imported = ToolRun.InProcess("check", "--dataset", data, "--nnunet-plans", Oracle("plans_2_3.json"));
        imported.AssertDone();
        Assert.Contains("32x224x224", imported.Output, StringComparison.Ordinal);
        Assert.Contains("plan from", imported.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_plans_and_budgets_are_named_before_anything_is_written()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 2);
        string[] train = ["train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny"];
        ToolRun Train(params string[] more) => ToolRun.InProcess([.. train, .. more]);
        Assert.Contains("--memory must be at least 1", Train("--memory", "0.2").Error, StringComparison.Ordinal);
        Train("--memory", "2", "--set", "segmentation.featuremapbudget=1e6").AssertUsage("two budgets");
        Train("--nnunet-configuration", "3d_fullres").AssertUsage("--nnunet-plans");
        Train("--nnunet-plans", Oracle("plans_2_5.json"), "--nnunet-configuration", "resenc").AssertFailure("ResidualEncoderUNet", "plans_2_5.json");
        Train("--nnunet-checkpoint", Oracle("plain.pth"), "--nnunet-plans", Oracle("plans_2_5.json")).AssertFailure("another plan", "encoder.stages.0.0.convs.0.conv.weight");
        Train("--nnunet-checkpoint", Oracle("swapped.pth")).AssertFailure("slice axis", "--axis x");
        Train("--nnunet-checkpoint", _folder["none.pth"]).AssertFailure("none.pth");
        Assert.False(File.Exists(_folder["run", "config.json"]));
        Assert.False(File.Exists(_folder["run", "selfsr.onnx"]));
    }

    [Fact]
    public void A_checkpoint_of_nnUNet_starts_a_training_and_binds_its_resumption()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 2), checkpoint = _folder["checkpoint_final.pth"];
        File.Copy(Oracle("plain.pth"), checkpoint);
        string[] train = ["train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny", "--set", "segmentation.nnunetiterations=0", "--set", "segmentation.finetuneiterations=2"];
        var run = ToolRun.InProcess([.. train, "--nnunet-checkpoint", checkpoint, "--memory", "1.5"]);
        run.AssertDone();
        Assert.Contains("checkpoint_final.pth", run.Output, StringComparison.Ordinal);
        var config = JsonNode.Parse(File.ReadAllText(_folder["run", "config.json"]))!;
        Assert.Equal((32, checkpoint, 1.5), (((string?)config["nnunetCheckpoint"])!.Length, (string?)config["nnunetCheckpointFile"], (double)config["memory"]!));
        Assert.Equal("[6, 24, 24]", JsonNode.Parse(File.ReadAllText(_folder["run", "plan.json"]))!["patch"]!.ToJsonString().Replace(",", ", "));

        ToolRun.InProcess([.. train, "--resume", "--memory", "1.5"]).AssertUsage("nnunetCheckpoint", "none");
        ToolRun.InProcess([.. train, "--resume", "--nnunet-checkpoint", checkpoint]).AssertUsage("memory", "1.5");
        File.Move(checkpoint, _folder["moved.pth"]);
        ToolRun.InProcess([.. train, "--resume", "--nnunet-checkpoint", _folder["moved.pth"], "--memory", "1.5"]).AssertDone();
    }
}
