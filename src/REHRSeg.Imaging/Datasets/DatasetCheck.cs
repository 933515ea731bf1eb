namespace REHRSeg.Imaging;

/// <summary>Integrity check of a dataset before hours of work.</summary>
public static class DatasetCheck
{
    /// <summary>
    /// Reads every case and collects all problems: shape or geometry of image and label, unnamed label values, NaN, single slices,
    /// fewer than 4 slices along the slice axis, damaged files, isotropic spacing without <paramref name="factor"/>.
    /// </summary>
    public static DatasetReport Run(MedicalDataset dataset, int? factor = null, SliceAxis? axis = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

/// <summary>What a check found.</summary>
/// <param name="Cases">Per case: id, geometry, slice axis, voxel counts per label value.</param>
/// <param name="Problems">One clear line each (file, field, value, remedy); empty: all is well.</param>
/// <param name="Warnings">Things that are unusual but allowed.</param>
public sealed record DatasetReport(IReadOnlyList<CaseSummary> Cases, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings);

/// <summary>One case as the check saw it.</summary>
public sealed record CaseSummary(string Id, VolumeGeometry Geometry, SliceAxis Axis, IReadOnlyDictionary<int, long> LabelVoxels);
