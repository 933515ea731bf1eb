using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

[assembly: LoadableClass(typeof(RehrSegTransformer), null, typeof(SignatureLoadModel), "REHRSeg segmentation", RehrSegTransformer.LoaderSignature)]

namespace REHRSeg;

/// <summary>Adds segmentations on the input's and the refined grid; needs the image alone. Thread-safe; owns its model.</summary>
/// <seealso cref="RehrSegEstimator"/>
public sealed class RehrSegTransformer : AddVolumesTransformer, IDisposable
{
    internal const string LoaderSignature = "RehrSegSegmentation";
    static readonly ModelFormat Format = new("RSREHRSG", LoaderSignature, typeof(RehrSegTransformer).Assembly, Version2);
    const uint Version2 = 0x00010002; // uncertainty columns
    readonly SegmentationColumns _columns;
    readonly SegmentationRequest _request;

    internal RehrSegTransformer(IHostEnvironment env, RehrSegModel model, SegmentationColumns columns, SegmentationRequest request)
        : base(env.Register(nameof(RehrSegTransformer)), [.. columns.Added.Select(name => new AddedVolume(name, columns.Image))])
        => (Model, _columns, _request) = (model, columns, request);

    /// <summary>The trained network.</summary>
    public RehrSegModel Model { get; }

    private protected override Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted)
        => _columns.MakeRowFunction(wanted, _request, VolumeGetter(input, _columns.Image), (image, request) =>
        {
            using var channel = Host.Start("Scoring");
            using var cancellation = new HostCancellation(Host);
            return Model.Predict(image, request with { Warn = message => channel.Warning(MessageSensitivity.None, message) }, cancellation.Token);
        });

    // Fields: columns (7 strings; version 1: 5), int axis (-1 = detected). Entry Model.bin: RehrSegModel.Save.
    private protected override void Save(ModelSaveContext context)
    {
        var writer = MlNetInternals.BeginSave(context, Format);
        _columns.Write(writer);
        writer.Write((int?)_request.Axis ?? -1);
        MlNetInternals.SaveEntry(context, "Model.bin", Model.Save);
    }

    static RehrSegTransformer Create(IHostEnvironment env, ModelLoadContext context)
    {
        var reader = MlNetInternals.BeginLoad(context, Format);
        var columns = SegmentationColumns.Read(reader, MlNetInternals.WrittenVersion(context) < Version2);
        int axis = reader.ReadInt32();
        TorchRuntime.EnsureLoaded();
        var (gpu, fallback) = MlNetInternals.GpuSettings(env);
        var model = MlNetInternals.LoadEntry(context, "Model.bin", stream => RehrSegModel.Load(stream, gpu, fallback));
        return new(env, model, columns, new() { Axis = axis < 0 ? null : (SliceAxis)axis });
    }

    /// <summary>Releases the network.</summary>
    public void Dispose() => Model.Dispose();
}
