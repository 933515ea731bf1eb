namespace REHRSeg.Imaging;

/// <summary>What a header says of the voxels.</summary>
/// <param name="Geometry">Where they lie.</param>
/// <param name="Channels">Channels C.</param>
/// <param name="Interleaved">All channels of a voxel are neighbours in the file, instead of all voxels of a channel.</param>
/// <param name="Stored">How one voxel is stored.</param>
sealed record VoxelLayout(VolumeGeometry Geometry, int Channels, bool Interleaved, StoredVoxels Stored)
{
    /// <summary>Whatever the limits say: so many voxels of 8 bytes can still be counted.</summary>
    const long MostVoxels = 1L << 56;

    internal long VoxelCount => (long)Geometry.VoxelCount * Channels;
    internal long Bytes => VoxelCount * Stored.Type.Bytes();
    internal string Describe() => $"{string.Join("x", Geometry.Size)} voxels x {Channels} channel(s) of {Stored.Type}";

    /// <summary>Multiplies a header's sizes, stopping at the limit before anything overflows.</summary>
    /// <exception cref="VolumeFormatException">More than <see cref="VolumeReadLimits.MaxVoxels"/>.</exception>
    internal static void RequireWithin(IEnumerable<long> sizes, VolumeReadLimits limits, string file, string field)
    {
        long voxels = 1, most = Math.Min(limits.MaxVoxels, MostVoxels);
        foreach (long n in sizes)
        {
            if (voxels > most / n) throw FormatProblem.Invalid(file, field, string.Join(" x ", sizes), $"that is more than the {most} voxels that may be read; crop the volume, or raise VolumeReadLimits.MaxVoxels if the file is trusted");
            voxels *= n;
        }
    }
}
