using System.Text.Json;

namespace REHRSeg.Tool.Tests;

public sealed class DemoTests
{
    /// <summary>The whole main job with a training of a few steps.</summary>
    [Fact]
    public void The_demo_ends_with_labels_a_report_a_picture_and_one_json_document()
    {
        using var folder = new TemporaryFolder();
        var run = ToolRun.InProcess(["demo", "--out", folder["demo"], "--json", "--set", "segmentation.mirror=false", "--set", "selfsr.patchSize=16", .. TrainedRun.Tiny]);
        run.AssertDone();
        var scores = JsonSerializer.Deserialize<List<DemoScore>>(run.Output, ToolConsole.JsonForm)!;
        Assert.Equal(5, scores.Count);
        Assert.True(scores[1].Psnr > scores[0].Psnr, "the spline beats repeated slices");
        Assert.All(scores, s => Assert.True(double.IsFinite(s.HrDsc!.Value)));
        Assert.NotEmpty(Directory.GetFiles(folder["demo", "pictures"], "*.png"));
        Assert.NotEmpty(Directory.GetFiles(folder["demo", "results", "rehrseg", "hr"]));
        string report = File.ReadAllText(folder["demo", "report.html"]);
        Assert.InRange(report.Length, 1_000_000, 25_000_000);
        foreach (string part in (string[])["rehrseg-viewer", "phantom_", "ECE", "Staircase"]) Assert.Contains(part, report, StringComparison.Ordinal);
        Assert.Contains($"report: {folder["demo", "report.html"]}", run.Error, StringComparison.Ordinal); // progress, with --json
    }
}
