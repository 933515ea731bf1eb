using System.Text.Json;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>What <c>experiment table2</c> was asked for.</summary>
internal sealed record Table2Request
{
    /// <summary>Thick dataset of <c>rehrseg simulate</c>: its folder <c>hr</c> holds the thin truth.</summary>
    public required MedicalDataset Dataset { get; init; }
    public required string OutDir { get; init; }
    public required TrainingPreset Preset { get; init; }
    /// <summary>Pretraining of the last method.</summary>
    public required FramePretrainingOptions Frames { get; init; }
    public int? Factor { get; init; }
    public SliceAxis? Axis { get; init; }
    public int Fold { get; init; }
    public int Folds { get; init; } = 5;
    public int Seed { get; init; } = 1;
    public int? Gpu { get; init; }
}

/// <summary>
/// The paper's Table 2 on any data: thin images and labels by spline and morphological interpolation, by SMORE, by self-SR from scratch, and by self-SR from weights that
/// were pretrained on frame interpolation; signed-distance labels beside the morphological ones, because they are better here. Every method sees the fold's training cases alone and is scored on its validation cases; learned methods also with their
/// results made consistent with the thick input, and averaged over mirror images. One folder for each method; finished ones are not run again.
/// </summary>
internal sealed class Table2Experiment
{
    const string Spline = "spline + morphological", SignedDistance = "spline + signed distance", Smore = "SMORE", Scratch = "self-SR from scratch", Ours = "self-SR pretrained", Consistent = ", consistent", Mirrored = ", consistent, mirrored";

    readonly ToolConsole _console;
    readonly Table2Request _request;
    readonly CancellationToken _cancel;
    readonly IReadOnlyList<MedicalCase> _held;
    readonly HashSet<string> _training;
    readonly TrainingPlan _plan;
    readonly string _truth;

    public Table2Experiment(ToolConsole console, Table2Request request, CancellationToken cancel)
    {
        (_console, _request, _cancel) = (console.WithoutResults(), request, cancel);
        _truth = Path.Combine(request.Dataset.Directory, "hr");
        if (!File.Exists(Path.Combine(_truth, "dataset.json")))
            throw new DatasetException($"{request.Dataset.Directory} has no folder hr with the thin truth, so nothing can be scored. Make the dataset with 'rehrseg simulate'.");
        OutputFolder.RequireWritable(request.OutDir);
        var report = CheckVerb.Run(_console, request.Dataset, request.Factor, request.Axis, cancel);
        if (report.Problems.Count > 0) throw new DatasetException($"{request.Dataset.Directory} has {report.Problems.Count} problem(s), listed above. Repair them first.");
        var fold = CrossValidationFolds.Split(request.Dataset.Cases.Select(c => c.Id), request.Folds)[request.Fold];
        _training = fold.Train.ToHashSet();
        _held = [.. request.Dataset.Cases.Where(c => fold.Validation.Contains(c.Id))];
        _plan = TrainingPlan.Create(request.Dataset, report with { Cases = [.. report.Cases.Where(c => _training.Contains(c.Id))] }, request.Preset, request.Factor) with { SelfSrOnly = true };
    }

