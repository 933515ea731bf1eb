using REHRSeg.Imaging;
using Xunit.Abstractions;

namespace REHRSeg.Packages.Tests;

/// <summary>The command of the installed tool.</summary>
[Collection(PackedFeedCollection.Name)]
public sealed class ToolTests(PackedFeed feed, ITestOutputHelper log)
{
    [Fact]
    public void The_installed_tool_runs_the_demo()
    {
        string folder = feed.NewFolder("demo");
        feed.Dotnet("tool", "install", "REHRSeg.Tool", "--version", feed.Version, "--tool-path", Path.Combine(feed.Root, "tools"));
        string rehrseg = Path.Combine(feed.Root, "tools", OperatingSystem.IsWindows() ? "rehrseg.exe" : "rehrseg");
        string said = Command.Run(folder, rehrseg, "demo", "--preset", "tiny", "--out", "out");
        log.WriteLine(said);
        Assert.Contains("done in", said, StringComparison.Ordinal);

        string results = Path.Combine(folder, "out");
        foreach (string file in (string[])["model.zip", "segmentation.onnx", "selfsr.onnx", "training.jsonl"])
            Assert.True(new FileInfo(Path.Combine(results, "run", file)).Length > 0, file);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(results, "pictures"), "*.png"));
        string[] labels = Directory.GetFiles(Path.Combine(results, "results", "rehrseg", "hr"));
        Assert.Equal(3, labels.Length);
        foreach (string label in labels)
            Assert.True(VolumeFile.ReadGeometry(label).IsSameGrid(VolumeFile.ReadGeometry(Path.Combine(results, "thick", "hr", "labelsTr", Path.GetFileName(label)))));
    }
}
