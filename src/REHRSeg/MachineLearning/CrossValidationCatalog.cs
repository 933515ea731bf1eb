using REHRSeg.Imaging;
using static Microsoft.ML.DataOperationsCatalog;

namespace Microsoft.ML;

/// <summary>Cross-validation of segmenters on <c>mlContext.MedicalImaging</c>.</summary>
public static class CrossValidationCatalog
{
    /// <summary>Fits an estimator on each fold's training rows and scores it on the fold's test rows.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">Annotated cases.</param>
    /// <param name="estimator">Fitted once a fold; it sees nothing of the fold's test rows. With a checkpoint folder, folds overwrite each other's: see the other overload.</param>
    /// <param name="folds">Number of folds, at least 2.</param>
    /// <param name="patientColumnName">Column of text or whole numbers; rows with the same value stay together.</param>
    /// <param name="labelColumnName">Column of true label maps.</param>
    /// <param name="outputColumnName">Column of label maps that the model adds.</param>
    /// <param name="seed">Seed of the split; nnU-Net's by default.</param>
    /// <returns>Model, scores and scored test rows of each fold. The models are the caller's to dispose.</returns>
    /// <exception cref="System.ArgumentException">Fewer patients than folds.</exception>
    public static IReadOnlyList<CrossValidatedFold> CrossValidate(this MedicalImagingCatalog catalog, IDataView data, IEstimator<ITransformer> estimator, int folds = 5,
        string patientColumnName = "Id", string labelColumnName = "Label", string outputColumnName = "LrSegmentation", int seed = 12345)
    {
        ArgumentNullException.ThrowIfNull(estimator);
        return catalog.CrossValidate(data, (_, _) => estimator, folds, patientColumnName, labelColumnName, outputColumnName, seed);
    }

    /// <summary>Fits an estimator of its own on each fold's training rows and scores it on the fold's test rows.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">Annotated cases.</param>
    /// <param name="estimator">
    /// Makes the estimator of a fold from the fold's number and rows, for example with its own <c>CheckpointDirectory</c>, and with the test rows as
    /// <c>ValidationSet</c>. An option that chooses by the validation set (<c>KeepBest</c>, <c>Patience</c>) makes the scores a little too good.
    /// </param>
    /// <param name="folds">Number of folds, at least 2.</param>
    /// <param name="patientColumnName">Column of text or whole numbers; rows with the same value stay together.</param>
    /// <param name="labelColumnName">Column of true label maps.</param>
    /// <param name="outputColumnName">Column of label maps that the model adds.</param>
    /// <param name="seed">Seed of the split; nnU-Net's by default.</param>
    /// <returns>Model, scores and scored test rows of each fold. The models are the caller's to dispose.</returns>
    /// <exception cref="System.ArgumentException">Fewer patients than folds.</exception>
    public static IReadOnlyList<CrossValidatedFold> CrossValidate(this MedicalImagingCatalog catalog, IDataView data, Func<int, TrainTestData, IEstimator<ITransformer>> estimator, int folds = 5,
        string patientColumnName = "Id", string labelColumnName = "Label", string outputColumnName = "LrSegmentation", int seed = 12345)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(estimator);
        var result = new List<CrossValidatedFold>();
        foreach (var (fold, rows) in catalog.CrossValidationFolds(data, folds, patientColumnName, seed).Index())
        {
            var model = estimator(fold, rows).Fit(rows.TrainSet);
            var scored = model.ForScoring().Transform(rows.TestSet);
            result.Add(new(fold, model, catalog.EvaluateSegmentation(scored, labelColumnName, outputColumnName), scored));
        }
        return result;
    }
}

/// <summary>One fold of a cross-validation.</summary>
/// <param name="Fold">From 0.</param>
/// <param name="Model">As fitted; <c>ForScoring()</c> gives the part that needs the image alone.</param>
/// <param name="Metrics">On the test rows.</param>
/// <param name="ScoredTestSet">The test rows with predictions, which are made anew when it is read.</param>
public sealed record CrossValidatedFold(int Fold, ITransformer Model, SegmentationMetrics Metrics, IDataView ScoredTestSet);
