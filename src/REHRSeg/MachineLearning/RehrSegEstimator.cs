using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Learns segmentation on thick and thin slices from real thick cases and pseudo thick/thin pairs.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Input and Output Columns
/// | Column | Type | Content |
/// | -- | -- | -- |
/// | `Image` (input) | Volume | Thick-slice image: for training and for scoring |
/// | `Label` (input, training) | Volume | Its label map |
/// | `PseudoImage`, `PseudoLabel`, `PseudoHrLabel`, `PseudoUncertainty` (input, training) | Volume | Pseudo pairs; without these columns the plain nnU-Net phase alone is trained; baselines (`Method`) ignore them |
/// | `Start` (input, training) | Int32 | Start offset of the pair; the real cases are taken once, from the rows of the smallest |
/// | `LrSegmentation` (output) | Volume | Labels on the input's own grid |
/// | `HrSegmentation` (output) | Volume | Labels on the refined grid, r slices for each; not added by methods that make none (plain nnU-Net, fully supervised) |
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Volume segmentation |
/// | Is normalization required? | No |
/// | Is caching required? | No: rows are read once |
/// | Required NuGet in addition to Microsoft.ML | REHRSeg and a libtorch package |
/// | Exportable to ONNX | Yes (`RehrSegTransformer.Model.ExportOnnx`) |
/// ]]></format>
/// </remarks>
/// <seealso cref="RehrSegCatalog.RehrSeg(TransformsCatalog, string, string, string, string)"/>
/// <seealso cref="RehrSegCatalog.RehrSeg(TransformsCatalog, RehrSegOptions)"/>
public sealed class RehrSegEstimator : IEstimator<RehrSegTransformer>
{
    readonly IHostEnvironment _env;
    readonly IHost _host;
    readonly RehrSegOptions _options;
    readonly int _seed;

    internal RehrSegEstimator(IHostEnvironment env, RehrSegOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_env, _options) = (env, options with { Labels = options.Labels?.ToArray() });
        Columns.Check();
        VolumeSchema.CheckNames([options.LabelColumnName, .. PseudoColumns, options.StartColumnName], []);
        options.Validate();
        options.RequireValidationSet();
        RehrSegPlanning.RequireReadable(options);
        _host = env.Register(nameof(RehrSegEstimator));
        _seed = options.Seed ?? _host.Rand.Next();
    }

    string[] PseudoColumns => [_options.PseudoImageColumnName, _options.PseudoLabelColumnName, _options.PseudoHrLabelColumnName, _options.PseudoUncertaintyColumnName];

    SegmentationColumns Columns => new(_options.ImageColumnName, _options.LrSegmentationColumnName, _options.HrSegmentationColumnName, _options.LrProbabilitiesColumnName, _options.HrProbabilitiesColumnName,
        _options.LrUncertaintyColumnName, _options.HrUncertaintyColumnName);

    /// <summary>Checks all cases, plans the network, then trains. Takes hours at the default (paper) options.</summary>
    /// <exception cref="DatasetException">Cases that cannot be trained on or validated with; found before the work starts.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    /// <exception cref="ModelFormatException"><see cref="RehrSegOptions.NnUNetPlans"/> or <see cref="RehrSegOptions.PretrainedNnUNet"/> is for other channels or another slice axis, or they do not go together.</exception>
    /// <exception cref="OperationCanceledException">Cancelled by the options' token or the MLContext.</exception>
    public RehrSegTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(MlNetInternals.ShapeOf(input.Schema));
        var teacher = _options.Teacher ?? TeacherAnnotation.Find(input.Schema)?.Model;
        var options = _options with { Labels = _options.Labels ?? LabelAnnotations.Read(input.Schema[_options.LabelColumnName]), Teacher = teacher };
        var model = TrainingSession.Run(_host, options, _seed, context =>
        {
            var data = ReadData(input, options, context);
            var trained = PostProcessingChoice.Apply(RehrSegTrainer.Train(data, options, context), data.Validation, options, context);
            return ProbabilityCalibration.Apply(trained, data.Validation, options, context);
        });
        return new(_env, model, Columns.For(model.Info.CanSegmentThin), new() { Axis = options.Axis });
    }

    RehrSegTrainingData ReadData(IDataView input, RehrSegOptions options, TrainingContext context)
    {
        bool repeated = input.Schema.GetColumnOrNull(options.PseudoImageColumnName) is not null && input.Schema.GetColumnOrNull(options.StartColumnName) is not null;
        bool pseudo = repeated && options.Method == SegmentationMethod.RehrSeg;
        string[] volumes = [options.ImageColumnName, options.LabelColumnName, .. pseudo ? PseudoColumns : []];
        var rows = TrainingSession.ReadRows(input, volumes, repeated ? options.StartColumnName : null, context.CancellationToken);
        int first = rows.Count == 0 ? 0 : rows.Min(r => r.Start);
        var real = rows.Where(r => r.Start == first).Select(r => new TrainingCase(r.Id, r.Volumes[0], r.Volumes[1])).ToList();
        return new()
        {
            Real = real,
            Validation = options.ReadsValidationSet ? ReadValidation(options, real, context) : [],
            Pseudo = pseudo ? [.. rows.Select(r => new PseudoSample(r.Volumes[2], r.Volumes[3], r.Volumes[4], r.Volumes[5], r.Start))] : [],
            Teacher = options.Teacher,
            BaselineReady = options.BaselineReady,
        };
    }

    static List<TrainingCase> ReadValidation(RehrSegOptions options, List<TrainingCase> real, TrainingContext context)
    {
        var held = TrainingSession.ReadRows(options.ValidationSet!, [options.ImageColumnName, options.LabelColumnName], null, context.CancellationToken)
            .Select(r => new TrainingCase(r.Id, r.Volumes[0], r.Volumes[1])).ToList();
        if (held.Count == 0) throw new DatasetException($"{nameof(RehrSegOptions.ValidationSet)} has no row. Give it held-out cases, or set it to null.");
        if (held.FirstOrDefault(h => real.Any(r => ReferenceEquals(r.Image, h.Image) || r.Image.Voxels.SequenceEqual(h.Image.Voxels))) is { } shared)
            context.Warn($"{nameof(RehrSegOptions.ValidationSet)}: the image of {shared.Id} is among the training cases, so its measures show fitting.");
        return held;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        inputSchema.RequireVolume(_options.ImageColumnName);
        inputSchema.RequireVolume(_options.LabelColumnName);
        bool pseudo = _options.Method == SegmentationMethod.RehrSeg && PseudoColumns.Any(inputSchema.Has);
        if (pseudo)
        {
            foreach (string column in PseudoColumns) inputSchema.RequireVolume(column);
            inputSchema.Require(_options.StartColumnName, NumberDataViewType.Int32);
        }
        return inputSchema.With([.. Columns.For(_options.SegmentsThin(pseudo)).Added.Select(name => VolumeSchema.VolumeShape(name))]);
    }
}
