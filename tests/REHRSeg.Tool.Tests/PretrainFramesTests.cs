using System.Text.Json;
using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg.Tool.Tests;

public sealed class PretrainFramesTests : IDisposable
{
    static readonly string[] s_tiny = ["--preset", "tiny", "--iterations", "3", "--width", "4", "--patch", "16", "--set", "frames.ValidationSamples=2"];
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    ToolRun Run(params string[] args) => ToolRun.InProcess(["pretrain-frames", .. args, .. s_tiny]);

    void WriteFrames(string folder, int size = 24)
    {
        Directory.CreateDirectory(folder);
        for (int t = 1; t <= 8; t++)
        {
            using var bitmap = new SKBitmap(size, size);
            for (int y = 0; y < size; y++)
                for (int x = 0; x < size; x++) bitmap.SetPixel(x, y, new((byte)(8 * ((x + t) % 24)), (byte)(10 * y), 77));
            using var file = File.Create(Path.Combine(folder, $"{t}.png"));
            bitmap.Encode(file, SKEncodedImageFormat.Png, 100);
        }
    }

    [Fact]
    public void Volumes_become_weights_and_a_stop_is_resumable()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 5), weights = _folder["out", "flavr.safetensors"];
        var run = Run("--volumes", data, "--out", weights, "--fold", "1", "--folds", "5", "--json");
        run.AssertDone();
        var result = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(weights, result.GetProperty("file").GetString());
        Assert.Equal(6, result.GetProperty("films").GetInt32()); // 4 training cases, one of them held out, two in-plane axes each: 6 slices are too few
        Assert.True(result.GetProperty("psnr").GetDouble() > 0);
        byte[] bytes = File.ReadAllBytes(weights);
        Assert.Contains("\"rehrseg.kind\":\"flavr\"", System.Text.Encoding.UTF8.GetString(bytes, 8, 2000), StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["out", "flavr.checkpoints", "training.jsonl"]));
        Run("--volumes", data, "--out", weights, "--fold", "1").AssertFailure("flavr.safetensors", "there already");
        Run("--volumes", data, "--out", weights, "--fold", "2", "--resume").AssertFailure("other frames or volumes");
        Run("--volumes", data, "--out", weights, "--fold", "1", "--resume", "--seed", "5").AssertFailure("Seed 1", "5");
        Run("--volumes", data, "--out", weights, "--fold", "1", "--resume").AssertDone();
        Assert.Equal(bytes, File.ReadAllBytes(weights));
    }

    [Fact]
    public void Self_sr_starts_from_the_weights()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 5), weights = _folder["flavr.safetensors"];
        Run("--volumes", data, "--out", weights, "--fold", "0", "--set", "frames.outputs=3").AssertDone();
        string[] train = ["train", "--dataset", data, "--fold", "0", "--only", "selfsr", "--preset", "tiny", "--pretrained", weights, "--pretrained-stem", "sum-of-rgb"];
        var run = ToolRun.InProcess([.. train, "--out", _folder["run"], "--set", "selfsr.width=4", "--set", "selfsr.iterations=2", "--set", "selfsr.uncertaintyIterations=0"]);
        run.AssertDone();
        Assert.Contains("flavr.safetensors", run.Output, StringComparison.Ordinal);
        ToolRun.InProcess([.. train, "--out", _folder["other"], "--set", "selfsr.width=8"]).AssertFailure("flavr.safetensors", "width 4");
    }

    [Fact]
    public void A_folds_validation_cases_are_left_out()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 6);
        var folds = CrossValidationFolds.Split(Enumerable.Range(0, 6).Select(i => $"case_{i}"), 3);
        for (int k = 0; k < 3; k++) Assert.Equal(folds[k].Train, PretrainFramesVerb.Cases(data, k, 3).Select(c => c.Id));
        Assert.Equal(6, PretrainFramesVerb.Cases(data, null, 5).Count);
        Assert.Equal(6, PretrainFramesVerb.Cases(Path.Combine(data, "imagesTr"), null, 5).Count);
    }

    [Fact]
    public void Frames_become_weights()
    {
        WriteFrames(_folder["films", "a"]);
        WriteFrames(_folder["films", "b"]);
        var run = Run("--frames", _folder["films"], "--out", _folder["flavr.safetensors"], "--work", _folder["work"]);
        run.AssertDone();
        Assert.Contains("PSNR", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["flavr.safetensors"]));
        Assert.True(File.Exists(_folder["work", "config.json"]));
    }

    [Fact]
    public void Wrong_commands_and_bad_input_are_named()
    {
        WriteFrames(_folder["films", "a"]);
        string films = _folder["films"], weights = _folder["flavr.safetensors"];
        Run("--out", weights).AssertUsage("--frames", "--volumes");
        Run("--frames", films, "--volumes", films, "--out", weights).AssertUsage("--frames", "--volumes");
        Run("--frames", films, "--out", weights, "--fold", "0").AssertUsage("--fold");
        Run("--volumes", films, "--out", weights, "--fold", "7").AssertUsage("--fold is 7");
        Run("--frames", films, "--out", weights, "--set", "frames.outputs=0").AssertUsage("Outputs is 0");
        Run("--frames", films, "--out", weights, "--set", "selfsr.width=8").AssertUsage("selfsr", "frames");
        Run("--frames", films, "--out", weights, "--set", "frames.colour=8").AssertUsage("colour", "PatchSize");
        Run("--frames", _folder["none"], "--out", weights).AssertFailure("none", "no such folder");
        Run("--volumes", _folder["none"], "--out", weights).AssertFailure("--volumes", "none");
        Run("--volumes", films, "--out", weights).AssertFailure("--volumes", "no .nii");
        Run("--frames", films, "--out", Path.Combine(films, "a", "1.png", "w.safetensors")).AssertFailure("cannot be written");
        File.WriteAllText(_folder["films", "a", "4.png"], "not an image");
        Run("--frames", films, "--out", weights).AssertFailure("4.png", "cannot be decoded");
        Assert.False(File.Exists(weights));
    }
}
