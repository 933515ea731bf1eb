using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What every training of the tool shares: an MLContext that can be cancelled, the rows, and a preset's options made for one run folder.</summary>
internal sealed class TrainingSetting : IDisposable
{
    readonly TrainingRequest _request;
    readonly IReadOnlySet<string> _ids;
    readonly TrainingPlan _plan;
    readonly CancellationToken _cancel;
    readonly CancellationTokenRegistration _interrupt;

    public TrainingSetting(ToolConsole console, TrainingRequest request, IReadOnlySet<string> ids, TrainingPlan plan, CancellationToken cancel)
    {
        TorchRuntime.EnsureLoaded();
        TorchRuntime.KeepMemory();
        (_request, _ids, _plan, _cancel) = (request, ids, plan, cancel);
        Clock = new(console);
        var context = Context = new(request.Seed) { GpuDeviceId = request.Gpu, FallbackToCpu = true };
        _interrupt = cancel.Register(() => MlNetInternals.Cancel(context)); // reaches self-SR and pseudo data, which run as rows are read
        Context.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning && e.Source.Contains("Seg", StringComparison.Ordinal) | e.Source.Contains("SelfSr", StringComparison.Ordinal)) console.Warn(e.RawMessage);
        };
    }

    public MLContext Context { get; }

    public StageClock Clock { get; }

    SliceAxis? Axis => _request.Axis ?? _plan.Axis;

    /// <summary>Rows of Id, Image and (where the dataset has them) Label of the training cases, read now.</summary>
    public IDataView Cases()
    {
        var dataset = _request.Dataset;
        return Context.Data.LoadFromEnumerable(dataset.Cases.Where(c => _ids.Contains(c.Id)).Select(c =>
        {
            _cancel.ThrowIfCancellationRequested();
            if (!dataset.HasLabels) return new CaseRow { Id = c.Id, Image = c.ReadImage() };
            var (image, label) = c.ReadPair(dataset.Labels);
            return new CaseRow { Id = c.Id, Image = image, Label = label };
        }).ToArray());
    }

    public SelfSrOptions SelfSr() => _request.Preset.SelfSr with
    {
        Factor = _plan.Factor, Axis = Axis, Labels = _request.Dataset.Labels, Seed = _request.Seed, CheckpointDirectory = _request.Run.Path, Resume = _request.Resume, Progress = Clock, CancellationToken = _cancel,
        SmoreReady = smore => AtomicFile.Write(_request.Run.Smore, smore.Save),
        LabelColumnName = _request.Dataset.HasLabels ? "Label" : null,
    };

    public RehrSegOptions Segmentation() => _request.Preset.Segmentation with
    {
        Factor = _plan.Factor, Axis = Axis, Labels = _request.Dataset.Labels, Seed = _request.Seed, CheckpointDirectory = _request.Run.Path, Resume = _request.Resume, Progress = Clock, CancellationToken = _cancel,
        ValidationSet = _request.Fold is null || _request.SelfSrOnly || !_request.Dataset.HasLabels || _request.Method == SegmentationMethod.FullySupervised ? null
            : Context.Data.LoadMedicalDataset(_request.Dataset, _request.Dataset.Cases.Select(c => c.Id).Where(id => !_ids.Contains(id))),
        CacheDirectory = _request.Cache,
        BaselineReady = baseline => AtomicFile.Write(_request.Run.BaselineOnnx, baseline.ExportOnnx),
    };

    public void Dispose() => _interrupt.Dispose();

    sealed class CaseRow
    {
        public string Id = "";
        [VolumeType] public MLVolume Image = null!;
        [VolumeType] public MLVolume Label = null!;
    }
}
