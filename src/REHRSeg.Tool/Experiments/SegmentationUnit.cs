using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>A segmentation cell on one fold: trains, predicts the held-out cases at LR and HR, scores.</summary>
internal sealed class SegmentationUnit(ToolConsole console, ExperimentUnit unit, UnitFolder folder, ExperimentData data, SharedStages stages, CancellationToken cancel)
{
    SegmentationMethod Method => MethodNames.Parse(unit.Cell.Method);

    /// <summary>Everything shared that the unit needs, by kind.</summary>
    public IReadOnlyDictionary<string, StageFolder> Prepare() => Method switch
    {
        SegmentationMethod.NnUNet => new Dictionary<string, StageFolder> { ["nnunet"] = stages.NnUNet(unit) },
        SegmentationMethod.RehrSeg when unit.Options.Preset.Segmentation.FineTunes => Inputs(),
        SegmentationMethod.RehrSeg => new Dictionary<string, StageFolder> { ["nnunet"] = stages.NnUNet(unit) },
        _ => new Dictionary<string, StageFolder>(),
    };

    /// <summary>Trains what is the unit's own, and scores.</summary>
    public IReadOnlyList<UnitCase> Run(IReadOnlyDictionary<string, StageFolder> shared) => Score(Train(shared), shared.GetValueOrDefault("thin"));

    Dictionary<string, StageFolder> Inputs()
    {
        var (method, upstream) = stages.Source(unit);
        var inputs = new Dictionary<string, StageFolder> { ["pseudo"] = stages.Pseudo(unit), ["nnunet"] = stages.NnUNet(unit) };
        if (upstream is not null) inputs[method] = upstream;
        if (method == "selfsr") inputs["thin"] = stages.Thin(unit);
        return inputs;
    }

    /// <returns>The model: a run folder or an ONNX file.</returns>
    string Train(IReadOnlyDictionary<string, StageFolder> shared)
    {
        if (shared.TryGetValue("pseudo", out var pseudo)) FineTune(pseudo, shared["nnunet"], shared.GetValueOrDefault("selfsr"));
        else if (shared.TryGetValue("nnunet", out var nnunet)) return nnunet.File("baseline.onnx");
        else
        {
            var options = unit.Options.Preset; // what the method does not use would be refused
            var preset = options with
            {
                SelfSr = options.SelfSr with { SliceThickness = null },
                Segmentation = options.Segmentation with { Method = Method, CalibrateProbabilities = options.Segmentation.CalibrateProbabilities && Method != SegmentationMethod.FullySupervised },
            };
            var training = stages.Training(unit, folder.Path, preset) with { AllowHrLabels = Method == SegmentationMethod.FullySupervised };
            if (!File.Exists(training.Run.Model) && TrainVerb.Run(console, training, cancel) != CommandLine.Done) throw new DatasetException($"{unit}: the training failed; see above.");
        }
        return folder.Path;
    }

    /// <summary>METHOD.md section 9 from the shared nnU-Net checkpoint, on the shared thin volumes.</summary>
    void FineTune(StageFolder pseudo, StageFolder nnunet, StageFolder? selfSr)
    {
        var run = new RunFolder(folder.Path);
        if (File.Exists(run.Model)) return;
        Checkpoint.Copy(nnunet.Path, folder.Path, TrainingStages.NnUNet);
        File.Copy(nnunet.File(RehrSegPlanning.FileName), Path.Combine(folder.Path, RehrSegPlanning.FileName), overwrite: true);
        var plan = stages.Plan(unit);
        using var setting = new TrainingSetting(console, stages.Training(unit, folder.Path, unit.Options.Preset), data.Training(unit.Fold), plan, cancel);
        using var teacher = selfSr is null ? null : new RunFolder(selfSr.Path).Load<SelfSrTransformer>().Model;
        var context = setting.Context;
        var rows = context.Data.LoadFromEnumerable(Rows(pseudo));
        var pairs = context.Transforms.PseudoData(new PseudoDataOptions
        {
            Factor = plan.Factor, Axis = stages.Axis(unit), Profile = teacher?.Info.Profile ?? unit.Options.Preset.SelfSr.MakeProfile(plan.Factor, plan.SliceSpacing),
        }).Fit(rows).Transform(rows);
        var model = new EstimatorChain<ITransformer>().Append(context.Transforms.RehrSeg(setting.Segmentation() with { Teacher = teacher, BaselineReady = null })).Fit(pairs);
        setting.Clock.Finish();
        using var segmenter = model.LastTransformer.Model;
        AtomicFile.Write(run.SegmentationOnnx, segmenter.ExportOnnx);
        AtomicFile.Write(run.Model, s => context.Model.Save(model, rows.Schema, s));
        run.WriteStages(setting.Clock.Stages);
    }

