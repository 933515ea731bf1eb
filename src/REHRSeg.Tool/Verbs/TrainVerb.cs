using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg train</c>: both stages from thick images and thick labels alone, as one ML.NET pipeline.</summary>
internal static class TrainVerb
{
    public static Option<string> PresetOption(string standard = "cpu")
    {
        var preset = new Option<string>("--preset") { Description = "tiny (seconds, to see that it runs), demo (minutes), cpu (about an hour on 2 cores) or paper (a GPU).", DefaultValueFactory = _ => standard };
        preset.AcceptOnlyFromAmong("tiny", "demo", "cpu", "paper");
        return preset;
    }

    public static Command Create()
    {
        var dataset = CommonOptions.Path("--dataset", "Thick-slice dataset (Decathlon or nnU-Net v2 layout).");
        var outDir = CommonOptions.Path("--out", "Run folder: model.zip, segmentation.onnx, selfsr.onnx, plan.json, splits.json, training.jsonl, checkpoints/.");
        var factor = CommonOptions.Factor();
        var axis = CommonOptions.Axis();
        var thickness = CommonOptions.SliceThickness();
        var preset = PresetOption();
        var fold = new Option<int?>("--fold") { Description = "Hold out this fold's validation cases, 0 to folds - 1; they are measured while training (--set segmentation.validationInterval=0: not). Default: train on all cases." };
        var folds = new Option<int>("--folds") { Description = "Number of folds (nnU-Net's split).", DefaultValueFactory = _ => 5 };
        var seed = new Option<int>("--seed") { Description = "Seed of every random choice.", DefaultValueFactory = _ => 1 };
        var resume = new Option<bool>("--resume") { Description = "Continue from the run folder's checkpoints." };
        var only = new Option<string?>("--only") { Description = "selfsr: train self-super-resolution alone. --resume without --only goes on to the segmenter." };
        only.AcceptOnlyFromAmong("selfsr");
        var gpu = new Option<int?>("--gpu") { Description = "GPU to train on. Default: the CPU." };
        var set = new Option<string[]>("--set") { Description = "Override an option of the preset, stage.option=value, for example selfsr.width=32. Repeatable." };
        var command = new Command("train", "Train self-super-resolution and segmentation.") { dataset, outDir, factor, axis, thickness, preset, fold, folds, seed, resume, only, gpu, set };
        var pretrained = new PretrainedOptions(command);
        command.OnRun((parse, console, cancel) =>
        {
            int? held = parse.GetValue(fold);
            int count = parse.GetValue(folds);
            if (count < 2) throw new UsageException($"--folds is {count}; it must be at least 2.");
            if (held is { } k && (k < 0 || k >= count)) throw new UsageException($"--fold is {k}; it must be 0 to {count - 1}.");
            return Run(console, new TrainingRequest
            {
                Dataset = CaseFiles.Dataset(parse.GetRequiredValue(dataset)),
                Run = new RunFolder(Path.GetFullPath(parse.GetRequiredValue(outDir))),
                Preset = WithThickness(pretrained.Apply(parse, OptionOverrides.Apply(TrainingPreset.Named(parse.GetValue(preset)!), parse.GetValue(set) ?? [])), parse.GetValue(thickness)),
                Factor = parse.GetValue(factor), Axis = CommonOptions.ParseAxis(parse.GetValue(axis)),
                Fold = held, Folds = count, Seed = parse.GetValue(seed), Resume = parse.GetValue(resume), SelfSrOnly = parse.GetValue(only) is not null, Gpu = parse.GetValue(gpu),
            }, cancel);
        });
        return command;
    }

    static TrainingPreset WithThickness(TrainingPreset preset, double? thickness) =>
        thickness is { } mm ? preset with { SelfSr = preset.SelfSr with { SliceThickness = mm } } : preset;

