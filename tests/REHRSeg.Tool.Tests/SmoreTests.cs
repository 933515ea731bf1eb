using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class SmoreTests
{
    [Fact]
    public void A_run_with_smore_seeds_leaves_a_model_that_superresolves_alone()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 3);
        string[] short_ = ["--set", "selfsr.iterations=2", "--set", "selfsr.uncertaintyIterations=1", "--set", "segmentation.nnUNetIterations=2", "--set", "segmentation.fineTuneIterations=2"];
        var train = ToolRun.InProcess(["train", "--dataset", folder["data"], "--out", folder["run"], "--preset", "tiny", "--set", "selfsr.seeds=Smore", "--set", "smore.iterations=6", .. short_]);
        train.AssertDone();
        Assert.Contains("SMORE 6", train.Output, StringComparison.Ordinal);
        var config = JsonNode.Parse(File.ReadAllText(folder["run", "config.json"]))!;
        Assert.Equal(("Smore", 6), ((string?)config["selfSr"]!["Seeds"], (int)config["smore"]!["Iterations"]!));
        Assert.Contains(File.ReadLines(folder["run", "training.jsonl"]), l => l.Contains("\"stage\":\"smore\",\"iteration\":6", StringComparison.Ordinal));

        Assert.DoesNotContain(File.ReadLines(folder["run", "training.jsonl"]), l => l.Contains("val_dice", StringComparison.Ordinal)); // no fold, nothing held out

        string model = folder["run", "smore.safetensors"];
        foreach (string[] tta in (string[][])[[], ["--tta"]])
            ToolRun.InProcess(["superresolve", "--model", model, "--input", folder["data"], "--out", folder["thin" + tta.Length], .. tta]).AssertDone();
        var thick = VolumeFile.ReadGeometry(folder["data", "imagesTr", "case_1_0000.nii.gz"]);
        Assert.True(VolumeFile.ReadGeometry(folder["thin0", "images", "case_1_0000.nii.gz"]).IsSameGrid(thick.Refine(4, SliceAxis.Z)));
        Assert.True(File.Exists(folder["thin0", "labels", "case_1.nii.gz"]));
        Assert.False(Directory.Exists(folder["thin0", "uncertainty"]));
        Assert.NotEqual(File.ReadAllBytes(folder["thin0", "images", "case_1_0000.nii.gz"]), File.ReadAllBytes(folder["thin1", "images", "case_1_0000.nii.gz"]));

        ToolRun.InProcess("superresolve", "--model", model, "--input", folder["data"], "--out", folder["x"], "--factor", "4").AssertUsage("--factor");
        string damaged = folder["damaged.safetensors"];
        File.WriteAllBytes(damaged, File.ReadAllBytes(model)[..5000]);
        ToolRun.InProcess("superresolve", "--model", damaged, "--input", folder["data"], "--out", folder["x"]).AssertFailure(damaged, "damaged");
        ToolRun.InProcess("superresolve", "--model", folder["run", "checkpoints", "smore.safetensors"], "--input", folder["data"], "--out", folder["x"]).AssertFailure("checkpoints", "not a REHRSeg model");
        Assert.False(Directory.Exists(folder["x"]));
    }

    [Theory]
    [InlineData("smore.iterations=0", "SmoreOptions.Iterations")]
    [InlineData("smore.depth=3", "Blocks")]
    [InlineData("smore.blocks=many", "many")]
    [InlineData("snore.blocks=3", "smore")]
    public void Wrong_settings_are_named(string setting, string word)
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1);
        ToolRun.InProcess("train", "--dataset", folder["data"], "--out", folder["run"], "--preset", "tiny", "--set", setting).AssertUsage("--set", word);
    }
}