    IEnumerable<ThinRow> Rows(StageFolder pseudo)
    {
        var ids = data.Training(unit.Fold);
        var thin = CaseFiles.Find(pseudo.File("images"), pseudo.File("labels"), "pseudo data").ToDictionary(c => c.Id);
        foreach (var thick in data.Thick.Cases.Where(c => ids.Contains(c.Id)))
        {
            var (image, label) = thick.ReadPair(data.Thick.Labels);
            var (thinImage, thinLabel) = thin[thick.Id].ReadPair(data.Thick.Labels);
            string uncertainty = pseudo.File("uncertainty", thick.Id + ".nii.gz");
            yield return new()
            {
                Id = thick.Id, Image = image, Label = label, HrImage = thinImage, HrLabel = thinLabel,
                Uncertainty = File.Exists(uncertainty) ? VolumeFile.Read(uncertainty) : new(thinLabel.Geometry, new float[thinLabel.Geometry.VoxelCount]),
            };
        }
    }

    IReadOnlyList<UnitCase> Score(string model, StageFolder? selfSr)
    {
        bool thin = Method == SegmentationMethod.FullySupervised;
        var scores = new List<UnitCase>();
        foreach (string spool in Directory.GetFiles(Directory.CreateDirectory(folder.Path).FullName, "rehrseg-*.tmp")) File.Delete(spool); // of a killed process
        using var segmenter = Segmenter.Open(model, console);
        using var calibration = new CalibrationStudy(data.Thick.Labels, temporaryFolder: folder.Path);
        int code = Batch.ForEach(console, "score", data.HeldOut(unit.Fold), c =>
        {
            var (image, label) = c.ReadPair(data.Thick.Labels);
            var truth = data.Thin[c.Id].ReadLabel(data.Thick.Labels);
            var result = segmenter.Segment(thin ? data.Thin[c.Id].ReadImage() : image, new() { Hr = !thin, Axis = data.AxisOf(c.Id), Probabilities = true, Calibrate = false }, cancel);
            if (thin) result = new(null, result.Lr, null, result.LrProbabilities);
            if (result.Lr is not null) VolumeFile.WriteLabels(result.Lr, Path.Combine(folder.Lr, c.Id + ".nii.gz"));
            VolumeFile.WriteLabels(result.Hr!, Path.Combine(folder.Hr, c.Id + ".nii.gz"));
            var uncertainty = selfSr is null ? null : VolumeFile.Read(selfSr.File("uncertainty", c.Id + ".nii.gz"));
            if (result.LrProbabilities is { } lr) calibration.AddLr(c.Id, lr, label, uncertainty is null ? null : PseudoDataGenerator.BlockAverage(uncertainty, data.AxisOf(c.Id), stages.Plan(unit).Factor, 0));
            if (result.HrProbabilities is { } hr) calibration.AddHr(c.Id, hr, truth, uncertainty);
            scores.Add(new(c.Id, [.. result.Lr is null ? [] : UnitScoring.Labels("LR", result.Lr, label, data.Thick.Labels), .. UnitScoring.Labels("HR", result.Hr!, truth, data.Thick.Labels)]));
        }, cancel);
        if (code != CommandLine.Done) throw new DatasetException($"{unit}: not every case could be scored; see above.");
        AtomicFile.WriteText(folder.Calibration, JsonSerializer.Serialize(calibration.Finish(), ToolConsole.JsonForm));
        return scores;
    }

    sealed class ThinRow
    {
        public string Id = "";
        [VolumeType] public MLVolume Image = null!;
        [VolumeType] public MLVolume Label = null!;
        [VolumeType] public MLVolume HrImage = null!;
        [VolumeType] public MLVolume HrLabel = null!;
        [VolumeType] public MLVolume Uncertainty = null!;
    }
}
