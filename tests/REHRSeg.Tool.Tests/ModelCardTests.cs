using System.Security.Cryptography;
using System.Text.Json;
using REHRSeg.Onnx;

namespace REHRSeg.Tool.Tests;

/// <summary><c>export --model-card</c>: what the files know stands in the card, and what they do not know is marked.</summary>
public sealed class ModelCardTests(TrainedRun trained) : IClassFixture<TrainedRun>, IDisposable
{
    static readonly string s_pythons = Path.Combine(AppContext.BaseDirectory, "oracles", "tiny_models", "segmenter.onnx");
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Card(params string[] options)
    {
        ToolRun.InProcess(["export", "--model-card", _folder["card.md"], .. options]).AssertDone();
        string card = File.ReadAllText(_folder["card.md"]);
        Assert.StartsWith("# Model card: ", card);
        Assert.DoesNotContain("{{", card);
        Assert.Contains("**Not a medical device.**", card);
        Assert.Contains("- ✎ For what question", card);
        return card;
    }

    [Fact]
    public void A_runs_card_names_model_data_and_evaluation()
    {
        ToolRun.InProcess("predict", "--model", trained.Run, "--input", trained.Data, "--cases", Path.Combine(trained.Run, "splits.json:0"), "--out", _folder["out"], "--resolution", "lr").AssertDone();
        ToolRun.InProcess("evaluate", "--predictions", _folder["out", "lr"], "--reference", Path.Combine(trained.Data, "labelsTr"), "--out", _folder["lr.json"]).AssertDone();
        string card = Card("--model", trained.Run, "--out", _folder["my.onnx"], "--evaluation", _folder["lr.json"]);
        using var scorer = new OnnxVolumeScorer(_folder["my.onnx"]);
        var info = scorer.Info;
        Assert.Contains("# Model card: my.onnx\n", card);
        Assert.Contains($"{info.Factor} thin slices for each thick one |", card);
        Assert.Contains($"| Classes | {string.Join(", ", info.Labels.Select(l => $"{l.Value} {l.Name}"))} |", card);
        Assert.Contains($"| Training fingerprint | `{info.TrainingFingerprint}` |", card);
        Assert.Contains($"| Written by | {info.ToolVersion} |", card);
        Assert.Contains($"SHA-256 `{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_folder["my.onnx"])))}` |", card);
        Assert.Contains("| Method | `rehrseg` |", card);
        Assert.Contains("| Data set | data |", card);
        Assert.Contains("| Cases | 4 trained on, 1 held out (fold 0 of 5) |", card);
        Assert.Matches(@"\| Preset, seed \| tiny, seed \d+ \|", card);
        Assert.DoesNotContain("the files do not say", card);

        Assert.Contains("`lr.json`, 1 cases:", card);
        foreach (var s in JsonSerializer.Deserialize<Evaluation>(File.ReadAllText(_folder["lr.json"]), ToolConsole.JsonForm)!.Summary)
            Assert.Contains($"\n| {s.Name} | {s.Measure} | {EvaluateVerb.Number(s.Mean)} | ", card);
    }

    [Fact]
    public void A_file_alone_leaves_the_training_open()
    {
        string card = Card("--model", s_pythons);
        Assert.Contains("# Model card: segmenter.onnx\n", card);
        Assert.Contains("| Classes | 0 background, 3 bright |", card);
        Assert.Contains("| Trained at | 4 mm between slices, 1 x 1 mm in plane |", card);
        Assert.Contains("| Written by | python |", card);
        foreach (string row in (string[])["Method", "Training fingerprint", "Data set", "Cases", "Preset, seed"]) Assert.Contains($"| {row} | ✎ (the files do not say) |", card);
        Assert.Contains("- ✎ DSC and HD95 of each class", card);
    }

    [Fact]
    public void What_does_not_go_together_is_refused()
    {
        string[] export = ["export", "--model-card", _folder["card.md"]];
        ToolRun.InProcess([.. export, "--model", trained.Run, "--selfsr"]).AssertUsage("--model-card", "--selfsr");
        ToolRun.InProcess("export", "--model", trained.Run, "--out", _folder["a.onnx"], "--evaluation", _folder["e.json"]).AssertUsage("--evaluation", "--model-card");
        ToolRun.InProcess([.. export, "--model", _folder["none"]]).AssertFailure("none", "no such");
        File.WriteAllText(_folder["e.json"], """{ "kind": "labels" }""");
        ToolRun.InProcess([.. export, "--model", s_pythons, "--evaluation", _folder["e.json"]]).AssertFailure("e.json", "rehrseg evaluate --out");
        File.WriteAllText(_folder["text.onnx"], "no model");
        ToolRun.InProcess([.. export, "--model", _folder["text.onnx"]]).AssertFailure("text.onnx");
        Directory.CreateDirectory(_folder["run"]);
        File.Copy(s_pythons, _folder["run", "segmentation.onnx"]);
        File.WriteAllText(_folder["run", "config.json"], """{ "fold": "first" }""");
        ToolRun.InProcess([.. export, "--model", _folder["run"]]).AssertFailure("config.json", "rehrseg train");
        Assert.False(File.Exists(_folder["card.md"]));
        Assert.False(File.Exists(_folder["a.onnx"]));
    }

    [Fact]
    public void Names_do_not_break_the_table()
    {
        Directory.CreateDirectory(_folder["run"]);
        File.Copy(s_pythons, _folder["run", "segmentation.onnx"]);
        File.WriteAllText(_folder["run", "config.json"], """{ "dataset": "/data/a|b<script>", "preset": "x\ny", "seed": 1, "method": "fully-supervised" }""");
        string card = Card("--model", _folder["run"]);
        Assert.Contains(@"| Data set | a\|b&lt;script> |", card);
        Assert.Contains("| Preset, seed | x y, seed 1 |", card);
        Assert.Contains("not true of this model", card);
    }
}
