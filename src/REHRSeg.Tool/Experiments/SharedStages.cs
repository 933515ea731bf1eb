using System.Text.Json;
using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>
/// What several cells of a fold can share: frame pretraining, SMORE, self-SR, the pseudo data's thin volumes, the nnU-Net phase, and the held-out cases' thin volumes. Each is trained or
/// made once for all cells whose options agree in what it depends on.
/// </summary>
internal sealed class SharedStages(ToolConsole console, ExperimentRequest request, ExperimentData data, CancellationToken cancel)
{
    /// <summary>Options of fine-tuning: the nnU-Net phase does not depend on them.</summary>
    public static IReadOnlySet<string> FineTuning { get; } = new HashSet<string>
    {
        nameof(RehrSegOptions.FineTuneIterations), nameof(RehrSegOptions.FineTuneLearningRate), nameof(RehrSegOptions.HrHeadLearningRate), nameof(RehrSegOptions.FineTuneClipNorm),
        nameof(RehrSegOptions.UsePseudoData), nameof(RehrSegOptions.UseUncertainty), nameof(RehrSegOptions.UseDistillation), nameof(RehrSegOptions.Distillation), nameof(RehrSegOptions.TeacherLayer),
        nameof(RehrSegOptions.LrLossWeight), nameof(RehrSegOptions.LrDiceWeight), nameof(RehrSegOptions.HrLossWeight), nameof(RehrSegOptions.DistillationWeight), nameof(RehrSegOptions.CorrelationWeight),
        nameof(RehrSegOptions.CosineWeight), nameof(RehrSegOptions.RealFraction), nameof(RehrSegOptions.InterpolatedLabels), nameof(RehrSegOptions.CalibrateProbabilities),
    };

    string Root => request.StagesDir ?? new ExperimentFolder(request.OutDir).Stages;

    /// <summary>FLAVR weights from frame interpolation on the planes of the training cases: <c>flavr.safetensors</c>.</summary>
    public StageFolder Frames(ExperimentUnit unit) => Make("frames", unit.Fold, new { options = OptionOverrides.Snapshot(unit.Options.Frames), unit.Options.Preset.SelfSr.Width }).Ensure(console, cancel, stage =>
    {
        TorchRuntime.EnsureLoaded();
        TorchRuntime.KeepMemory();
        string checkpoints = stage.File("checkpoints");
        FramePretrainer.TrainOnVolumes(TrainingCasesOf(unit.Fold).Select(c => (c.Id, c.ReadImage())), stage.File("flavr.safetensors"), unit.Options.Frames with
        {
            Width = unit.Options.Preset.SelfSr.Width, Axis = Axis(unit), Seed = request.Seed, GpuDeviceId = request.Gpu, CheckpointDirectory = checkpoints,
            Resume = Directory.Exists(checkpoints), Progress = console, Log = console.Info, Warn = console.Warn, CancellationToken = cancel,
        });
    });

    /// <summary>The SMORE network: <c>smore.safetensors</c>.</summary>
    public StageFolder Smore(ExperimentUnit unit) => Make("smore", unit.Fold, new { smore = OptionOverrides.Snapshot(unit.Options.Preset.SelfSr.Smore), selfSr = OptionOverrides.Snapshot(unit.Options.Preset.SelfSr) }).Ensure(console, cancel, stage =>
    {
        TorchRuntime.EnsureLoaded();
        TorchRuntime.KeepMemory();
        TrainingCase[] cases = [.. TrainingCasesOf(unit.Fold).Select(c =>
        {
            var (image, label) = c.ReadPair(data.Thick.Labels);
            return new TrainingCase(c.Id, image, label);
        })];
        using var model = SmoreTrainer.Train(cases, unit.Options.Preset.SelfSr with
        {
            Factor = Plan(unit).Factor, Axis = Axis(unit), Labels = data.Thick.Labels, Seed = request.Seed, GpuDeviceId = request.Gpu, CheckpointDirectory = stage.Path, Resume = true, Progress = console, CancellationToken = cancel,
        }, console.Info);
        AtomicFile.Write(stage.File("smore.safetensors"), model.Save);
    });

    /// <summary>A run folder with self-SR alone.</summary>
    public StageFolder SelfSr(ExperimentUnit unit)
    {
        var smore = unit.Options.Preset.SelfSr.Seeds == SeedMode.Smore ? Smore(unit) : null;
        var frames = unit.Cell.Pretrained ? Frames(unit) : null;
        return Make("selfsr", unit.Fold, new { options = OptionOverrides.Snapshot(unit.Options.Preset.SelfSr), smore = smore?.Name, frames = frames?.Name }).Ensure(console, cancel, stage =>
        {
            if (smore is not null) Checkpoint.Copy(smore.Path, stage.Path, TrainingStages.Smore);
            var selfSr = unit.Options.Preset.SelfSr;
            if (frames is not null) selfSr = selfSr with { PretrainedWeights = frames.File("flavr.safetensors"), PretrainedStem = PretrainedStem.SumOfRgb };
            if (TrainVerb.Run(console, Training(unit, stage.Path, unit.Options.Preset with { SelfSr = selfSr, Segmentation = unit.Options.Preset.Segmentation with { Method = SegmentationMethod.RehrSeg } }) with { SelfSrOnly = true }, cancel) != CommandLine.Done)
                throw new DatasetException($"{stage.Path}: the training failed; see above.");
        });
    }

