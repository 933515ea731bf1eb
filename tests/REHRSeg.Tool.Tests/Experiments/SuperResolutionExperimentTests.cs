using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>The paper's Table 2 by its built-in grid.</summary>
public sealed class SuperResolutionExperimentTests(SimulatedCases cases) : IClassFixture<SimulatedCases>
{
    [Fact]
    public void Table_2_scores_every_method_on_the_held_out_cases()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"], held = CrossValidationFolds.Split(Enumerable.Range(0, 5).Select(i => $"case_{i}"), 5)[1].Validation.Single();
        ToolRun.InProcess("experiment", "--grid", "table2", "--dataset", cases.Thick, "--out", to, "--preset", "tiny", "--fold", "1", "--set", "selfsr.seeds=Smore", "--set", "smore.iterations=4", "--set", "selfsr.iterations=4",
            "--set", "selfsr.uncertaintyiterations=2", "--set", "frames.iterations=4", "--set", "frames.validationsamples=2").AssertDone();
        var results = ExperimentResults.Read(to);
        Assert.Equal(results.Description.Grid.Cells.Select(c => c.Name), results.Units.Select(u => u.Cell));
        var (image, label) = (VolumeFile.Read(Path.Combine(cases.Thick, "hr", "imagesTr", held + "_0000.nii.gz")), VolumeFile.Read(Path.Combine(cases.Thick, "hr", "labelsTr", held + ".nii.gz")));
        foreach (var unit in results.Units)
        {
            var made = new ExperimentFolder(to).Unit(unit.Cell, 1);
            double Score(string measure) => unit.Cases.Single(c => c.Id == held).Scores.Single(s => s.Measure == measure && s.Class is "mean" or "image" && s.Measure == measure).Value;
            Assert.Equal(Metrics.Psnr(VolumeFile.Read(Path.Combine(made.Images, held + "_0000.nii.gz")), image), Score("PSNR"), 6);
            Assert.Equal(Metrics.Dice(VolumeFile.Read(Path.Combine(made.Path, "labels", held + ".nii.gz")), label, 1), Score("DSC"), 6);
        }
        // SMORE once for its own cells and as seeds, self-SR once from scratch and once from frames.
        var stages = Directory.GetDirectories(new ExperimentFolder(to).Stages).Select(Path.GetFileName).GroupBy(s => s!.Split('-')[0]).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal((1, 1, 2), (stages["smore"], stages["frames"], stages["selfsr"]));
        string[] configs = [.. Directory.GetDirectories(new ExperimentFolder(to).Stages, "selfsr-*").Select(s => File.ReadAllText(Path.Combine(s, "config.json")))];
        Assert.Single(configs, c => c.Contains("flavr.safetensors", StringComparison.Ordinal));
        Assert.All(Directory.GetDirectories(new ExperimentFolder(to).Stages, "selfsr-*"), s =>
            Assert.Contains(held, JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(Path.Combine(s, "splits.json")), ToolConsole.JsonForm)![1].Validation));
    }

    [Fact]
    public void Consistent_labels_have_the_thick_labels_as_majority()
    {
        using var folder = new TemporaryFolder();
        string thick = Path.Combine(cases.Thick, "labelsTr", "case_0.nii.gz"), run = folder["run"];
        ToolRun.InProcess("train", "--dataset", cases.Thick, "--out", run, "--preset", "tiny", "--only", "selfsr", "--set", "selfsr.consistency=None").AssertDone();
        MLVolume Thick(string consistency, out MLVolume image)
        {
            string to = folder[consistency];
            ToolRun.InProcess("superresolve", "--model", run, "--input", cases.Thick, "--cases", "case_0", "--out", to, "--consistency", consistency).AssertDone();
            image = ThickSliceSimulator.Image(VolumeFile.Read(Path.Combine(to, "images", "case_0_0000.nii.gz")), SliceAxis.Z, SliceProfile.Gaussian(4));
            return ThickSliceSimulator.Label(VolumeFile.Read(Path.Combine(to, "labels", "case_0.nii.gz")), SliceAxis.Z, 4);
        }
        float[] label = VolumeFile.Read(thick).Voxels.ToArray(), image = VolumeFile.Read(Path.Combine(cases.Thick, "imagesTr", "case_0_0000.nii.gz")).Voxels.ToArray();
        double Error(MLVolume again) => again.Voxels.ToArray().Zip(image, (a, b) => Math.Abs(a - b)).Average();
        Assert.NotEqual(label, Thick("none", out var plain).Voxels.ToArray());
        Assert.Equal(label, Thick("both", out var consistent).Voxels.ToArray());
        Assert.True(Error(consistent) < 0.3 * Error(plain), $"{Error(plain)} to {Error(consistent)}");
    }
}
