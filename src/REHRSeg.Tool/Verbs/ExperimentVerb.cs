using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg experiment</c>: a grid of option sets on the same folds of a simulated dataset; the paper's Tables 2 to 6 are built in.</summary>
internal static class ExperimentVerb
{
    public static Command Create()
    {
        var grid = new Option<string>("--grid") { Description = $"{string.Join(", ", GridFile.BuiltIn)}, or a JSON file of cells (named option sets).", Required = true };
        var dataset = CommonOptions.Path("--dataset", "Thick dataset of 'rehrseg simulate': its folder hr is the truth that results are scored against.");
        var outDir = CommonOptions.Path("--out", "Folder for results.csv, table.md, table.tex, stages/ and cells/CELL/fold_K/.");
        var folds = new Option<int>("--folds") { Description = "Number of folds (nnU-Net's split).", DefaultValueFactory = _ => 5 };
        var fold = new Option<int[]>("--fold") { Description = "Folds to run, 0 to folds - 1. Repeatable; default: all.", AllowMultipleArgumentsPerToken = true };
        var only = new Option<string[]>("--only") { Description = "Run this cell alone. Repeatable; the tables hold every finished cell.", AllowMultipleArgumentsPerToken = true };
        var resume = new Option<bool>("--resume") { Description = "Go on in --out: finished units are skipped, a killed one continues." };
        var stages = new Option<string?>("--stages") { Description = "Folder of shared stages, which several experiments may use. Default: OUT/stages." };
        var (factor, axis, preset) = (CommonOptions.Factor(), CommonOptions.Axis(), TrainVerb.PresetOption());
        var seed = new Option<int>("--seed") { Description = "Seed of every random choice.", DefaultValueFactory = _ => 1 };
        var gpu = new Option<int?>("--gpu") { Description = "GPU to train on. Default: the CPU." };
        var set = new Option<string[]>("--set") { Description = "Override an option of every cell, stage.option=value; stages are selfsr, smore, segmentation and frames. Repeatable." };
        var command = new Command("experiment", "Train, apply and score a grid of option sets on the same folds; the paper's Tables 2 to 6 are built in.") { grid, dataset, outDir, folds, fold, only, resume, stages, factor, axis, preset, seed, gpu, set };
        command.OnRun((parse, console, cancel) =>
        {
            int count = parse.GetValue(folds);
            if (count < 2) throw new UsageException($"--folds is {count}; it must be at least 2.");
            var loaded = GridFile.Load(parse.GetRequiredValue(grid));
            string name = parse.GetResult(preset) is { Implicit: false } || loaded.Preset is null ? parse.GetValue(preset)! : loaded.Preset;
            string[] settings = parse.GetValue(set) ?? [];
            foreach (var cell in loaded.Cells)
                if (GridOptions.Overridden(cell, settings) is { Count: > 0 } overridden) console.Warn($"cell {cell.Name}: --set replaces its own {string.Join(", ", overridden)}.");
            var outcome = new ExperimentRunner(console, new()
            {
                Dataset = MedicalDataset.Open(parse.GetRequiredValue(dataset)), OutDir = Path.GetFullPath(parse.GetRequiredValue(outDir)), Grid = loaded, Preset = name,
                Options = loaded.Cells.ToDictionary(c => c.Name, c => GridOptions.Resolve(loaded, c, TrainingPreset.Named(name), settings) is var (p, frames) ? new CellOptions(p, frames) : null!),
                StagesDir = parse.GetValue(stages) is { } shared ? Path.GetFullPath(shared) : null, Only = parse.GetValue(only) is { Length: > 0 } cells ? cells : null, Folds = count,
                FoldsRun = parse.GetValue(fold) is { Length: > 0 } some ? some : [.. Enumerable.Range(0, count)], Seed = parse.GetValue(seed), Resume = parse.GetValue(resume),
                Factor = parse.GetValue(factor), Axis = CommonOptions.ParseAxis(parse.GetValue(axis)), Gpu = parse.GetValue(gpu),
            }, cancel).Run();
            var statistics = outcome.Results.Statistics;
            console.Result(new { statistics.Cells, statistics.Comparisons, statistics.Orderings, outcome.Failed }, () => ExperimentTables.Console(loaded, statistics));
            console.Info(ExperimentTables.Verdicts(statistics));
            return outcome.Failed.Count == 0 ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }
}
