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
    readonly (byte[] Bytes, string Source)[] _models;
    readonly SegmentationColumns _columns;
    readonly SegmentationRequest _request;
    readonly OnnxVolumeScorer _scorer;

    internal OnnxSegmentationTransformer(IHostEnvironment env, (byte[] Bytes, string Source)[] models, SegmentationColumns columns, SegmentationRequest request, int? gpuDeviceId, bool? fallbackToCpu, int? threads)
        : base(env.Register(nameof(OnnxSegmentationTransformer)), [.. columns.Added.Select(name => new AddedVolume(name, columns.Image))])
    {
        (_models, _columns, _request) = (models, columns, request);
        var (gpu, fallback) = MlNetInternals.GpuSettings(env);
        using var channel = Host.Start("Load ONNX model");
        _scorer = new([.. models.Select(m => ((ReadOnlyMemory<byte>)m.Bytes, m.Source))], new()
        {
            GpuDeviceId = gpuDeviceId ?? gpu,
            FallbackToCpu = fallbackToCpu ?? fallback,
            Threads = threads,
            Warn = message => channel.Warning(MessageSensitivity.None, message),
        });
        if (_scorer.WithoutThin is { } without && columns != columns.For(thin: false))
        {
            _scorer.Dispose();
            throw new ArgumentException($"{without} cannot segment thin slices (it has no HR head, or factor 1), so it cannot fill HR columns. Set their names to null.");
        }
        channel.Info(MessageSensitivity.None, "Segmentation by ONNX Runtime on {0}", _scorer.Device);
    }

    /// <summary>What the (first) model is: factor, patch, spacing, labels.</summary>
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
        writer.Write(_models.Length);
        for (int m = 0; m < _models.Length; m++)
        {
            byte[] model = _models[m].Bytes;
            MlNetInternals.SaveEntry(context, EntryName(m), stream => stream.Write(model));
        }
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
        var models = Enumerable.Range(0, count).Select(m => (ReadEntry(context, EntryName(m)), EntryName(m) + " in the ML.NET model")).ToArray();
        return new(env, models, columns, new() { Mirror = mirror, BatchSize = batch, Axis = axis < 0 ? null : (SliceAxis)axis, PostProcess = postProcess }, null, null, null);
    }

    const int MostModels = 1000;

    static string EntryName(int model) => model == 0 ? "Model.onnx" : FormattableString.Invariant($"Model{model}.onnx");

    static byte[] ReadEntry(ModelLoadContext context, string name) => MlNetInternals.LoadEntry(context, name, stream =>
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    });

    /// <summary>Releases the ONNX sessions.</summary>
    public void Dispose() => _scorer.Dispose();
}
