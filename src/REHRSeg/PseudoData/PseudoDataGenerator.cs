using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Eq. 1: thick slices along the slice axis from a super-resolved volume, one pair per start offset.</summary>
public static class PseudoDataGenerator
{
    /// <summary>
    /// The pair for one start offset s: thick slice j covers thin slices s+r*j to s+r*j+r-1 (METHOD.md 5 [R]). Uncertainty is min-max
    /// normalised over the whole thin volume (eq. 7; a constant one gives 0), then averaged over each block.
    /// </summary>
    /// <param name="hrImage">Super-resolved image.</param>
    /// <param name="hrLabel">Its labels, on the same grid.</param>
    /// <param name="uncertainty">Its uncertainty, on the same grid.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="profile">Slice profile, which also fixes r.</param>
    /// <param name="start">Start offset, 0 to r-1.</param>
    /// <exception cref="GeometryMismatchException">The volumes lie on different grids.</exception>
    /// <exception cref="ArgumentException">No complete block is left, or <paramref name="start"/> is out of range.</exception>
    public static PseudoSample Create(MLVolume hrImage, MLVolume hrLabel, MLVolume uncertainty, SliceAxis axis, SliceProfile profile, int start)
    {
        ArgumentNullException.ThrowIfNull(hrImage);
        ArgumentNullException.ThrowIfNull(profile);
        hrImage.RequireSameGrid(hrLabel, "thin image", "thin label");
        hrImage.RequireSameGrid(uncertainty, "thin image", "uncertainty");
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(start, profile.Factor);
        return new(
            ThickSliceSimulator.Image(hrImage, axis, profile, start),
            ThickSliceSimulator.Label(hrLabel, axis, profile.Factor, start),
            ThickSliceSimulator.ThinTruth(hrLabel, axis, profile.Factor, start),
            BlockAverage(Normalise(uncertainty), axis, profile.Factor, start),
            start);
    }

    static MLVolume Normalise(MLVolume volume)
    {
        var (least, most) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (float value in volume.Voxels) (least, most) = (Math.Min(least, value), Math.Max(most, value));
        float range = most > least ? most - least : 1;
        return volume.WithVoxels(Array.ConvertAll(volume.Memory.ToArray(), v => (v - least) / range), volume.Channels);
    }

    /// <summary>Means over the r thin slices of each thick one.</summary>
    internal static MLVolume BlockAverage(MLVolume thin, SliceAxis axis, int factor, int start)
    {
        var source = thin.SwapAxes(axis, SliceAxis.Z);
        var geometry = source.Geometry.Coarsen(factor, SliceAxis.Z, start);
        int plane = geometry.Height * geometry.Width;
        var result = new float[geometry.VoxelCount];
        for (int z = 0; z < geometry.Depth * factor; z++)
        {
            var from = source.Voxels.Slice((start + z) * plane, plane);
            var to = result.AsSpan(z / factor * plane, plane);
            for (int i = 0; i < plane; i++) to[i] += from[i] / factor;
        }
        return new MLVolume(geometry, result).SwapAxes(axis, SliceAxis.Z);
    }
}
