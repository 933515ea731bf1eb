using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

[assembly: LoadableClass(typeof(OnnxSegmentationTransformer), null, typeof(SignatureLoadModel), "Segment volumes with ONNX", OnnxSegmentationTransformer.LoaderSignature)]

namespace REHRSeg.Onnx;

/// <summary>Adds label columns computed by an ONNX model, which is saved inside the ML.NET model. Thread-safe.</summary>
/// <seealso cref="OnnxSegmentationEstimator"/>
public sealed class OnnxSegmentationTransformer : AddVolumesTransformer, IDisposable
{
    internal const string LoaderSignature = "RehrSegOnnx";
    static readonly ModelFormat Format = new("RSONNXSG", LoaderSignature, typeof(OnnxSegmentationTransformer).Assembly);
    readonly byte[] _model;
    readonly SegmentationColumns _columns;
    readonly SegmentationRequest _request;
    readonly OnnxVolumeScorer _scorer;

    internal OnnxSegmentationTransformer(IHostEnvironment env, byte[] model, string source, SegmentationColumns columns, SegmentationRequest request, int? gpuDeviceId, bool? fallbackToCpu, int? threads)
        : base(env.Register(nameof(OnnxSegmentationTransformer)), [.. columns.Added.Select(name => new AddedVolume(name, columns.Image))])
    {
        (_model, _columns, _request) = (model, columns, request);
        var (gpu, fallback) = MlNetInternals.GpuSettings(env);
        using var channel = Host.Start("Load ONNX model");
        _scorer = new(model, source, new()
        {
            GpuDeviceId = gpuDeviceId ?? gpu,
            FallbackToCpu = fallbackToCpu ?? fallback,
            Threads = threads,
            Warn = message => channel.Warning(MessageSensitivity.None, message),
        });
        if (!_scorer.Info.HasHighResolutionHead && columns != columns.For(highResolution: false))
        {
            _scorer.Dispose();
            throw new ArgumentException($"{source} has no HR head, so it cannot fill HR columns. Set their names to null.");
        }
        channel.Info(MessageSensitivity.None, "Segmentation by ONNX Runtime on {0}", _scorer.Device);
    }

    /// <summary>What the model is: factor, patch, spacing, labels.</summary>
    public SegmentationModelInfo Info => _scorer.Info;
    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _scorer.Device;

    private protected override Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted)
        => _columns.MakeRowFunction(wanted, _request, VolumeGetter(input, _columns.Image), (image, request) =>
        {
            using var channel = Host.Start("Scoring");
            using var cancellation = new HostCancellation(Host);
            return _scorer.Score(image, request with { Warn = message => channel.Warning(MessageSensitivity.None, message) }, cancellation.Token);
        });

    // Fields: columns (5 strings), bool mirror, int batch, int axis (-1 = detected). Entry Model.onnx: the model.
    private protected override void Save(ModelSaveContext context)
    {
        var writer = MlNetInternals.BeginSave(context, Format);
        _columns.Write(writer);
        writer.Write(_request.Mirror);
        writer.Write(_request.BatchSize);
        writer.Write((int?)_request.Axis ?? -1);
        MlNetInternals.SaveEntry(context, "Model.onnx", stream => stream.Write(_model));
    }

    static OnnxSegmentationTransformer Create(IHostEnvironment env, ModelLoadContext context)
    {
        var reader = MlNetInternals.BeginLoad(context, Format);
        var columns = SegmentationColumns.Read(reader);
        bool mirror = reader.ReadBoolean();
        int batch = reader.ReadInt32(), axis = reader.ReadInt32();
        byte[] model = MlNetInternals.LoadEntry(context, "Model.onnx", stream =>
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy.ToArray();
        });
        return new(env, model, "Model.onnx in the ML.NET model", columns, new() { Mirror = mirror, BatchSize = batch, Axis = axis < 0 ? null : (SliceAxis)axis }, null, null, null);
    }

    /// <summary>Releases the ONNX session.</summary>
    public void Dispose() => _scorer.Dispose();
}