    /// <summary>Runs what is not finished, and writes <c>table2.csv</c> and <c>table2.md</c>.</summary>
    public Table2Result Run()
    {
        using var only = OutputFolder.Lock(_request.OutDir);
        foreach (var (key, value) in _plan.Describe()) _console.Info($"{key,-24} {value}");
        _console.Info($"{"held out",-24} {_held.Count} cases of fold {_request.Fold}");
        SuperResolverSettings plain = new() { Consistency = SliceConsistency.None }, consistent = new() { Consistency = SliceConsistency.Both }, mirrored = consistent with { Ensemble = WindowEnsemble.Mirror };
        CellResult[] cells =
        [
            Cell("spline", Spline, "spline", plain, () => { }),
            Cell("spline-sdf", SignedDistance, "spline-sdf", plain, () => { }),
            Cell("spline-sdf-consistent", SignedDistance + Consistent, "spline-sdf", new() { Consistency = SliceConsistency.Image }, () => { }),
            Cell("smore", Smore, "smore/smore.safetensors", plain, TrainSmore),
            Cell("smore-consistent", Smore + Consistent, "smore/smore.safetensors", consistent, TrainSmore),
            Cell("smore-mirrored", Smore + Mirrored, "smore/smore.safetensors", mirrored, TrainSmore),
            Cell("scratch", Scratch, "scratch/run", plain, () => TrainSelfSr("scratch/run", null)),
            Cell("scratch-consistent", Scratch + Consistent, "scratch/run", consistent, () => TrainSelfSr("scratch/run", null)),
            Cell("ours", Ours, "ours/run", plain, () => TrainSelfSr("ours/run", Pretrain())),
            Cell("ours-consistent", Ours + Consistent, "ours/run", consistent, () => TrainSelfSr("ours/run", Pretrain())),
            Cell("ours-mirrored", Ours + Mirrored, "ours/run", mirrored, () => TrainSelfSr("ours/run", Pretrain())),
        ];
        var scores = cells.SelectMany(c => c.Scores).ToArray();
        var table = ScoreTable.Of(scores,
        [
            (Scratch, Spline), (Scratch, SignedDistance), (Ours, Scratch), (Ours, Smore), (Ours + Consistent, Ours), (Ours + Consistent, SignedDistance + Consistent),
            (Ours + Consistent, Scratch + Consistent), (Ours + Consistent, Smore), (Ours + Consistent, Smore + Consistent), (Ours + Mirrored, Smore + Mirrored),
        ]);
        AtomicFile.WriteText(Path.Combine(_request.OutDir, "table2.md"), table.ToMarkdown());
        AtomicFile.WriteText(Path.Combine(_request.OutDir, "table2.csv"), "method,case,measure,value\n" + string.Concat(scores.Select(s => FormattableString.Invariant($"\"{s.Method}\",{s.Case},{s.Measure},{s.Value:R}\n"))));
        return new(_held.Count, table.Means, table.Comparisons, [.. cells.Select(c => new CellCost(c.Scores[0].Method, c.Seconds, c.PeakMegabytes))], table);
    }

    CellResult Cell(string name, string method, string model, SuperResolverSettings settings, Action train)
    {
        string folder = Path.Combine(_request.OutDir, name);
        string setting = JsonSerializer.Serialize(new
        {
            method, model, settings = settings.ToString(), _request.Fold, _request.Folds, _request.Seed, _plan.Factor, _plan.Axis, dataset = _request.Dataset.Directory, cases = _held.Select(c => c.Id),
            options = name.StartsWith("spline", StringComparison.Ordinal) ? null : Settings(name.StartsWith("ours", StringComparison.Ordinal)),
        });
        _console.Info($"-- {method}");
        return ExperimentCell.Run(folder, setting, () =>
        {
            train();
            bool interpolation = model.StartsWith("spline", StringComparison.Ordinal);
            using var resolver = SuperResolver.Open(interpolation ? model : Path.Combine(_request.OutDir, model), interpolation ? _plan.Factor : null, settings);
            if (SuperResolveVerb.Run(_console, resolver, _held, folder, _request.Axis ?? _plan.Axis, _cancel) != CommandLine.Done)
                throw new DatasetException($"{method}: not every case could be super-resolved; see above.");
        }, () => Score(folder, method));
    }

    object Settings(bool pretrained) => new
    {
        selfSr = OptionOverrides.Snapshot(_request.Preset.SelfSr), smore = OptionOverrides.Snapshot(_request.Preset.SelfSr.Smore),
        frames = pretrained ? OptionOverrides.Snapshot(_request.Frames) : null,
    };

    SelfSrOptions Options(string folder) => _request.Preset.SelfSr with
    {
        Factor = _plan.Factor, Axis = _request.Axis ?? _plan.Axis, Labels = _request.Dataset.Labels, Seed = _request.Seed, GpuDeviceId = _request.Gpu,
        CheckpointDirectory = folder, Resume = true, Progress = _console, CancellationToken = _cancel,
    };

    void TrainSmore()
    {
        string folder = Path.Combine(_request.OutDir, "smore"), file = Path.Combine(folder, "smore.safetensors");
        RequireSameOptions(folder, OptionOverrides.Snapshot(_request.Preset.SelfSr.Smore));
        if (File.Exists(file)) return;
        TorchRuntime.EnsureLoaded();
        TorchRuntime.KeepMemory();
        var cases = _request.Dataset.Cases.Where(c => _training.Contains(c.Id)).Select(c =>
        {
            var (image, label) = c.ReadPair(_request.Dataset.Labels);
            return new TrainingCase(c.Id, image, label);
        }).ToArray();
        using var model = SmoreTrainer.Train(cases, Options(folder), _console.Info);
        AtomicFile.Write(file, model.Save);
    }

