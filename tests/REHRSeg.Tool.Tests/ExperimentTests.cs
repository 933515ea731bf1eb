using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class ExperimentTests : IDisposable
{
    static readonly string[] s_methods = ["spline + morphological", "spline + signed distance", "SMORE", "self-SR from scratch", "self-SR pretrained"];
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Simulated()
    {
        string thin = TinyDataset.Write(_folder["thin"], cases: 5, slices: 28, sliceSpacing: 1);
        ToolRun.InProcess("simulate", "--dataset", thin, "--out", _folder["thick"], "--factor", "4", "--axis", "z").AssertDone();
        return _folder["thick"];
    }

    ToolRun Table2(string dataset, params string[] more) => ToolRun.InProcess(["experiment", "table2", "--dataset", dataset, "--out", _folder["out"], "--preset", "tiny", "--fold", "1",
        "--set", "selfsr.seeds=Smore", "--set", "smore.iterations=4", "--set", "selfsr.iterations=4", "--set", "selfsr.uncertaintyiterations=2", "--set", "frames.iterations=4", "--set", "frames.validationsamples=2", .. more]);

    [Fact]
    public void Table_2_scores_every_method_on_the_held_out_cases_and_continues_where_it_stopped()
    {
        string dataset = Simulated();
        var run = Table2(dataset, "--json");
        run.AssertDone();
        var result = JsonDocument.Parse(run.Output).RootElement;
        string held = CrossValidationFolds.Split(Enumerable.Range(0, 5).Select(i => $"case_{i}"), 5)[1].Validation.Single();

        string[] rows = File.ReadAllLines(_folder["out", "table2.csv"])[1..];
        Assert.Equal(s_methods[1..].SelectMany(m => new[] { m, m + ", consistent" }).Append(s_methods[0]).Append("SMORE, consistent, mirrored").Append("self-SR pretrained, consistent, mirrored").Order(), rows.Select(r => r.Split('"')[1]).Distinct().Order());
        Assert.All(rows, row => Assert.Equal(held, row.Split('"')[2].Split(',')[1]));
        Assert.Equal(4 * 11, rows.Length); // PSNR, SSIM, DSC, HD95
        Assert.Equal(1, result.GetProperty("cases").GetInt32());

        var truth = (Image: VolumeFile.Read(Path.Combine(dataset, "hr", "imagesTr", held + "_0000.nii.gz")), Label: VolumeFile.Read(Path.Combine(dataset, "hr", "labelsTr", held + ".nii.gz")));
        foreach (var (folder, method) in new[] { ("spline", s_methods[0]), ("smore", s_methods[2]), ("scratch-consistent", s_methods[3] + ", consistent"), ("ours", s_methods[4]) })
        {
            double Csv(string measure) => double.Parse(rows.Single(r => r.StartsWith($"\"{method}\",{held},{measure},", StringComparison.Ordinal)).Split(',')[^1], CultureInfo.InvariantCulture);
            Assert.Equal(Metrics.Psnr(VolumeFile.Read(_folder["out", folder, "images", held + "_0000.nii.gz"]), truth.Image), Csv("PSNR"), 6);
            Assert.Equal(Metrics.Dice(VolumeFile.Read(_folder["out", folder, "labels", held + ".nii.gz"]), truth.Label, 1), Csv("DSC"), 6);
        }

        string config = File.ReadAllText(_folder["out", "ours", "run", "config.json"]);
        Assert.Contains("flavr.safetensors", config, StringComparison.Ordinal);
        Assert.DoesNotContain("flavr.safetensors", File.ReadAllText(_folder["out", "scratch", "run", "config.json"]), StringComparison.Ordinal);
        Assert.Contains(held, JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(_folder["out", "ours", "run", "splits.json"]), ToolConsole.JsonForm)![1].Validation);

        var stamps = Directory.GetFiles(_folder["out"], "cell.json", SearchOption.AllDirectories).ToDictionary(f => f, File.GetLastWriteTimeUtc);
        Assert.Equal(11, stamps.Count);
        File.Delete(_folder["out", "smore", "cell.json"]);
        byte[] table = File.ReadAllBytes(_folder["out", "table2.csv"]);
        Table2(dataset).AssertDone();
        Assert.Equal(table, File.ReadAllBytes(_folder["out", "table2.csv"]));
        Assert.All(stamps, s => Assert.Equal(!s.Key.EndsWith(Path.Combine("smore", "cell.json"), StringComparison.Ordinal), s.Value == File.GetLastWriteTimeUtc(s.Key)));
        Table2(dataset, "--set", "selfsr.iterations=5").AssertUsage("options.json", "--out");
    }

    [Fact]
    public void What_cannot_be_scored_is_refused_before_any_training()
    {
        string dataset = TinyDataset.Write(_folder["untrue"]);
        Table2(dataset).AssertFailure("hr", "rehrseg simulate");
        ToolRun.InProcess("experiment", "table2", "--dataset", dataset, "--out", _folder["out"], "--fold", "5").AssertUsage("--fold is 5");
        Assert.Contains("'rehrseg experiment table2 --help'", ToolRun.InProcess("experiment", "table2").Error, StringComparison.Ordinal);
        Table2(dataset, "--set", "nonsense.width=3").AssertUsage("nonsense");
        Assert.False(Directory.Exists(_folder["out"]));
        string simulated = Simulated();
        File.WriteAllText(_folder["file"], "");
        ToolRun.InProcess("experiment", "table2", "--dataset", simulated, "--out", _folder["file"]).AssertFailure("--out", "cannot be written", "another folder");
        Directory.CreateDirectory(_folder["out"]);
        using (OutputFolder.Lock(_folder["out"])) Table2(simulated).AssertFailure("in use", "another folder");
    }

    [Fact]
    public void Consistent_labels_have_the_thick_labels_as_majority()
    {
        string dataset = Simulated(), thick = Path.Combine(dataset, "labelsTr", "case_0.nii.gz"), run = _folder["run"];
        ToolRun.InProcess("train", "--dataset", dataset, "--out", run, "--preset", "tiny", "--only", "selfsr", "--set", "selfsr.consistency=None").AssertDone();
        MLVolume Thick(string consistency, out MLVolume image)
        {
            string to = _folder[consistency];
            ToolRun.InProcess("superresolve", "--model", run, "--input", dataset, "--cases", "case_0", "--out", to, "--consistency", consistency).AssertDone();
            image = ThickSliceSimulator.Image(VolumeFile.Read(Path.Combine(to, "images", "case_0_0000.nii.gz")), SliceAxis.Z, SliceProfile.Gaussian(4));
            return ThickSliceSimulator.Label(VolumeFile.Read(Path.Combine(to, "labels", "case_0.nii.gz")), SliceAxis.Z, 4);
        }
        float[] label = VolumeFile.Read(thick).Voxels.ToArray(), image = VolumeFile.Read(Path.Combine(dataset, "imagesTr", "case_0_0000.nii.gz")).Voxels.ToArray();
        double Error(MLVolume again) => again.Voxels.ToArray().Zip(image, (a, b) => Math.Abs(a - b)).Average();
        Assert.NotEqual(label, Thick("none", out var plain).Voxels.ToArray());
        Assert.Equal(label, Thick("both", out var consistent).Voxels.ToArray());
        Assert.True(Error(consistent) < 0.3 * Error(plain), $"{Error(plain)} to {Error(consistent)}");
    }

    [Fact]
    public void A_table_compares_methods_on_their_common_cases()
    {
        MethodScore[] scores =
        [
            .. Enumerable.Range(0, 8).Select(i => new MethodScore("a", $"case {i}", "HD95", 1 + i)),
            .. Enumerable.Range(0, 8).Select(i => new MethodScore("b", $"case {i}", "HD95", i == 7 ? double.NaN : 1.5 + 1.1 * i)),
        ];
        var table = ScoreTable.Of(scores, [("a", "b")]);
        var mean = table.Means.Single(m => m.Method == "a");
        Assert.Equal((4.5, 8), (mean.Mean, mean.Cases));
        Assert.Equal(Math.Sqrt(6), mean.Sd, 12);
        var c = table.Comparisons.Single();
        Assert.Equal((7, 7), (c.Better, c.Cases)); // lower is better
        Assert.Equal(2 / 128.0, c.PValue, 12);
        Assert.Contains("| a against b | HD95 | -0.8000 | 7 of 7 | 0.016 |", table.ToMarkdown(), StringComparison.Ordinal);
    }
}
