using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg experiment</c>: the paper's comparisons on any simulated dataset.</summary>
internal static class ExperimentVerb
{
    public static Command Create() => new("experiment", "Repeat one of the paper's comparisons on your data.") { Table2() };

    static Command Table2()
    {
        var dataset = CommonOptions.Path("--dataset", "Thick dataset of 'rehrseg simulate': its folder hr is the truth that results are scored against.");
        var outDir = CommonOptions.Path("--out", "Folder for table2.md, table2.csv and a folder for each method. Repeat the command to continue.");
        var factor = CommonOptions.Factor();
        var axis = CommonOptions.Axis();
        var preset = TrainVerb.PresetOption();
        var fold = new Option<int>("--fold") { Description = "Fold whose validation cases are scored, 0 to folds - 1." };
        var folds = new Option<int>("--folds") { Description = "Number of folds (nnU-Net's split).", DefaultValueFactory = _ => 5 };
        var seed = new Option<int>("--seed") { Description = "Seed of every random choice.", DefaultValueFactory = _ => 1 };
        var gpu = new Option<int?>("--gpu") { Description = "GPU to train on. Default: the CPU." };
        var set = new Option<string[]>("--set") { Description = "Override an option of the preset, stage.option=value; stages are selfsr, smore and frames. Repeatable." };
        var command = new Command("table2", "Self-super-resolution: spline and morphological interpolation, SMORE, from scratch, pretrained. PSNR, SSIM, DSC, HD95 and paired Wilcoxon tests.")
        {
            dataset, outDir, factor, axis, preset, fold, folds, seed, gpu, set,
        };
        command.OnRun((parse, console, cancel) =>
        {
            int count = parse.GetValue(folds), held = parse.GetValue(fold);
            if (count < 2) throw new UsageException($"--folds is {count}; it must be at least 2.");
            if (held < 0 || held >= count) throw new UsageException($"--fold is {held}; it must be 0 to {count - 1}.");
            string name = parse.GetValue(preset)!;
            var settings = (parse.GetValue(set) ?? []).ToLookup(s => s.StartsWith("frames.", StringComparison.OrdinalIgnoreCase));
            var result = new Table2Experiment(console, new()
            {
                Dataset = MedicalDataset.Open(parse.GetRequiredValue(dataset)), OutDir = Path.GetFullPath(parse.GetRequiredValue(outDir)),
                Preset = OptionOverrides.Apply(TrainingPreset.Named(name), settings[false]), Frames = OptionOverrides.Apply(FramePretrainingPreset.Named(name).Options, settings[true]),
                Factor = parse.GetValue(factor), Axis = CommonOptions.ParseAxis(parse.GetValue(axis)), Fold = held, Folds = count, Seed = parse.GetValue(seed), Gpu = parse.GetValue(gpu),
            }, cancel).Run();
            console.Result(result, result.Table.ToConsole);
            foreach (var cost in result.Costs) console.Info($"{cost.Method,-36} {TimeSpan.FromSeconds(cost.Seconds):h\\:mm\\:ss}   peak {cost.PeakMegabytes:0} MB");
            return CommandLine.Done;
        });
        return command;
    }
}
