using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Makes pseudo thick/thin training pairs from super-resolved volumes (eq. 1): r rows for each.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Row to row? | No: one row becomes r rows (one for each start offset); append it with `TransformerScope.Training` |
/// | Input columns | `HrImage`, `HrLabel`, `Uncertainty` (Volume); `Image` (Volume), if there is one |
/// | Output columns | `PseudoImage`, `PseudoLabel`, `PseudoHrLabel`, `PseudoUncertainty` (Volume), `Start` (Int32) |
/// | Required NuGet in addition to Microsoft.ML | REHRSeg |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
/// <seealso cref="RehrSegCatalog.PseudoData(TransformsCatalog, int?)"/>
/// <seealso cref="RehrSegCatalog.PseudoData(TransformsCatalog, PseudoDataOptions)"/>
public sealed class PseudoDataEstimator : IEstimator<PseudoDataTransformer>
{
    readonly IHostEnvironment _env;
    readonly PseudoDataOptions _options;

    internal PseudoDataEstimator(IHostEnvironment env, PseudoDataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        VolumeSchema.CheckNames([options.ImageColumnName, options.HrImageColumnName, options.HrLabelColumnName, options.UncertaintyColumnName],
            [options.PseudoImageColumnName, options.PseudoLabelColumnName, options.PseudoHrLabelColumnName, options.PseudoUncertaintyColumnName, options.StartColumnName]);
        if (options.Factor is < 2) throw new ArgumentOutOfRangeException(nameof(options), $"Factor is {options.Factor}; it must be at least 2.");
        if (options.Factor is { } r && options.Profile is { } profile && profile.Factor != r) throw new ArgumentException($"The profile is for factor {profile.Factor}, but Factor is {r}.", nameof(options));
        if (options.Starts is { } starts && (starts.Count == 0 || starts.Any(s => s < 0) || starts.Distinct().Count() != starts.Count))
            throw new ArgumentException($"Starts is ({string.Join(", ", starts)}); give different offsets from 0 to r-1.", nameof(options));
        (_env, _options) = (env, options with { Starts = options.Starts?.ToArray() });
    }

    /// <summary>Checks the input's schema; nothing is learnt.</summary>
    public PseudoDataTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new PseudoDataTransformer(_env, _options);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        foreach (string column in (string[])[_options.HrImageColumnName, _options.HrLabelColumnName, _options.UncertaintyColumnName]) inputSchema.RequireVolume(column);
        return inputSchema.With(
            VolumeSchema.VolumeShape(_options.PseudoImageColumnName), VolumeSchema.VolumeShape(_options.PseudoLabelColumnName),
            VolumeSchema.VolumeShape(_options.PseudoHrLabelColumnName), VolumeSchema.VolumeShape(_options.PseudoUncertaintyColumnName),
            MlNetInternals.ScalarShape(_options.StartColumnName, NumberDataViewType.Int32));
    }
}