    public static int Run(ToolConsole console, TrainingRequest request, CancellationToken cancel)
    {
        var run = request.Run;
        string? pretrained = PretrainedFlavr.Read(request.Preset.SelfSr)?.Hash;
        if (request.Fold is null && request.Preset.Segmentation is { KeepBest: true } or { Patience: not null } or { ChoosePostProcessing: true })
            throw new UsageException("--set segmentation.keepBest, segmentation.patience and segmentation.choosePostProcessing choose by held-out cases: give --fold, or leave them out.");
        RequireUsable(run, request.Resume);
        using var held = OutputFolder.Lock(run.Path);
        if (request.SelfSrOnly && File.Exists(run.SegmentationOnnx))
            throw new UsageException($"--only selfsr: {run.Path} holds a whole training already, and its model.zip would lose the segmenter. Leave --only out, or choose another --out.");
        var report = CheckVerb.Run(console, request.Dataset, request.Factor, request.Axis, cancel);
        if (report.Problems.Count > 0) return CommandLine.Failed;
        if (!request.SelfSrOnly && report.Cases.All(c => c.LabelVoxels.Keys.All(value => value == 0)))
            throw new DatasetException($"--dataset {request.Dataset.Directory} has {(request.Dataset.HasLabels ? "no voxel that is annotated" : "no label maps")}: the segmenter has nothing to learn from. Add label maps, or train super-resolution of the images with --only selfsr.");
        var ids = request.Dataset.Cases.Select(c => c.Id).ToArray();
        var folds = request.Fold is null ? [] : CrossValidationFolds.Split(ids, request.Folds);
        var training = request.Fold is { } k ? folds[k].Train.ToHashSet() : [.. ids];
        var plan = TrainingPlan.Create(request.Dataset, report with { Cases = [.. report.Cases.Where(c => training.Contains(c.Id))] }, request.Preset, request.Factor) with { SelfSrOnly = request.SelfSrOnly };
        request.Preset.SelfSr.MakeProfile(plan.Factor, plan.SliceSpacing); // refuses a thickness that does not go with the spacing
        var config = JsonSerializer.SerializeToNode(new
        {
            dataset = request.Dataset.Directory, preset = request.Preset.Name, request.Factor, axis = request.Axis?.ToString(), request.Fold, request.Folds, request.Seed, only = request.SelfSrOnly ? "selfsr" : null,
            pretrained, pretrainedFile = request.Preset.SelfSr.PretrainedWeights,
            selfSr = OptionOverrides.Snapshot(request.Preset.SelfSr), smore = OptionOverrides.Snapshot(request.Preset.SelfSr.Smore), segmentation = OptionOverrides.Snapshot(request.Preset.Segmentation),
        }, ToolConsole.JsonForm)!.AsObject();
        string splits = JsonSerializer.Serialize(folds, ToolConsole.JsonForm);
        if (run.HoldsWork) RequireSameSetting(run, config, splits);
        AtomicFile.WriteText(run.Splits, splits);
        AtomicFile.WriteText(run.Config, config.ToJsonString(ToolConsole.JsonForm));
        foreach (var (key, value) in plan.Describe()) console.Info($"{key,-24} {value}");
        if (pretrained is not null) console.Info($"{"pretrained",-24} {request.Preset.SelfSr.PretrainedWeights} (stem {request.Preset.SelfSr.PretrainedStem})");
        var stages = run.WriteStages(TrainingRun.Execute(console, request, training, plan, cancel));
        foreach (var s in stages) console.Info($"{s.Name,-24} {TimeSpan.FromSeconds(s.Seconds):h\\:mm\\:ss}   peak {s.PeakMegabytes:0} MB");
        console.Result(new { run = run.Path, cases = training.Count, stages });
        return CommandLine.Done;
    }

    static void RequireUsable(RunFolder run, bool resume)
    {
        OutputFolder.RequireWritable(run.Path);
        if (!resume && run.HoldsWork) throw new IOException($"--out {run.Path} already holds a run. Continue it with --resume, or choose another folder.");
    }

    /// <summary>A run goes on only with the cases, fold, factor, axis and pretrained weights that it began with: its stages would else learn from different cases, held-out ones among them.</summary>
    static void RequireSameSetting(RunFolder run, JsonObject config, string splits)
    {
        if (!File.Exists(run.Config) || !File.Exists(run.Splits)) return;
        var begun = JsonNode.Parse(File.ReadAllText(run.Config))!;
        foreach (string name in (string[])["fold", "folds", "factor", "axis", "pretrained"])
            if (!JsonNode.DeepEquals(begun[name], config[name]))
                throw new UsageException($"--resume: {run.Config} was begun with {name} {begun[name]?.ToJsonString() ?? "not given"}, this command has {config[name]?.ToJsonString() ?? "none"}. Repeat the first command, or choose another --out.");
        if (File.ReadAllText(run.Splits) != splits)
            throw new UsageException($"--resume: the cases of --dataset are not those that {run.Splits} was made from. Restore the dataset, or choose another --out.");
    }
}

/// <summary>Everything that <c>train</c> was asked for.</summary>
internal sealed record TrainingRequest
{
    public required MedicalDataset Dataset { get; init; }
    public required RunFolder Run { get; init; }
    public required TrainingPreset Preset { get; init; }
    public int? Factor { get; init; }
    public SliceAxis? Axis { get; init; }
    public int? Fold { get; init; }
    public int Folds { get; init; } = 5;
    public int Seed { get; init; } = 1;
    public bool Resume { get; init; }
    /// <summary>Stage 1 alone.</summary>
    public bool SelfSrOnly { get; init; }
    public int? Gpu { get; init; }
}
