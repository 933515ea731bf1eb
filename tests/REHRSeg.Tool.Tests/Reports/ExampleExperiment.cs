using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>A finished experiment on disk, of phantoms and labels that are wrong by a shift: what <c>rehrseg experiment</c> leaves, without its trainings.</summary>
internal sealed class ExampleExperiment : IDisposable
{
    public const string Hostile = "<script>alert('x')</script>&\"";
    const int Factor = 4, Size = 24;

    readonly TemporaryFolder _folder = new();

    public ExampleExperiment(int cells = 3, int folds = 2, int casesInFold = 3)
    {
        string phantoms = _folder["phantoms"];
        LabelClass[] labels = [.. PhantomGenerator.LabelNames.Select((name, value) => new LabelClass(value, value == 2 ? Hostile : name))];
        int cases = folds * casesInFold;
        foreach (var phantom in PhantomGenerator.GenerateMany(cases, 3, Size, Size, Size))
        {
            SimulateVerb.WriteImage(phantom.Image, phantoms, phantom.Id);
            SimulateVerb.WriteLabel(phantom.Label, phantoms, phantom.Id);
        }
        MedicalDataset.WriteDescription(phantoms, "Phantoms", labels, ["MR"], cases);
        Assert.Equal(CommandLine.Done, SimulateVerb.Run(new ToolConsole(TextWriter.Null, TextWriter.Null, true, false), MedicalDataset.Open(phantoms), Dataset, SliceProfile.Gaussian(Factor), SliceAxis.Z, 0, default));
        var thick = MedicalDataset.Open(Dataset);
        Grid = new()
        {
            Name = "example", Title = $"Example {Hostile}", Reference = "cell-1",
            Cells = [.. Enumerable.Range(0, cells).Select(c => new GridCell { Name = $"cell-{c}", Title = c == 2 ? Hostile : $"Method {c}" })],
        };
        for (int fold = 0; fold < folds; fold++)
        {
            foreach (var item in thick.Cases.Skip(fold * casesInFold).Take(casesInFold))
            {
                var truth = VolumeFile.Read(Path.Combine(Dataset, "hr", "labelsTr", item.Id + ".nii.gz"));
                VolumeFile.Write(VolumeFile.Read(Path.Combine(Dataset, "hr", "imagesTr", item.Id + "_0000.nii.gz")), Path.Combine(Experiment.Path, "stages", $"thin-{fold}", "images", item.Id + "_0000.nii.gz"));
                VolumeFile.Write(truth.WithVoxels(truth.Voxels.ToArray().Select((v, i) => v * 0.1f + i % 7 * 0.01f).ToArray()), Path.Combine(Experiment.Path, "stages", $"thin-{fold}", "uncertainty", item.Id + ".nii.gz"));
            }
            for (int c = 0; c < cells; c++) WriteUnit(thick, c, fold, [.. thick.Cases.Skip(fold * casesInFold).Take(casesInFold)]);
        }
        File.WriteAllText(Experiment.Description, JsonSerializer.Serialize(new ExperimentDescription(Grid, Dataset, "hash", "tiny", Factor, "z", folds, [.. Enumerable.Range(0, folds)], 1, "0.0.0-test",
            Enumerable.Range(0, folds).ToDictionary(f => f, f => $"stages/thin-{f}")), ToolConsole.JsonForm));
        string stage = Path.Combine(Experiment.Path, "stages", "selfsr-0a1b");
        Directory.CreateDirectory(stage);
        File.WriteAllText(Path.Combine(stage, "training.jsonl"), Journal("self-sr 1a"));
        File.WriteAllText(Path.Combine(stage, "stage.json"), "{\"fold\":0,\"seconds\":3}");
    }

    public string Dataset => _folder["thick"];
    public ExperimentFolder Experiment => new(_folder["experiment"]);
    public ExperimentGrid Grid { get; }
    public string this[string name] => _folder[name];

    public ReportData Data() => ReportData.FromExperiment(Experiment.Path);

