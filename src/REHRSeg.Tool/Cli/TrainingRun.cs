using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Time and memory of one stage.</summary>
internal sealed record StageCost(string Name, double Seconds, double PeakMegabytes);

/// <summary>The ML.NET pipeline behind <c>train</c>, and the files it leaves.</summary>
internal static class TrainingRun
{
    public static IReadOnlyList<StageCost> Execute(ToolConsole console, TrainingRequest request, IReadOnlySet<string> ids, TrainingPlan plan, CancellationToken cancel)
    {
        TorchRuntime.EnsureLoaded();
        TorchRuntime.KeepMemory();
        var clock = new StageClock(console);
        var dataset = request.Dataset;
        var rows = dataset.Cases.Where(c => ids.Contains(c.Id)).Select(c =>
        {
            cancel.ThrowIfCancellationRequested();
            if (!dataset.HasLabels) return new CaseRow { Id = c.Id, Image = c.ReadImage() };
            var (image, label) = c.ReadPair(dataset.Labels);
            return new CaseRow { Id = c.Id, Image = image, Label = label };
        }).ToArray();
        var context = new MLContext(request.Seed) { GpuDeviceId = request.Gpu, FallbackToCpu = true };
        using var interrupt = cancel.Register(() => MlNetInternals.Cancel(context)); // reaches self-SR and pseudo data, which run as rows are read
        context.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning && e.Source.Contains("Seg", StringComparison.Ordinal) | e.Source.Contains("SelfSr", StringComparison.Ordinal)) console.Warn(e.RawMessage);
        };
        var run = request.Run;
        var selfSr = request.Preset.SelfSr with
        {
            Factor = plan.Factor, Axis = request.Axis ?? plan.Axis, Labels = dataset.Labels, Seed = request.Seed, CheckpointDirectory = run.Path, Resume = request.Resume, Progress = clock, CancellationToken = cancel,
            SmoreReady = smore => AtomicFile.Write(run.Smore, smore.Save),
            LabelColumnName = dataset.HasLabels ? "Label" : null,
        };
        var segmentation = request.Preset.Segmentation with
        {
            Factor = plan.Factor, Axis = request.Axis ?? plan.Axis, Labels = dataset.Labels, Seed = request.Seed, CheckpointDirectory = run.Path, Resume = request.Resume, Progress = clock, CancellationToken = cancel,
            ValidationSet = request.Fold is null || request.SelfSrOnly || !dataset.HasLabels || request.Method == SegmentationMethod.FullySupervised ? null : context.Data.LoadMedicalDataset(dataset, dataset.Cases.Select(c => c.Id).Where(id => !ids.Contains(id))),
            CacheDirectory = request.Cache,
            BaselineReady = baseline => AtomicFile.Write(run.BaselineOnnx, baseline.ExportOnnx),
        };
        var data = context.Data.LoadFromEnumerable(rows);
        if (request.Method != SegmentationMethod.RehrSeg) return Baseline(context, data, segmentation, plan, run, clock);
        if (request.SelfSrOnly) return SelfSrAlone(context, data, selfSr, run, clock);
        var pipeline = new EstimatorChain<ITransformer>()
            .Append(context.Transforms.SelfSuperResolution(selfSr), TransformerScope.Training)
            .Append(context.Transforms.PseudoData(new PseudoDataOptions { Factor = plan.Factor, Axis = request.Axis ?? plan.Axis }), TransformerScope.Training)
            .Append(context.Transforms.RehrSeg(segmentation));
        var model = pipeline.Fit(data);
        clock.Finish();

        AtomicFile.Write(run.Model, s => context.Model.Save(model, data.Schema, s));
        using var selfSrModel = model.OfType<SelfSrTransformer>().Single().Model;
        using var segmenter = model.LastTransformer.Model;
        AtomicFile.Write(run.SegmentationOnnx, segmenter.ExportOnnx);
        AtomicFile.Write(run.SelfSrOnnx, selfSrModel.ExportOnnx);
        return clock.Stages;
    }

    static IReadOnlyList<StageCost> SelfSrAlone(MLContext context, IDataView data, SelfSrOptions options, RunFolder run, StageClock clock)
    {
        var model = new EstimatorChain<ITransformer>().Append(context.Transforms.SelfSuperResolution(options)).Fit(data);
        clock.Finish();
        AtomicFile.Write(run.Model, s => context.Model.Save(model, data.Schema, s));
        using var selfSr = model.LastTransformer.Model;
        AtomicFile.Write(run.SelfSrOnnx, selfSr.ExportOnnx);
        return clock.Stages;
    }

    static IReadOnlyList<StageCost> Baseline(MLContext context, IDataView data, RehrSegOptions options, TrainingPlan plan, RunFolder run, StageClock clock)
    {
        options = options with { BaselineReady = null }; // the model itself is the baseline
        if (options.Method == SegmentationMethod.FullySupervised && options.MaxPatchSlices is { } thick) options = options with { MaxPatchSlices = (int)Math.Min(int.MaxValue, (long)thick * plan.Factor) };
        var model = new EstimatorChain<ITransformer>().Append(context.Transforms.RehrSeg(options)).Fit(data);
        clock.Finish();
        AtomicFile.Write(run.Model, s => context.Model.Save(model, data.Schema, s));
        using var segmenter = model.LastTransformer.Model;
        AtomicFile.Write(run.SegmentationOnnx, segmenter.ExportOnnx);
        return clock.Stages;
    }

    sealed class CaseRow
    {
        public string Id = "";
        [VolumeType] public MLVolume Image = null!;
        [VolumeType] public MLVolume Label = null!;
    }

    /// <summary>Passes progress on and keeps wall time and peak memory by stage.</summary>
    sealed class StageClock(ToolConsole console) : IProgress<TrainingProgress>
    {
        readonly Stopwatch _watch = Stopwatch.StartNew();
        string _stage = "read and prepare";
        TimeSpan _before;
        public List<StageCost> Stages { get; } = [];

        public void Report(TrainingProgress value)
        {
            if (value.Stage != _stage)
            {
                Finish();
                (_stage, _before) = (value.Stage, value.Elapsed); // time before a resume counts too
            }
            console.Report(value);
        }

        public void Finish()
        {
            using var process = Process.GetCurrentProcess();
            Stages.Add(new(_stage, (_before + _watch.Elapsed).TotalSeconds, process.PeakWorkingSet64 / 1e6));
            _watch.Restart();
            (_stage, _before) = ("save", TimeSpan.Zero);
        }
    }
}
