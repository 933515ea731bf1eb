using REHRSeg.Imaging;
using static Microsoft.ML.DataOperationsCatalog;

namespace Microsoft.ML;

/// <summary>Cross-validation by patients.</summary>
public static class PatientFoldsCatalog
{
    /// <summary>
    /// Splits rows into folds by patient, exactly: all rows of a patient are on one side, each patient is tested in one fold, and fold sizes differ by at most
    /// one patient (<c>CrossValidationSplit</c> of ML.NET hashes its sampling key, so its folds vary in size). The split is nnU-Net's and that of
    /// <c>rehrseg train --fold</c> for the same names (<see cref="CrossValidationFolds"/>).
    /// </summary>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="data">Rows; read once for the names alone, and again, lazily, by whoever reads a fold. A fold asks nothing of other rows but the name.</param>
    /// <param name="folds">Number of folds, at least 2.</param>
    /// <param name="patientColumnName">Column of text or whole numbers; rows with the same value stay together. The case id, where a patient has one case.</param>
    /// <param name="seed">Seed of the shuffle; nnU-Net's by default.</param>
    /// <returns>Training and test rows of each fold, in the data's order.</returns>
    /// <exception cref="ArgumentException">Fewer patients than folds.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 2 folds, or no such column.</exception>
    /// <exception cref="DatasetException">A row without patient.</exception>
    public static IReadOnlyList<TrainTestData> PatientFolds(this DataOperationsCatalog catalog, IDataView data, int folds = 5, string patientColumnName = "Id", int seed = 12345)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        var column = new PatientColumn(patientColumnName);
        return [.. CrossValidationFolds.Split(column.ReadAll(data), folds, seed).Select(fold => MlNetInternals.TrainTest(Rows(fold.Train), Rows(fold.Validation)))];

        PatientRowsView Rows(IEnumerable<string> patients) => new(data, column, patients.ToHashSet());
    }
}
