using System.CommandLine;
using System.Globalization;
using REHRSeg.Imaging;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg pretrain-frames</c>: FLAVR weights from frame interpolation, on image frames or on the planes of MR volumes.</summary>
internal static class PretrainFramesVerb
{
    public static Command Create()
    {
        var frames = CommonOptions.Path("--frames", "Folder of films: Vimeo-90K's septuplets, or folders of numbered PNG or JPEG frames.", required: false);
        var volumes = CommonOptions.Path("--volumes", "Dataset, folder of volumes, or one volume, whose planes are the frames. Labels are not used.", required: false);
        var outFile = CommonOptions.Path("--out", "Weights file to make (.safetensors).");
        var work = CommonOptions.Path("--work", "Folder for checkpoints and training.jsonl. Default: --out with the ending .checkpoints.", required: false);
        var preset = TrainVerb.PresetOption();
        var width = Number("--width", "Channels of the first level; must be the self-SR network's.");
        var iterations = Number("--iterations", "Iterations.");
        var batch = Number("--batch", "Clips per iteration.");
        var patch = Number("--patch", "Side of the crops in pixels, a multiple of 8.");
        var axis = CommonOptions.Axis();
        var fold = new Option<int?>("--fold") { Description = "Leave out this fold's validation cases, as 'train --fold' does." };
        var folds = new Option<int>("--folds") { Description = "Number of folds (nnU-Net's split).", DefaultValueFactory = _ => 5 };
        var seed = new Option<int>("--seed") { Description = "Seed of every random choice.", DefaultValueFactory = _ => 1 };
        var resume = new Option<bool>("--resume") { Description = "Continue from the checkpoint." };
        var gpu = new Option<int?>("--gpu") { Description = "GPU to train on. Default: the CPU." };
        var set = new Option<string[]>("--set") { Description = "Override an option of the preset, frames.option=value, for example frames.outputs=3. Repeatable." };
        var command = new Command("pretrain-frames", "Train the self-SR backbone on frame interpolation; the result is a weights file to start self-SR from.")
            { frames, volumes, outFile, work, preset, width, iterations, batch, patch, axis, fold, folds, seed, resume, gpu, set };
        command.OnRun((parse, console, cancel) =>
        {
            var (film, volume) = (parse.GetValue(frames), parse.GetValue(volumes));
            if (film is null == volume is null) throw new UsageException("Give either --frames or --volumes.");
            if (film is not null && (parse.GetValue(fold) is not null || parse.GetValue(axis) is not null)) throw new UsageException("--fold and --axis belong to --volumes.");
            string file = Path.GetFullPath(parse.GetRequiredValue(outFile));
            var numbers = FramePretrainingPreset.Named(parse.GetValue(preset)!).Options;
            numbers = numbers with
            {
                Width = parse.GetValue(width) ?? numbers.Width, Iterations = parse.GetValue(iterations) ?? numbers.Iterations, BatchSize = parse.GetValue(batch) ?? numbers.BatchSize,
                PatchSize = parse.GetValue(patch) ?? numbers.PatchSize, Axis = CommonOptions.ParseAxis(parse.GetValue(axis)), Seed = parse.GetValue(seed), GpuDeviceId = parse.GetValue(gpu),
                CheckpointDirectory = Path.GetFullPath(parse.GetValue(work) ?? Path.ChangeExtension(file, ".checkpoints")), Resume = parse.GetValue(resume),
                Progress = console, Log = console.Info, Warn = console.Warn, CancellationToken = cancel,
            };
            var options = OptionOverrides.Apply(numbers, parse.GetValue(set) ?? []);
            TorchRuntime.EnsureLoaded();
            TorchRuntime.KeepMemory();
            var result = film is not null
                ? FramePretrainer.TrainOnFrames(film, file, options)
                : FramePretrainer.TrainOnVolumes(Cases(volume!, parse.GetValue(fold), parse.GetValue(folds)).Select(c => (c.Id, c.ReadImage())), file, options);
            console.Info($"{result.File}");
            console.Result(result, () => Table(result));
            return CommandLine.Done;
        });
        return command;
    }

    /// <summary>The volumes; with a fold its training cases alone.</summary>
    internal static IReadOnlyList<MedicalCase> Cases(string volumes, int? fold, int folds)
    {
        if (folds < 2) throw new UsageException($"--folds is {folds}; it must be at least 2.");
        if (fold is { } k && (k < 0 || k >= folds)) throw new UsageException($"--fold is {k}; it must be 0 to {folds - 1}.");
        var cases = CaseFiles.Find(volumes, option: "--volumes");
        if (fold is null) return cases;
        var training = CrossValidationFolds.Split(cases.Select(c => c.Id), folds)[fold.Value].Train.ToHashSet(StringComparer.Ordinal);
        return [.. cases.Where(c => training.Contains(c.Id))];
    }

    static Option<int?> Number(string name, string description) => new(name) { Description = description + " Default: the preset's." };

    static Table Table(FramePretrainingResult result)
    {
        var table = new Table().AddColumns("films", "clips", "held-out films", "PSNR", "PSNR of the average frame");
        string Decibel(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
        return table.AddRow($"{result.Films}", $"{result.Clips}", $"{result.HeldOutFilms}", Decibel(result.Psnr), Decibel(result.LinearPsnr));
    }
}
