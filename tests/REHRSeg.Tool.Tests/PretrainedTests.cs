using System.Text.Json.Nodes;

namespace REHRSeg.Tool.Tests;

public sealed class PretrainedTests(TrainedRun trained) : IClassFixture<TrainedRun>
{
    [Fact]
    public void Exported_weights_start_another_training()
    {
        using var folder = new TemporaryFolder();
        string weights = folder["w.safetensors"];
        ToolRun.InProcess("export", "--model", trained.Run, "--weights", weights, "--out", folder["again.onnx"], "--selfsr").AssertDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(trained.Run, "selfsr.onnx")), File.ReadAllBytes(folder["again.onnx"]));

        string[] train = ["train", "--dataset", trained.Data, "--out", folder["run"], "--only", "selfsr", .. TrainedRun.Tiny];
        var run = ToolRun.InProcess([.. train, "--pretrained", weights]);
        run.AssertDone();
        Assert.Contains("w.safetensors (stem Fresh)", run.Output, StringComparison.Ordinal);
        var config = JsonNode.Parse(File.ReadAllText(folder["run", "config.json"]))!;
        Assert.Equal(weights, (string?)config["pretrainedFile"]);
        Assert.Equal("Fresh", (string?)config["selfSr"]!["PretrainedStem"]);
        Assert.Equal(32, ((string?)config["pretrained"])!.Length);

        ToolRun.InProcess([.. train, "--resume"]).AssertUsage("--resume", "pretrained", "none");
        File.Move(weights, folder["moved.safetensors"]);
        ToolRun.InProcess([.. train, "--resume", "--pretrained", folder["moved.safetensors"]]).AssertDone();
    }

    [Fact]
    public void Weights_that_do_not_fit_are_named_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        string[] train = ["train", "--dataset", trained.Data, "--out", folder["run"], .. TrainedRun.Tiny, "--pretrained"];
        ToolRun.InProcess("export", "--model", trained.Run, "--weights", folder["w.safetensors"]).AssertDone();
        File.WriteAllText(folder["page.pth"], "<html>quota exceeded</html>");
        foreach (var (arguments, named) in ((string[], string)[])
        [
            ([folder["none.pth"]], "none.pth"),
            ([folder["page.pth"]], "web page"),
            ([folder["w.safetensors"], "--set", "selfsr.width=24"], "selfsr.width="),
            ([folder["w.safetensors"], "--pretrained-stem", "sum-of-rgb"], "self-SR network"),
        ])
        {
            var run = ToolRun.InProcess([.. train, .. arguments]);
            Assert.Equal(CommandLine.Failed, run.Code);
            Assert.Contains(named, run.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder["run"]), "nothing may be written");
        }
    }
}
