namespace REHRSeg.Tool.Tests;

public sealed class CacheTests
{
    [Fact]
    public void A_cache_is_kept_used_again_and_changes_no_byte_of_the_model()
    {
        using var folder = new TemporaryFolder();
        string data = TinyDataset.Write(folder["data"], cases: 2);
        void Train(string run, params string[] more) =>
            ToolRun.InProcess(["train", "--dataset", data, "--out", folder[run], "--preset", "tiny", "--method", "nnunet", "--set", "segmentation.nnUNetIterations=4", .. more]).AssertDone();
        Train("memory");
        Train("first", "--cache", folder["cache"]);
        var entries = Directory.GetFiles(folder["cache"], "*.case").ToDictionary(f => f, File.GetLastWriteTimeUtc);
        Assert.Equal(2, entries.Count);
        Train("second", "--cache", folder["cache"]);
        Assert.Equal(entries, Directory.GetFiles(folder["cache"], "*.case").ToDictionary(f => f, File.GetLastWriteTimeUtc));
        byte[] memory = File.ReadAllBytes(folder["memory", "segmentation.onnx"]);
        Assert.True(memory.AsSpan().SequenceEqual(File.ReadAllBytes(folder["first", "segmentation.onnx"])));
        Assert.True(memory.AsSpan().SequenceEqual(File.ReadAllBytes(folder["second", "segmentation.onnx"])));
    }
}
