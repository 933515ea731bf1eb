namespace REHRSeg.Imaging;

/// <summary>The bytes of the voxels: where they begin, uncompressed.</summary>
/// <param name="File">Name of the file that holds them.</param>
/// <param name="FileLength">Its bytes; null for a stream that cannot tell.</param>
/// <param name="Content">Stands at the first voxel.</param>
/// <param name="Inflated">The stream that inflates, if the voxels are compressed; checked after the last one.</param>
/// <param name="Owned">What to close, in this order.</param>
sealed record VoxelSource(string File, long? FileLength, Stream Content, InflatedStream? Inflated, IReadOnlyList<IDisposable> Owned) : IDisposable
{
    /// <summary>True if the header's claim could not be compared with what is there, so that memory must grow with the data.</summary>
    internal bool IsUnverified => Inflated is not null || FileLength is null;

    /// <summary>Compares what the voxels need with what the file holds, before memory is spent.</summary>
    /// <param name="before">Bytes before the voxels (before inflation, if they are compressed alone).</param>
    /// <param name="layout">The header's claim.</param>
    /// <param name="field">What the exception calls the field that claims.</param>
    /// <param name="needed">Bytes of the voxels; for text the least number of characters.</param>
    /// <exception cref="VolumeFormatException">The file is too short.</exception>
    internal void RequirePlausibleLength(long before, VoxelLayout layout, string field, long needed)
    {
        if (FileLength is { } length && (Inflated is null ? before + needed > length : needed / InflatedStream.MaxRatio > length))
            throw FormatProblem.Invalid(File, "file length", $"{length} bytes", $"{layout.Describe()} need {before + needed}{(Inflated is null ? "" : " before compression")}, so the file is truncated or {field} is wrong; copy or export it again");
    }

    public void Dispose()
    {
        foreach (var owned in Owned) owned.Dispose();
    }
}
