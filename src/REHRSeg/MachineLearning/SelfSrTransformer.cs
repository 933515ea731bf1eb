using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg;
using REHRSeg.Imaging;

[assembly: LoadableClass(typeof(SelfSrTransformer), null, typeof(SignatureLoadModel), "Self super-resolution", SelfSrTransformer.LoaderSignature)]

namespace REHRSeg;

/// <summary>Adds thin image, thin labels and uncertainty to annotated thick-slice cases. Thread-safe; owns its model.</summary>
/// <seealso cref="SelfSrEstimator"/>
public sealed class SelfSrTransformer : AddVolumesTransformer, IDisposable
{
    internal const string LoaderSignature = "RehrSegSelfSr";
    static readonly ModelFormat Format = new("RSSELFSR", LoaderSignature, typeof(SelfSrTransformer).Assembly);
    readonly SelfSrColumns _columns;
    readonly SliceAxis? _axis;

    internal SelfSrTransformer(IHostEnvironment env, SelfSrModel model, SelfSrColumns columns, SliceAxis? axis)
        : base(env.Register(nameof(SelfSrTransformer)), [.. new[] { columns.HrImage, columns.HrLabel, columns.Uncertainty }.Select(name => new AddedVolume(name, columns.Inputs))])
        => (Model, _columns, _axis) = (model, columns, axis);

    /// <summary>The trained network.</summary>
    public SelfSrModel Model { get; }

    private protected override DataViewSchema.Annotations? AnnotationsOf(int added) => added == 0 ? new TeacherAnnotation(Model, _axis).ToAnnotations() : null;

    private protected override Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted)
    {
        var image = VolumeGetter(input, _columns.Image);
        var label = _columns.Label is { } name ? VolumeGetter(input, name) : null;
        return () =>
        {
            using var cancellation = new HostCancellation(Host);
            var result = Model.Apply(image(), label?.Invoke(), _axis, cancellationToken: cancellation.Token);
            return [result.Image, result.Label, result.Uncertainty];
        };
    }

    // Fields: 5 column names (an empty label column: none), int axis (-1 = detected). Entry Model.bin: SelfSrModel.Save.
    private protected override void Save(ModelSaveContext context)
    {
        var writer = MlNetInternals.BeginSave(context, Format);
        foreach (string name in (string[])[_columns.Image, _columns.Label ?? "", _columns.HrImage, _columns.HrLabel, _columns.Uncertainty]) writer.Write(name);
        writer.Write((int?)_axis ?? -1);
        MlNetInternals.SaveEntry(context, "Model.bin", Model.Save);
    }

    static SelfSrTransformer Create(IHostEnvironment env, ModelLoadContext context)
    {
        var reader = MlNetInternals.BeginLoad(context, Format);
        var columns = new SelfSrColumns(reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString());
        if (columns.Label == "") columns = columns with { Label = null };
        int axis = reader.ReadInt32();
        TorchRuntime.EnsureLoaded();
        var (gpu, fallback) = MlNetInternals.GpuSettings(env);
        var model = MlNetInternals.LoadEntry(context, "Model.bin", stream => SelfSrModel.Load(stream, gpu, fallback));
        return new(env, model, columns, axis < 0 ? null : (SliceAxis)axis);
    }

    /// <summary>Releases the network.</summary>
    public void Dispose() => Model.Dispose();
}
