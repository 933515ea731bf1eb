using Microsoft.ML;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Segments volumes with an exported ONNX model, on thick and thin slices.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Input column data type | Volume |
/// | Output column data type | Volume |
/// | Required NuGet in addition to Microsoft.ML | REHRSeg.Onnx, and Microsoft.ML.OnnxRuntime or Microsoft.ML.OnnxRuntime.Gpu |
/// | Exportable to ONNX | It is ONNX |
///
/// | Column | Content |
/// | -- | -- |
/// | `Image` (input) | Image of C channels in any of the three slice orientations |
/// | `LrSegmentation` (output) | Labels on the input's own grid |
/// | `HrSegmentation` (output) | Labels on the refined grid, r slices for each |
/// ]]></format>
/// Only load models from trusted sources.
/// </remarks>
/// <seealso cref="OnnxVolumeCatalog.ScoreVolumes(TransformsCatalog, string, string, string, string)"/>
/// <seealso cref="OnnxVolumeCatalog.ScoreVolumes(TransformsCatalog, OnnxSegmentationOptions)"/>
public sealed class OnnxSegmentationEstimator : IEstimator<OnnxSegmentationTransformer>
{
    readonly IHostEnvironment _env;
    readonly OnnxSegmentationOptions _options;
    readonly SegmentationColumns _columns;
    readonly string[] _paths;

    internal OnnxSegmentationEstimator(IHostEnvironment env, OnnxSegmentationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] paths = [options.ModelPath, .. options.MoreModelPaths];
        foreach (string path in paths) ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof(options.ModelPath));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        _columns = new(options.ImageColumnName, options.LrSegmentationColumnName, options.HrSegmentationColumnName, options.LrProbabilitiesColumnName, options.HrProbabilitiesColumnName,
            options.LrUncertaintyColumnName, options.HrUncertaintyColumnName);
        _columns.Check();
        (_env, _options, _paths) = (env, options, paths);
        foreach (string path in paths)
            if (!File.Exists(path)) throw new FileNotFoundException($"The model file {path} does not exist.", path);
    }

    /// <summary>Checks the input's schema and loads the model; nothing is learnt.</summary>
    /// <exception cref="ModelFormatException">A file is not a REHRSeg segmentation model.</exception>
    /// <exception cref="ArgumentException">Several models do not fit each other, or cannot fill the columns.</exception>
    public OnnxSegmentationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(MlNetInternals.ShapeOf(input.Schema));
        var request = new SegmentationRequest { Mirror = _options.Mirror, BatchSize = _options.BatchSize, Axis = _options.Axis, PostProcess = _options.PostProcess, Progress = _options.Progress };
        return new(_env, Array.ConvertAll(_paths, path => new SavedModel(path, take =>
        {
            using var file = File.OpenRead(path);
            take(file);
        })), _columns, request, _options);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        inputSchema.RequireVolume(_columns.Image);
        return inputSchema.With([.. _columns.Added.Select(name => VolumeSchema.VolumeShape(name))]);
    }
}
