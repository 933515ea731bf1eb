using REHRSeg.Imaging;
using static Microsoft.ML.DataOperationsCatalog;

namespace Microsoft.ML;

/// <summary>What is done with a whole set of medical cases: <c>mlContext.MedicalImaging</c>.</summary>
public sealed class MedicalImagingCatalog
{
    internal MedicalImagingCatalog(MLContext context) => Context = context;

    /// <summary>The context that the catalog was reached by.</summary>
    internal MLContext Context { get; }

    /// <summary>The folds of a cross-validation by patients.</summary>
    /// <inheritdoc cref="PatientFoldsCatalog.PatientFolds"/>
    public IReadOnlyList<TrainTestData> CrossValidationFolds(IDataView data, int folds = 5, string patientColumnName = "Id", int seed = 12345)
        => Context.Data.PatientFolds(data, folds, patientColumnName, seed);

    /// <summary>Scores label maps: DSC and HD95 of each case and foreground class.</summary>
    /// <param name="data">Scored rows; read once.</param>
    /// <param name="labelColumnName">Column of true label maps; its label names are used where it carries them, else the values found.</param>
    /// <param name="predictedColumnName">Column of predicted label maps on the same grids.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or holds no volumes.</exception>
    /// <exception cref="DatasetException">A row without label map.</exception>
    /// <exception cref="GeometryMismatchException">A prediction off its label map's grid.</exception>
    public SegmentationMetrics EvaluateSegmentation(IDataView data, string labelColumnName = "Label", string predictedColumnName = "LrSegmentation")
        => SegmentationMetrics.Of(data, labelColumnName, predictedColumnName);
}

/// <summary>Brings <c>mlContext.MedicalImaging</c>.</summary>
public static class MedicalImagingContextExtensions
{
    extension(MLContext context)
    {
        /// <summary>Folds, cross-validation and scores of medical cases.</summary>
        public MedicalImagingCatalog MedicalImaging => new(context ?? throw new ArgumentNullException(nameof(context)));
    }
}