    /// <summary>Frame interpolation on the planes of the training cases; one file for all that start from it.</summary>
    string Pretrain()
    {
        string folder = Path.Combine(_request.OutDir, "pretraining"), file = Path.Combine(folder, "flavr.safetensors");
        RequireSameOptions(folder, OptionOverrides.Snapshot(_request.Frames));
        if (File.Exists(file)) return file;
        TorchRuntime.EnsureLoaded();
        TorchRuntime.KeepMemory();
        FramePretrainer.TrainOnVolumes(_request.Dataset.Cases.Where(c => _training.Contains(c.Id)).Select(c => (c.Id, c.ReadImage())), file, _request.Frames with
        {
            Width = _request.Preset.SelfSr.Width, Axis = _request.Axis ?? _plan.Axis, Seed = _request.Seed, GpuDeviceId = _request.Gpu, CheckpointDirectory = Path.Combine(folder, "checkpoints"),
            Resume = Directory.Exists(Path.Combine(folder, "checkpoints")), Progress = _console, Log = _console.Info, Warn = _console.Warn, CancellationToken = _cancel,
        });
        return file;
    }

    void TrainSelfSr(string name, string? weights)
    {
        var run = new RunFolder(Path.Combine(_request.OutDir, name));
        RequireSameOptions(Path.GetDirectoryName(run.Path)!, Settings(weights is not null));
        if (File.Exists(run.Model)) return;
        var selfSr = _request.Preset.SelfSr with { PretrainedWeights = weights, PretrainedStem = PretrainedStem.SumOfRgb };
        if (selfSr.Seeds == SeedMode.Smore)
        {
            TrainSmore();
            Checkpoint.Copy(Path.Combine(_request.OutDir, "smore"), run.Path, TrainingStages.Smore);
        }
        var request = new TrainingRequest
        {
            Dataset = _request.Dataset, Run = run, Preset = _request.Preset with { SelfSr = selfSr }, Factor = _request.Factor, Axis = _request.Axis, Fold = _request.Fold, Folds = _request.Folds,
            Seed = _request.Seed, Resume = true, SelfSrOnly = true, Gpu = _request.Gpu,
        };
        if (TrainVerb.Run(_console, request, _cancel) != CommandLine.Done) throw new DatasetException($"{name}: training failed; see above.");
    }

    /// <summary>A folder's training belongs to the options that it was begun with.</summary>
    void RequireSameOptions(string folder, object options)
    {
        string file = Path.Combine(folder, "options.json"), text = JsonSerializer.Serialize(new { options, _request.Fold, _request.Folds, _request.Seed, _plan.Factor, _plan.Axis }, ToolConsole.JsonForm);
        Directory.CreateDirectory(folder);
        if (!File.Exists(file)) AtomicFile.WriteText(file, text);
        else if (File.ReadAllText(file) != text) throw new UsageException($"{file} holds other options than this command's: what is trained there does not belong to it. Repeat the first command, or choose another --out.");
    }

    IReadOnlyList<MethodScore> Score(string folder, string method)
    {
        var (images, labels) = (Evaluation.Run(Path.Combine(folder, "images"), Path.Combine(_truth, "imagesTr"), images: true, _console.Error, null, _cancel),
            Evaluation.Run(Path.Combine(folder, "labels"), Path.Combine(_truth, "labelsTr"), images: false, _console.Error, null, _cancel));
        if (images.Failed + labels.Failed > 0) throw new DatasetException($"{method}: {images.Failed + labels.Failed} result(s) could not be scored; see above.");
        return [.. images.Cases.Concat(labels.Cases).GroupBy(c => (c.Id, c.Measure)).Select(g =>
            new MethodScore(method, g.Key.Id, g.Key.Measure, g.Where(c => double.IsFinite(c.Value)).Select(c => c.Value).DefaultIfEmpty(double.NaN).Average()))];
    }
}

/// <summary>Wall time and peak memory of a method.</summary>
internal sealed record CellCost(string Method, double Seconds, double PeakMegabytes);

/// <summary>The experiment's result.</summary>
internal sealed record Table2Result(int Cases, IReadOnlyList<MethodMean> Means, IReadOnlyList<Comparison> Comparisons, IReadOnlyList<CellCost> Costs, [property: System.Text.Json.Serialization.JsonIgnore] ScoreTable Table);
