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
        var (before, after) = (Lines(folder["before"]), Lines(folder["after"]));
        Assert.Equal(before.Select(l => l.Trained), after.Select(l => l.Trained));
        Assert.Contains(before, l => l.Stage == "nnunet" && l.Held.Contains("val_dice_ema", StringComparison.Ordinal));
        Assert.Contains(before, l => l.Stage == "rehrseg" && l.Held.Contains("val_dice_hr", StringComparison.Ordinal));
        Assert.All(before.Zip(after).Where(l => l.First.Held.Length > 0), l => Assert.NotEqual(l.First.Held, l.Second.Held));
    }

    static void Train(string data, string run)
    {
        string[] fold = ["--fold", "1", "--folds", "2", "--preset", "tiny"];
        ToolRun.InProcess(["pretrain-frames", "--volumes", data, "--out", Path.Combine(run, "flavr.safetensors"), .. fold, "--iterations", "2", "--width", "8", "--patch", "16", "--set", "frames.ValidationSamples=2"]).AssertDone();
        string[] settings = ["selfsr.seeds=Smore", "smore.iterations=2", "selfsr.iterations=3", "selfsr.uncertaintyIterations=2", "segmentation.nnUNetIterations=4", "segmentation.fineTuneIterations=4", "segmentation.validationInterval=2"];
        ToolRun.InProcess(["train", "--dataset", data, "--out", run, .. fold, "--pretrained", Path.Combine(run, "flavr.safetensors"), .. settings.SelectMany(s => new[] { "--set", s })]).AssertDone();
    }

    /// <summary>Reports with a validation in them, which come at fixed iterations: what is of the training and what of held-out cases.</summary>
    static List<(string Stage, string Trained, string Held)> Lines(string run) => [.. File.ReadAllLines(Path.Combine(run, "training.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject())
        .Where(l => (string?)l["stage"] is "nnunet" or "rehrseg").Select(l =>
        {
            bool IsHeld(string key) => key.StartsWith("val_", StringComparison.Ordinal);
            string Join(Func<string, bool> which) => string.Join(", ", l.Where(m => m.Key is not "seconds" && which(m.Key)).Select(m => $"{m.Key} {m.Value}"));
            return ((string)l["stage"]!, Join(key => !IsHeld(key)), Join(IsHeld));
        })];
}
