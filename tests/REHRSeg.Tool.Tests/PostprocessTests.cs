using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class PostprocessTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public PostprocessTests()
    {
        for (int i = 0; i < 2; i++)
        {
            var label = TinyDataset.Case(i).Label;
            float[] island = label.Memory.ToArray();
            island[i] = 1;
            VolumeFile.WriteLabels(label, _folder["truth", $"case_{i}.nii.gz"]);
            VolumeFile.WriteLabels(label.WithVoxels(island), _folder["predicted", $"case_{i}.nii.gz"]);
        }
    }

    [Fact]
    public void Rules_are_chosen_against_references_and_applied()
    {
        var run = ToolRun.InProcess("postprocess", "--predictions", _folder["predicted"], "--reference", _folder["truth"], "--out", _folder["out"], "--json", "--quiet");
        run.AssertDone();
        using var result = JsonDocument.Parse(run.Output);
        Assert.Equal("foreground", Assert.Single(result.RootElement.GetProperty("rules").EnumerateArray()).GetString());
        Assert.Equal(1, result.RootElement.GetProperty("dice").GetProperty("1").GetProperty("after").GetDouble());
        Assert.InRange(result.RootElement.GetProperty("dice").GetProperty("1").GetProperty("before").GetDouble(), 0.9, 0.99999);
        for (int i = 0; i < 2; i++)
            Assert.Equal(VolumeFile.Read(_folder["truth", $"case_{i}.nii.gz"]).Voxels, VolumeFile.Read(_folder["out", $"case_{i}.nii.gz"]).Voxels);
        Assert.True(File.Exists(_folder["out", "postprocessing.json"]));
    }

    [Fact]
    public void Given_rules_are_applied_and_a_perfect_prediction_needs_none()
    {
        ToolRun.InProcess("postprocess", "--predictions", _folder["predicted"], "--rules", "1", "--out", _folder["given"]).AssertDone();
        Assert.Equal(VolumeFile.Read(_folder["truth", "case_1.nii.gz"]).Voxels, VolumeFile.Read(_folder["given", "case_1.nii.gz"]).Voxels);
        var run = ToolRun.InProcess("postprocess", "--predictions", _folder["truth"], "--reference", _folder["truth"], "--json", "--quiet");
        run.AssertDone();
        using var result = JsonDocument.Parse(run.Output);
        Assert.Empty(result.RootElement.GetProperty("rules").EnumerateArray());
    }

    [Fact]
    public void Faulty_use_is_explained()
    {
        string predicted = _folder["predicted"], truth = _folder["truth"];
        ToolRun.InProcess("postprocess", "--predictions", predicted).AssertUsage("--reference", "--rules");
        ToolRun.InProcess("postprocess", "--predictions", predicted, "--rules", "0", "--out", _folder["x"]).AssertUsage("--rules 0");
        ToolRun.InProcess("postprocess", "--predictions", predicted, "--rules", "1").AssertUsage("--out");
        ToolRun.InProcess("postprocess", "--predictions", predicted, "--reference", truth, "--out", predicted).AssertUsage("another folder");
        File.Delete(_folder["truth", "case_1.nii.gz"]);
        ToolRun.InProcess("postprocess", "--predictions", predicted, "--reference", truth).AssertFailure("case_1");
    }

    public void Dispose() => _folder.Dispose();
}
