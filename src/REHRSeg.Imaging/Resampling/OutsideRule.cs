namespace REHRSeg.Imaging;

/// <summary>What a resampled image shows where the source has no voxels.</summary>
public enum OutsideRule
{
    /// <summary>
    /// A fill value beyond the source's field of view, that is more than half a voxel from its outermost voxel centres; within that half voxel the
    /// outermost voxels go on. As ITK's resampling; positions within 1e-6 of a voxel of the limit count as inside.
    /// </summary>
    Fill,
    /// <summary>The outermost voxels go on for ever. As <c>mode="nearest"</c> of scipy.ndimage.</summary>
    Replicate,
}