    /// <summary>Thin images, labels and (of self-SR) uncertainty of the training cases.</summary>
    public StageFolder Pseudo(ExperimentUnit unit)
    {
        var (source, upstream) = Source(unit);
        return Make("pseudo", unit.Fold, new { source, upstream = upstream?.Name }).Ensure(console, cancel, stage =>
            SuperResolve(source, upstream, unit, [.. TrainingCasesOf(unit.Fold)], stage.Path, new()));
    }

    /// <summary>The same of the held-out cases, from their own thick labels, and whether U points at what is wrong in them: for the report, never for training.</summary>
    public StageFolder Thin(ExperimentUnit unit)
    {
        var (source, upstream) = Source(unit);
        return Make("thin", unit.Fold, new { source, upstream = upstream?.Name }).Ensure(console, cancel, stage =>
        {
            SuperResolve(source, upstream, unit, data.HeldOut(unit.Fold), stage.Path, new());
            if (source == "selfsr") AtomicFile.WriteText(stage.File("uncertainty.json"), JsonSerializer.Serialize(StudyUncertainty(unit, stage), ToolConsole.JsonForm));
        });
    }

    UncertaintyResult StudyUncertainty(ExperimentUnit unit, StageFolder thin)
    {
        var study = new UncertaintyStudy();
        var made = CaseFiles.Find(thin.File("images"), thin.File("labels"), "thin volumes").ToDictionary(c => c.Id);
        foreach (var c in data.HeldOut(unit.Fold))
        {
            cancel.ThrowIfCancellationRequested();
            var ((image, label), (trueImage, truth)) = (made[c.Id].ReadPair(data.Thick.Labels), data.Thin[c.Id].ReadPair(data.Thick.Labels));
            study.Add(label, truth, VolumeFile.Read(thin.File("uncertainty", c.Id + ".nii.gz")), image, trueImage);
        }
        return study.Finish();
    }

    /// <summary>The nnU-Net phase: checkpoint and <c>baseline.onnx</c>.</summary>
    public StageFolder NnUNet(ExperimentUnit unit)
    {
        var options = OptionOverrides.Snapshot(unit.Options.Preset.Segmentation).Where(o => !FineTuning.Contains(o.Key)).ToDictionary();
        options[nameof(RehrSegOptions.Method)] = nameof(SegmentationMethod.RehrSeg); // plans the HR head, which this phase does not train
        return Make("nnunet", unit.Fold, options).Ensure(console, cancel, stage =>
        {
            var preset = unit.Options.Preset with { Segmentation = unit.Options.Preset.Segmentation with { Method = SegmentationMethod.RehrSeg } };
            using var setting = new TrainingSetting(console, Training(unit, stage.Path, preset), data.Training(unit.Fold), Plan(unit), cancel);
            using var model = setting.Context.Transforms.RehrSeg(setting.Segmentation()).Fit(setting.Cases()).Model;
            setting.Clock.Finish();
            new RunFolder(stage.Path).WriteStages(setting.Clock.Stages);
        });
    }

    /// <summary>Thin volumes of cases by a super-resolution method, in images/, labels/ and uncertainty/.</summary>
    /// <param name="source">nearest, spline, spline-sdf, smore or selfsr.</param>
    /// <param name="upstream">The trained method's stage.</param>
    /// <param name="unit">For factor and axis.</param>
    /// <param name="cases">With their thick labels.</param>
    /// <param name="folder">Where the results go.</param>
    /// <param name="settings">How a model is applied.</param>
    public void SuperResolve(string source, StageFolder? upstream, ExperimentUnit unit, IReadOnlyList<MedicalCase> cases, string folder, SuperResolverSettings settings)
    {
        string model = source switch { "smore" => upstream!.File("smore.safetensors"), "selfsr" => upstream!.Path, _ => source };
        using var resolver = SuperResolver.Open(model, upstream is null ? Plan(unit).Factor : null, settings);
        foreach (var group in cases.GroupBy(c => data.AxisOf(c.Id)))
            if (SuperResolveVerb.Run(console, resolver, [.. group], folder, group.Key, cancel) != CommandLine.Done) throw new DatasetException($"{source}: not every case could be super-resolved; see above.");
    }

    /// <summary>The method that makes a unit's thin volumes, trained if it needs to be.</summary>
    public (string Method, StageFolder? Upstream) Source(ExperimentUnit unit)
    {
        string method = unit.Cell.Task == CellTask.SuperResolution ? unit.Cell.Method : unit.Cell.PseudoSource;
        return (method, method switch { "selfsr" => SelfSr(unit), "smore" => Smore(unit), _ => null });
    }

    public TrainingPlan Plan(ExperimentUnit unit) => data.Plan(unit.Fold, unit.Options.Preset);

    public SliceAxis? Axis(ExperimentUnit unit) => request.Axis ?? Plan(unit).Axis;

    /// <summary>A training of this unit in a folder; it goes on where the folder was left.</summary>
    public TrainingRequest Training(ExperimentUnit unit, string folder, TrainingPreset preset) => new()
    {
        Dataset = data.Thick, Run = new(folder), Preset = preset, Factor = request.Factor, Axis = request.Axis, Fold = unit.Fold, Folds = data.Folds, Seed = request.Seed, Resume = true, Gpu = request.Gpu,
    };

    IEnumerable<MedicalCase> TrainingCasesOf(int fold)
    {
        var ids = data.Training(fold);
        return data.Thick.Cases.Where(c => ids.Contains(c.Id));
    }

    StageFolder Make(string kind, int fold, object options) => new(Root, kind, fold, new { dataset = data.Hash, training = data.Training(fold).Order(StringComparer.Ordinal), request.Seed, request.Factor, axis = request.Axis?.ToString(), gpu = request.Gpu is null ? (bool?)null : true, options });
}
