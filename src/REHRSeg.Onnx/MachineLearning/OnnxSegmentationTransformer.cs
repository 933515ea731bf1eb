using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

[assembly: LoadableClass(typeof(OnnxSegmentationTransformer), null, typeof(SignatureLoadModel), "Segment volumes with ONNX", OnnxSegmentationTransformer.LoaderSignature)]

namespace REHRSeg.Onnx;

/// <summary>Adds label columns computed by one ONNX model or an ensemble, which are saved inside the ML.NET model. Thread-safe.</summary>
/// <seealso cref="OnnxSegmentationEstimator"/>
public sealed class OnnxSegmentationTransformer : AddVolumesTransformer, IDisposable
{
    internal const string LoaderSignature = "RehrSegOnnx";
    static readonly ModelFormat Format = new("RSONNXSG", LoaderSignature, typeof(OnnxSegmentationTransformer).Assembly, Version2);
    const uint Version2 = 0x00010002; // several models, uncertainty columns, post-processing
    readonly List<ModelContent> _models = [];
    readonly SegmentationColumns _columns;
    readonly SegmentationRequest _request;
    readonly OnnxVolumeScorer? _scorer;
    readonly CancellationToken _cancellation;

    internal OnnxSegmentationTransformer(IHostEnvironment env, SavedModel[] models, SegmentationColumns columns, SegmentationRequest request, OnnxSegmentationOptions? options = null)
        : base(env.Register(nameof(OnnxSegmentationTransformer)), [.. columns.Added.Select(name => new AddedVolume(name, columns.Image))])
    {
        (_columns, _request, _cancellation) = (columns, request, options?.CancellationToken ?? default);
        var (gpu, fallback) = MlNetInternals.GpuSettings(env);
        using var channel = Host.Start("Load ONNX model");
        try
        {
            _scorer = new(load => Array.ForEach(models, model => model.Open(stream => _models.Add(ModelContent.Take(stream, model.Name, load)))), new()
            {
                GpuDeviceId = options?.GpuDeviceId ?? gpu,
                FallbackToCpu = options?.FallbackToCpu ?? fallback,
                Threads = options?.Threads,
                MaxConcurrency = options?.MaxConcurrency,
                MemoryLimit = options?.MemoryLimit,
                Warn = message => channel.Warning(MessageSensitivity.None, message),
            });
            if (_scorer.WithoutThin is { } without && columns != columns.For(thin: false))
                throw new ArgumentException($"{without} cannot segment thin slices (it has no HR head, or factor 1), so it cannot fill HR columns. Set their names to null.");
        }
        catch
        {
            Dispose();
            throw;
        }
        channel.Info(MessageSensitivity.None, "Segmentation by ONNX Runtime on {0}", Device);
    }

    /// <summary>What the (first) model is: factor, patch, spacing, labels.</summary>
    public SegmentationModelInfo Info => _scorer!.Info;
    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _scorer!.Device;

    private protected override Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted)
        => _columns.MakeRowFunction(wanted, _request, VolumeGetter(input, _columns.Image), (image, request) =>
        {
            using var channel = Host.Start("Scoring");
            using var cancellation = new HostCancellation(Host, _cancellation);
            return _scorer!.Score(image, request with { Warn = message => channel.Warning(MessageSensitivity.None, message) }, cancellation.Token);
        });

    // Fields: columns (7 strings), bool mirror, int batch, int axis (-1 = detected), bool post-processing, int models. Entries Model.onnx, Model1.onnx, ...: the models.
    // Version 1: 5 strings, no post-processing, one model.
    private protected override void Save(ModelSaveContext context)
    {
        var writer = MlNetInternals.BeginSave(context, Format);
        _columns.Write(writer);
        writer.Write(_request.Mirror);
        writer.Write(_request.BatchSize);
        writer.Write((int?)_request.Axis ?? -1);
        writer.Write(_request.PostProcess);
        writer.Write(_models.Count);
        for (int m = 0; m < _models.Count; m++) MlNetInternals.SaveEntry(context, EntryName(m), _models[m].WriteTo);
    }

    static OnnxSegmentationTransformer Create(IHostEnvironment env, ModelLoadContext context)
    {
        var reader = MlNetInternals.BeginLoad(context, Format);
        bool version1 = MlNetInternals.WrittenVersion(context) < Version2;
        var columns = SegmentationColumns.Read(reader, version1);
        bool mirror = reader.ReadBoolean();
        int batch = reader.ReadInt32(), axis = reader.ReadInt32();
        bool postProcess = version1 || reader.ReadBoolean();
        int count = version1 ? 1 : reader.ReadInt32();
        if (count is < 1 or > MostModels) throw new ModelFormatException($"The saved model says that it holds {count} ONNX models: the file is damaged. Save the model again.");
        var models = Enumerable.Range(0, count).Select(m => new SavedModel(EntryName(m) + " in the ML.NET model", take => MlNetInternals.LoadEntry(context, EntryName(m), take))).ToArray();
        return new(env, models, columns, new() { Mirror = mirror, BatchSize = batch, Axis = axis < 0 ? null : (SliceAxis)axis, PostProcess = postProcess });
    }

    const int MostModels = 1000;

    static string EntryName(int model) => model == 0 ? "Model.onnx" : FormattableString.Invariant($"Model{model}.onnx");

    /// <summary>Releases the ONNX sessions, when the rows that are being computed are done, and the copies of the models.</summary>
    public void Dispose()
    {
        _scorer?.Dispose();
        foreach (var model in _models) model.Dispose();
    }
}

/// <summary>A model that a transformer is made of.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Open">Calls back with its bytes.</param>
internal sealed record SavedModel(string Name, Action<Action<Stream>> Open);