    /// <summary>Labels moved by as many thin voxels to the left as the cell's number; the reference, 1, is not the best.</summary>
    void WriteUnit(MedicalDataset thick, int cell, int fold, IReadOnlyList<MedicalCase> cases)
    {
        var unit = Experiment.Unit($"cell-{cell}", fold);
        var scored = new List<UnitCase>();
        for (int i = 0; i < cases.Count; i++)
        {
            var thin = VolumeFile.Read(Path.Combine(Dataset, "hr", "labelsTr", cases[i].Id + ".nii.gz"));
            MLVolume lr = Moved(cases[i].ReadLabel(thick.Labels), cell), hr = Moved(thin, cell);
            VolumeFile.WriteLabels(lr, Path.Combine(unit.Lr, cases[i].Id + ".nii.gz"));
            VolumeFile.WriteLabels(hr, Path.Combine(unit.Hr, cases[i].Id + ".nii.gz"));
            var scores = new List<UnitScore>();
            foreach (string grid in (string[])["LR", "HR"])
            {
                foreach (var label in thick.Labels.Where(l => l.Value != 0))
                {
                    double truth = (grid == "LR" ? cases[i].ReadLabel(thick.Labels) : thin).Voxels.ToArray().Count(v => v == label.Value), volume = (grid == "LR" ? lr : hr).Voxels.ToArray().Count(v => v == label.Value);
                    scores.AddRange([new(grid, label.Name, "DSC", Score(cell, fold, i)), new(grid, label.Name, "HD95", 1 + cell), new(grid, label.Name, "volume", volume), new(grid, label.Name, "reference volume", truth)]);
                }
                scores.AddRange([new(grid, "mean", "DSC", Score(cell, fold, i)), new(grid, "mean", "HD95", i == 1 && cell == 0 ? double.PositiveInfinity : 1 + cell + 0.1 * i)]);
            }
            scored.Add(new(cases[i].Id, scores));
        }
        Write(unit.Result, new UnitResult("key", "hash", $"cell-{cell}", fold, 1, 61, 512, scored));
        var bins = Enumerable.Range(0, 15).Select(b => b < 7 ? new ReliabilityBin(0, double.NaN, double.NaN) : new ReliabilityBin(10 * b, (b + 0.5) / 15, (b + 0.2) / 15)).ToArray();
        Write(unit.Calibration, new CalibrationResult([.. from grid in new[] { "LR", "HR" } from region in new[] { "all", "near" } select new GridCalibration(grid, region, 1000, 1.4, new(0.05, 0.3, bins), new(0.01, 0.2, bins), 0.9, cell == 0 ? null : 0.7)]));
        File.WriteAllText(Path.Combine(unit.Path, "training.jsonl"), Journal("rehrseg"));
        Write(unit.Config, new { stageFolders = new { selfsr = Path.Combine(Experiment.Path, "stages", "selfsr-0a1b") } });
    }

    public static double Score(int cell, int fold, int i) => 0.9 - 0.1 * cell - 0.01 * i - 0.001 * fold;

    public static void Write<T>(string file, T value) => File.WriteAllText(file, JsonSerializer.Serialize(value, ToolConsole.JsonForm));

    static MLVolume Moved(MLVolume label, int by)
    {
        float[] moved = new float[label.Voxels.Length];
        for (int z = 0, n = 0; z < label.Depth; z++) for (int y = 0; y < label.Height; y++) for (int x = 0; x < label.Width; x++, n++) moved[n] = x >= by ? label[z, y, x - by] : 0;
        return label.WithVoxels(moved);
    }

    static string Journal(string stage) => string.Concat(Enumerable.Range(1, 300).Select(i => FormattableString.Invariant($"{{\"stage\":\"{stage}\",\"iteration\":{i * 5},\"loss\":{1.0 / i},\"dice\":{1 - 1.0 / i},\"lr\":0.01,\"seconds\":{i}}}\n")));

    public void Dispose() => _folder.Dispose();
}
