using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace Microsoft.ML;

/// <summary>Loads medical volumes into ML.NET pipelines.</summary>
public static class VolumeCatalog
{
    /// <summary>Reads volume files into a column.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="outputColumnName">Volume column to add.</param>
    /// <param name="inputColumnName">Text column of file paths; null: <paramref name="outputColumnName"/>.</param>
    public static LoadVolumesEstimator LoadVolumes(this TransformsCatalog catalog, string outputColumnName, string? inputColumnName = null)
        => catalog.LoadVolumes(new LoadVolumesOptions { Columns = [new(outputColumnName, inputColumnName ?? outputColumnName)] });

    /// <summary>Reads volume files into columns.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="options">Columns, folder and limits; copied.</param>
    public static LoadVolumesEstimator LoadVolumes(this TransformsCatalog catalog, LoadVolumesOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(MlNetInternals.EnvironmentOf(catalog), options);
    }

    /// <summary>The cases of a dataset folder as rows of Id, Image and Label; files are read when a row is asked for.</summary>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="directory">Folder with <c>dataset.json</c> (Medical Segmentation Decathlon or nnU-Net v2).</param>
    /// <param name="caseIds">The cases to take, in this order; null: all. See <see cref="CrossValidationFolds"/>.</param>
    /// <param name="limits">Bounds on what is read.</param>
    /// <exception cref="DatasetException">The dataset is incomplete, or has no case of a given id.</exception>
    public static IDataView LoadMedicalDataset(this DataOperationsCatalog catalog, string directory, IEnumerable<string>? caseIds = null, VolumeReadLimits? limits = null)
        => catalog.LoadMedicalDataset(MedicalDataset.Open(directory), caseIds, limits);

    /// <inheritdoc cref="LoadMedicalDataset(DataOperationsCatalog, string, IEnumerable{string}, VolumeReadLimits)"/>
    /// <param name="dataset">An opened dataset.</param>
    /// <param name="catalog">The data catalog.</param>
    /// <param name="caseIds">The cases to take, in this order; null: all.</param>
    /// <param name="limits">Bounds on what is read.</param>
    public static IDataView LoadMedicalDataset(this DataOperationsCatalog catalog, MedicalDataset dataset, IEnumerable<string>? caseIds = null, VolumeReadLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(dataset);
        IReadOnlyList<MedicalCase> cases = caseIds is null ? dataset.Cases : [.. caseIds.Select(id => dataset.Cases.FirstOrDefault(c => c.Id == id)
            ?? throw new DatasetException($"{dataset.Directory}: there is no case '{id}'. The first of its {dataset.Cases.Count} cases is '{dataset.Cases[0].Id}'."))];
        return new MedicalDatasetView(dataset, cases, limits ?? VolumeReadLimits.Default);
    }
}
