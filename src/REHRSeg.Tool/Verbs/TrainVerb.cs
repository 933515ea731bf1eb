using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg train</c>: both stages from thick images and thick labels alone, as one ML.NET pipeline; or one of the baselines.</summary>
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
        var method = new Option<string?>("--method") { Description = "rehrseg, or a baseline: nnunet (thick labels alone), nnunet2d (also slice by slice on the interpolated image), nnunet-interpolated (on interpolated volumes), fully-supervised (on thin truth, for experiments). Default: rehrseg." };
        method.AcceptOnlyFromAmong(MethodNames.Names);
        var allowHr = new Option<bool>("--allow-hr-labels") { Description = "Let --method fully-supervised learn from the thin truth in the dataset's folder hr, for experiments." };
        var cache = new Option<string?>("--cache") { Description = "Folder for prepared cases, kept for later trainings. Default: memory; where they would take more than a quarter of it, RUN/cache until the training has finished." };
        var set = new Option<string[]>("--set") { Description = "Override an option of the preset, stage.option=value, for example selfsr.width=32. Repeatable." };
        var command = new Command("train", "Train self-super-resolution and segmentation.") { dataset, outDir, factor, axis, thickness, preset, method, allowHr, fold, folds, seed, resume, only, gpu, cache, set };
        var pretrained = new PretrainedOptions(command);
        var planning = new PlanningOptions(command);
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
                Preset = WithMethod(WithThickness(planning.Apply(parse, pretrained.Apply(parse, OptionOverrides.Apply(TrainingPreset.Named(parse.GetValue(preset)!), parse.GetValue(set) ?? []))), parse.GetValue(thickness)), parse.GetValue(method)),
                AllowHrLabels = parse.GetValue(allowHr),
                Factor = parse.GetValue(factor), Axis = CommonOptions.ParseAxis(parse.GetValue(axis)),
                Fold = held, Folds = count, Seed = parse.GetValue(seed), Resume = parse.GetValue(resume), SelfSrOnly = parse.GetValue(only) is not null, Gpu = parse.GetValue(gpu),
                Cache = parse.GetValue(cache) is { } folder ? Path.GetFullPath(folder) : null,
            }, cancel);
        });
        return command;
    }

    static TrainingPreset WithThickness(TrainingPreset preset, double? thickness) =>
        thickness is { } mm ? preset with { SelfSr = preset.SelfSr with { SliceThickness = mm } } : preset;

    static TrainingPreset WithMethod(TrainingPreset preset, string? method) =>
        method is null ? preset : preset with { Segmentation = preset.Segmentation with { Method = MethodNames.Parse(method) } };

    public static int Run(ToolConsole console, TrainingRequest request, CancellationToken cancel)
    {
        MethodNames.Check(request);
        var run = request.Run;
        string? pretrained = PretrainedFlavr.Read(request.Preset.SelfSr)?.Hash;
        if (request.Fold is null && request.Preset.Segmentation is { KeepBest: true } or { Patience: not null } or { ChoosePostProcessing: true } or { CalibrateProbabilities: true })
            throw new UsageException("--set segmentation.keepBest, segmentation.patience, segmentation.choosePostProcessing and segmentation.calibrateProbabilities choose by held-out cases: give --fold, or leave them out.");
        var checkpoint = request.SelfSrOnly ? null : NnUNetCheckpoint.Read(request.Preset.Segmentation);
        RequireUsable(run, request.Resume);
        if (request.Cache is { } cache) OutputFolder.RequireWritable(cache, "--cache");
        using var held = OutputFolder.Lock(run.Path);
        if (request.SelfSrOnly && File.Exists(run.SegmentationOnnx))
            throw new UsageException($"--only selfsr: {run.Path} holds a whole training already, and its model.zip would lose the segmenter. Leave --only out, or choose another --out.");
        var segmenter = new SegmenterPlan(request.Dataset, request.Seed);
        var report = CheckVerb.Run(console, request.Dataset, request.Factor, request.Axis, cancel, segmenter);
        if (report.Problems.Count > 0) return CommandLine.Failed;
        if (!request.SelfSrOnly && !report.HasForeground)
            throw new DatasetException($"--dataset {request.Dataset.Directory} has {(request.Dataset.HasLabels ? "no voxel that is annotated" : "no label maps")}: the segmenter has nothing to learn from. Add label maps, or train super-resolution of the images with --only selfsr.");
        var ids = request.Dataset.Cases.Select(c => c.Id).ToArray();
        var folds = request.Fold is null ? [] : CrossValidationFolds.Split(ids, request.Folds);
        var training = request.Fold is { } k ? folds[k].Train.ToHashSet() : [.. ids];
        var plan = TrainingPlan.Create(request.Dataset, report with { Cases = [.. report.Cases.Where(c => training.Contains(c.Id))] }, request.Preset, request.Factor) with { SelfSrOnly = request.SelfSrOnly };
        WarnOfHeldOutLabels(console, request, report, training);
        var network = request.SelfSrOnly ? null : segmenter.Make(training, request.Preset.Segmentation, plan, checkpoint, request.Gpu is not null, request.Resume ? run.Path : null, console.Warn);
        request.Preset.SelfSr.MakeProfile(plan.Factor, plan.SliceSpacing); // refuses a thickness that does not go with the spacing
        var source = request.Method == SegmentationMethod.FullySupervised ? ThinTruth.Open(request.Dataset, [.. report.Cases.Where(c => training.Contains(c.Id))], plan.Factor) : request.Dataset;
        var config = JsonSerializer.SerializeToNode(new
        {
            method = MethodNames.NameOf(request.Method),
            dataset = request.Dataset.Directory, preset = request.Preset.Name, request.Factor, axis = request.Axis?.ToString(), request.Fold, request.Folds, request.Seed, only = request.SelfSrOnly ? "selfsr" : null,
            pretrained, pretrainedFile = request.Preset.SelfSr.PretrainedWeights,
            memory = request.Preset.Segmentation.MemoryBudget, nnunetCheckpoint = checkpoint?.Hash, nnunetCheckpointFile = request.Preset.Segmentation.PretrainedNnUNet,
            nnunetPlans = request.Preset.Segmentation.NnUNetPlans is { } plans ? NnUNetPlansFile.Hash(plans) : null, nnunetPlansFile = request.Preset.Segmentation.NnUNetPlans, nnunetConfiguration = request.Preset.Segmentation.NnUNetConfiguration,
            selfSr = OptionOverrides.Snapshot(request.Preset.SelfSr), smore = OptionOverrides.Snapshot(request.Preset.SelfSr.Smore), segmentation = OptionOverrides.Snapshot(request.Preset.Segmentation),
        }, ToolConsole.JsonForm)!.AsObject();
        string splits = JsonSerializer.Serialize(folds, ToolConsole.JsonForm);
        if (run.HoldsWork) RequireSameSetting(run, config, splits);
        AtomicFile.WriteText(run.Splits, splits);
        AtomicFile.WriteText(run.Config, config.ToJsonString(ToolConsole.JsonForm));
        foreach (var (key, value) in plan.Describe()) console.Info($"{key,-24} {value}");
        if (network is not null) foreach (var (key, value) in PlanDescription.Lines(network)) console.Info($"{"segmenter: " + key,-24} {value}");
        if (checkpoint is not null) console.Info($"{"nnU-Net checkpoint",-24} {request.Preset.Segmentation.PretrainedNnUNet}");
        if (pretrained is not null) console.Info($"{"pretrained",-24} {request.Preset.SelfSr.PretrainedWeights} (stem {request.Preset.SelfSr.PretrainedStem})");
        var stages = run.WriteStages(TrainingRun.Execute(console, request with { Dataset = source }, training, plan, cancel));
        foreach (var s in stages) console.Info($"{s.Name,-24} {TimeSpan.FromSeconds(s.Seconds):h\\:mm\\:ss}   peak {s.PeakMegabytes:0} MB");
        console.Result(new { run = run.Path, cases = training.Count, stages });
        return CommandLine.Done;
    }

    static void RequireUsable(RunFolder run, bool resume)
    {
        OutputFolder.RequireWritable(run.Path);
        if (!resume && run.HoldsWork) throw new IOException($"--out {run.Path} already holds a run. Continue it with --resume, or choose another folder.");
    }

    /// <summary>Labels that occur in the dataset, but only in the cases that the fold holds out. (Labels in no case at all are named by the check.)</summary>
    static void WarnOfHeldOutLabels(ToolConsole console, TrainingRequest request, DatasetReport report, HashSet<string> training)
    {
        foreach (var label in request.Dataset.Labels.Where(l => l.Value != 0))
        {
            string[] with = [.. report.Cases.Where(c => c.LabelVoxels.ContainsKey(label.Value)).Select(c => c.Id)];
            if (with.Length > 0 && !with.Any(training.Contains))
                console.Warn($"--fold {request.Fold}: label {label.Value} ({label.Name}) occurs in none of the {training.Count} training cases, only in held-out ones ({string.Join(", ", with.Take(5))}); it cannot be learnt. Take another fold, or more cases.");
        }
    }

    /// <summary>A run goes on only with the method, cases, fold, factor, axis, memory and weights of others that it began with: its stages would else learn from different cases, held-out ones among them.</summary>
    static void RequireSameSetting(RunFolder run, JsonObject config, string splits)
    {
        if (!File.Exists(run.Config) || !File.Exists(run.Splits)) return;
        var begun = JsonNode.Parse(File.ReadAllText(run.Config))!;
        begun["method"] ??= MethodNames.NameOf(SegmentationMethod.RehrSeg); // runs before there were others
        foreach (string name in (string[])["method", "fold", "folds", "factor", "axis", "pretrained", "memory", "nnunetCheckpoint", "nnunetPlans", "nnunetConfiguration"])
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
    /// <summary>Thin labels may be learnt from: for experiments.</summary>
    public bool AllowHrLabels { get; init; }
    public SegmentationMethod Method => Preset.Segmentation.Method;
    public int? Gpu { get; init; }
    /// <summary>Folder for prepared cases; null: see <see cref="RehrSegOptions.CacheDirectory"/>.</summary>
    public string? Cache { get; init; }
}
