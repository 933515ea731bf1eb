using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace REHRSeg.Imaging;

/// <summary>Options of <see cref="LoadVolumesEstimator"/>.</summary>
public sealed record LoadVolumesOptions
{
    /// <summary>Pairs of a volume column to add and the text column that holds its file path.</summary>
    public required IReadOnlyList<InputOutputColumnPair> Columns { get; init; }
    /// <summary>Folder that relative paths start from; null: the current one.</summary>
    public string? Directory { get; init; }
    /// <summary>Bounds on what is read.</summary>
    public VolumeReadLimits Limits { get; init; } = VolumeReadLimits.Default;
}

/// <summary>Reads volume files named in text columns into <see cref="MLVolume"/> columns.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Input column data type | Text |
/// | Output column data type | Volume |
/// | Required NuGet in addition to Microsoft.ML | REHRSeg.Imaging |
/// | Exportable to ONNX | No |
/// ]]></format>
/// A file is read when a cursor asks for its column. A damaged file stops the cursor with a <see cref="VolumeFormatException"/> that names it.
/// </remarks>
/// <seealso cref="VolumeCatalog.LoadVolumes(TransformsCatalog, string, string)"/>
/// <seealso cref="VolumeCatalog.LoadVolumes(TransformsCatalog, LoadVolumesOptions)"/>
public sealed class LoadVolumesEstimator : IEstimator<LoadVolumesTransformer>
{
    readonly IHostEnvironment _env;
    readonly LoadVolumesOptions _options;

    internal LoadVolumesEstimator(IHostEnvironment env, LoadVolumesOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Columns is not { Count: > 0 }) throw new ArgumentException("LoadVolumes needs at least one pair of columns.", nameof(options));
        VolumeSchema.CheckNames(options.Columns.Select(c => c.InputColumnName), options.Columns.Select(c => c.OutputColumnName));
        (_env, _options) = (env, options with { Columns = [.. options.Columns] });
    }

    /// <summary>Checks the input's schema; nothing is learnt.</summary>
    public LoadVolumesTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(MlNetInternals.ShapeOf(input.Schema));
        return new(_env, _options);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        foreach (var pair in _options.Columns) inputSchema.Require(pair.InputColumnName, TextDataViewType.Instance);
        return inputSchema.With([.. _options.Columns.Select(p => VolumeSchema.VolumeShape(p.OutputColumnName))]);
    }
}
