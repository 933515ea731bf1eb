using Microsoft.ML;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Learns super-resolution across slices, with labels and uncertainty, from annotated thick-slice volumes alone.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Input and Output Columns
/// | Column | Type | Content |
/// | -- | -- | -- |
/// | `Image` (input) | Volume | Thick-slice image of C channels |
/// | `Label` (input) | Volume | Its label map; not needed where `LabelColumnName` is null |
/// | `HrImage` (output) | Volume | Thin-slice image: r slices for each |
/// | `HrLabel` (output) | Volume | Thin-slice label map |
/// | `Uncertainty` (output) | Volume | Uncertainty of each thin voxel, 0 to 1 |
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Self-supervised super-resolution |
/// | Is normalization required? | No |
/// | Is caching required? | No: rows are read once |
/// | Required NuGet in addition to Microsoft.ML | REHRSeg and a libtorch package |
/// | Exportable to ONNX | Yes (`SelfSrTransformer.Model.ExportOnnx`) |
/// ]]></format>
/// </remarks>
/// <seealso cref="RehrSegCatalog.SelfSuperResolution(TransformsCatalog, string, string, int?)"/>
/// <seealso cref="RehrSegCatalog.SelfSuperResolution(TransformsCatalog, SelfSrOptions)"/>
public sealed class SelfSrEstimator : IEstimator<SelfSrTransformer>
{
    readonly IHostEnvironment _env;
    readonly IHost _host;
    readonly SelfSrOptions _options;
    readonly int _seed;

    internal SelfSrEstimator(IHostEnvironment env, SelfSrOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        VolumeSchema.CheckNames(SelfSrColumns.Of(options).Inputs, [options.HrImageColumnName, options.HrLabelColumnName, options.UncertaintyColumnName]);
        (_env, _options) = (env, options with { Labels = options.Labels?.ToArray() });
        options.Validate();
        _host = env.Register(nameof(SelfSrEstimator));
        _seed = options.Seed ?? _host.Rand.Next();
    }

    /// <summary>Checks all cases, then trains. Takes hours at the default (paper) options.</summary>
    /// <exception cref="ArgumentException">Cases that cannot be trained on, named; found before the work starts.</exception>
    /// <exception cref="DatasetException">A row without volume.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    /// <exception cref="ModelFormatException"><see cref="SelfSrOptions.PretrainedWeights"/> is not FLAVR's, of another width, or damaged; found before the work starts.</exception>
    /// <exception cref="OperationCanceledException">Cancelled by the options' token or the MLContext.</exception>
    public SelfSrTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(MlNetInternals.ShapeOf(input.Schema));
        var options = _options with { Labels = _options.Labels ?? (_options.LabelColumnName is { } labels ? LabelAnnotations.Read(input.Schema[labels]) : null) };
        var model = TrainingSession.Run(_host, options, _seed, context =>
        {
            var cases = TrainingSession.ReadRows(input, SelfSrColumns.Of(options).Inputs, null, context.CancellationToken)
                .Select(row => new TrainingCase(row.Id, row.Volumes[0], row.Volumes.Length > 1 ? row.Volumes[1] : row.Volumes[0].WithVoxels(new float[row.Volumes[0].Geometry.VoxelCount]))).ToList();
            return SelfSrTrainer.Train(cases, options, context);
        });
        return new(_env, model, SelfSrColumns.Of(options), options.Axis);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        foreach (string name in SelfSrColumns.Of(_options).Inputs) inputSchema.RequireVolume(name);
        return inputSchema.With(VolumeSchema.VolumeShape(_options.HrImageColumnName, TeacherAnnotation.Shape), VolumeSchema.VolumeShape(_options.HrLabelColumnName), VolumeSchema.VolumeShape(_options.UncertaintyColumnName));
    }
}

/// <summary>Column names of a <see cref="SelfSrTransformer"/>.</summary>
internal sealed record SelfSrColumns(string Image, string? Label, string HrImage, string HrLabel, string Uncertainty)
{
    /// <summary>The image column, and the label column if there is one.</summary>
    public string[] Inputs => Label is null ? [Image] : [Image, Label];

    public static SelfSrColumns Of(SelfSrOptions o) => new(o.ImageColumnName, o.LabelColumnName, o.HrImageColumnName, o.HrLabelColumnName, o.UncertaintyColumnName);
}
