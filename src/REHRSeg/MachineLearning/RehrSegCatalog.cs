using Microsoft.ML.Data;
using REHRSeg;
using REHRSeg.Imaging;

namespace Microsoft.ML;

/// <summary>REHRSeg's estimators on <c>mlContext.Transforms</c>.</summary>
public static class RehrSegCatalog
{
    /// <summary>Learns super-resolution across slices from annotated thick-slice volumes alone; adds HrImage, HrLabel and Uncertainty.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="outputColumnName">Added column of thin images.</param>
    /// <param name="inputColumnName">Column of thick images.</param>
    /// <param name="factor">Thin slices per thick slice; null: from the spacing.</param>
    public static SelfSrEstimator SelfSuperResolution(this TransformsCatalog catalog, string outputColumnName = "HrImage", string inputColumnName = "Image", int? factor = null)
        => catalog.SelfSuperResolution(new SelfSrOptions { HrImageColumnName = outputColumnName, ImageColumnName = inputColumnName, Factor = factor });

    /// <summary>Learns super-resolution across slices from annotated thick-slice volumes alone.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="options">Columns and training; copied.</param>
    public static SelfSrEstimator SelfSuperResolution(this TransformsCatalog catalog, SelfSrOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(MlNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>Makes r rows of pseudo thick/thin pairs from each super-resolved case.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="factor">Thin slices per thick slice; null: the self-SR model's.</param>
    public static PseudoDataEstimator PseudoData(this TransformsCatalog catalog, int? factor = null) => catalog.PseudoData(new PseudoDataOptions { Factor = factor });

    /// <summary>Makes rows of pseudo thick/thin pairs from each super-resolved case.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="options">Columns, profile and start offsets; copied.</param>
    public static PseudoDataEstimator PseudoData(this TransformsCatalog catalog, PseudoDataOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(MlNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>Learns segmentation on thick and thin slices; adds LrSegmentation and HrSegmentation.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="outputColumnName">Added column: labels on the input's own grid.</param>
    /// <param name="inputColumnName">Column of thick images.</param>
    /// <param name="labelColumnName">Column of thick label maps, needed for training.</param>
    /// <param name="hrOutputColumnName">Added column: labels on the refined grid.</param>
    public static RehrSegEstimator RehrSeg(this TransformsCatalog catalog, string outputColumnName = "LrSegmentation", string inputColumnName = "Image", string labelColumnName = "Label", string hrOutputColumnName = "HrSegmentation")
        => catalog.RehrSeg(new RehrSegOptions { LrSegmentationColumnName = outputColumnName, ImageColumnName = inputColumnName, LabelColumnName = labelColumnName, HrSegmentationColumnName = hrOutputColumnName });

    /// <summary>Learns segmentation on thick and thin slices.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="options">Columns and training; copied.</param>
    public static RehrSegEstimator RehrSeg(this TransformsCatalog catalog, RehrSegOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(MlNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>
    /// The chain for scoring: without members of <see cref="TransformerScope.Training"/>, without pseudo data, and without
    /// self-SR where a segmenter follows. It needs the image alone, can be saved, and serves a PredictionEngine.
    /// </summary>
    /// <param name="model">A fitted or loaded chain. The result shares its members: dispose one of the two.</param>
    public static TransformerChain<T> ForScoring<T>(this TransformerChain<T> model) where T : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(model);
        return new([.. ScoringMembers(MlNetInternals.MembersOf(model, TransformerScope.Scoring)!)]);
    }

    /// <inheritdoc cref="ForScoring{T}(TransformerChain{T})"/>
    public static ITransformer ForScoring(this ITransformer model)
        => MlNetInternals.MembersOf(model, TransformerScope.Scoring) is { } members ? new TransformerChain<ITransformer>([.. ScoringMembers(members)]) : model;

    static IEnumerable<ITransformer> ScoringMembers(IReadOnlyList<ITransformer> members)
    {
        bool segments = members.Any(m => m is RehrSegTransformer);
        return members.Where(m => m is not PseudoDataTransformer && !(segments && m is SelfSrTransformer));
    }
}
