using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>What lies in a fold's held-out cases reaches nothing that is trained: not the plan, no normalisation, no weight.</summary>
public sealed class HeldOutTests
{
    static readonly string[] s_models = ["segmentation.onnx", "baseline.onnx", "selfsr.onnx", "smore.safetensors", "plan.json", "splits.json", "flavr.safetensors"];

    [Fact]
    public void Junk_in_the_held_out_cases_changes_their_measures_alone()
    {
        using var folder = new TemporaryFolder();
        string data = TinyDataset.Write(folder["data"], cases: 4);
        string[] held = [.. CrossValidationFolds.Split(Enumerable.Range(0, 4).Select(i => $"case_{i}"), 2)[1].Validation];
        Train(data, folder["before"]);
        var random = new Random(5);
        foreach (string id in held)
        {
            var (image, label) = TinyDataset.Case(77, slices: 9, size: 32);
            SimulateVerb.WriteImage(image.WithVoxels(image.Voxels.ToArray().Select(v => 1e4f * random.NextSingle() - v).ToArray()), data, id);
            SimulateVerb.WriteLabel(label.WithVoxels(label.Voxels.ToArray().Select(_ => (float)random.Next(2)).ToArray()), data, id);
        }
        Train(data, folder["after"]);
        foreach (string file in s_models)
            Assert.True(File.ReadAllBytes(folder["before", file]).AsSpan().SequenceEqual(File.ReadAllBytes(folder["after", file])), $"{file} depends on held-out cases");
        var (before, after) = (Validations(folder["before"]), Validations(folder["after"]));
        Assert.Equal([("nnunet", 2), ("nnunet", 4), ("rehrseg", 2), ("rehrseg", 4)], before.Select(v => (v.Stage, v.Iteration)));
        Assert.Equal(before.Select(v => (v.Stage, v.Iteration)), after.Select(v => (v.Stage, v.Iteration)));
        Assert.All(before, v => Assert.Contains("val_dice_ema", v.Held, StringComparison.Ordinal));
        Assert.All(before, v => Assert.Equal(v.Stage == "rehrseg", v.Held.Contains("val_dice_hr", StringComparison.Ordinal)));
        Assert.All(before.Zip(after), v => Assert.NotEqual(v.First.Held, v.Second.Held));
    }

    static void Train(string data, string run)
    {
        string[] fold = ["--fold", "1", "--folds", "2", "--preset", "tiny"];
        ToolRun.InProcess(["pretrain-frames", "--volumes", data, "--out", Path.Combine(run, "flavr.safetensors"), .. fold, "--iterations", "2", "--width", "8", "--patch", "16", "--set", "frames.ValidationSamples=2"]).AssertDone();
        string[] settings = ["selfsr.seeds=Smore", "smore.iterations=2", "selfsr.iterations=3", "selfsr.uncertaintyIterations=2", "segmentation.nnUNetIterations=4", "segmentation.fineTuneIterations=4", "segmentation.validationInterval=2"];
        ToolRun.InProcess(["train", "--dataset", data, "--out", run, .. fold, "--pretrained", Path.Combine(run, "flavr.safetensors"), .. settings.SelectMany(s => new[] { "--set", s })]).AssertDone();
    }

    /// <summary>Reports with a validation in them, which come at fixed iterations; the others, and the means of losses since the last report, depend on the clock.</summary>
    static List<(string Stage, int Iteration, string Held)> Validations(string run) => [.. File.ReadAllLines(Path.Combine(run, "training.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject())
        .Where(l => (string?)l["stage"] is "nnunet" or "rehrseg" && l.ContainsKey("val_dice"))
        .Select(l => ((string)l["stage"]!, (int)l["iteration"]!, string.Join(", ", l.Where(m => m.Key.StartsWith("val_", StringComparison.Ordinal)).Select(m => $"{m.Key} {m.Value}"))))];
}
