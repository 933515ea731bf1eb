namespace REHRSeg.Imaging;

/// <summary>Separable resampling, half-pixel (FOV-preserving) coordinates, edge-replicated.</summary>
public static class Resampler
{
    /// <summary>
    /// To another number of voxels over the same field of view, all channels. Order 0 (nearest), 1 (linear), 3 (cubic B-spline
    /// with prefilter; equal to scipy.ndimage.map_coordinates order 3, mode nearest, to 1e-4).
    /// </summary>
    /// <param name="volume">Image.</param>
    /// <param name="size">New voxels along x, y, z.</param>
    /// <param name="order">0, 1 or 3.</param>
    /// <param name="orderZ">Order along z if different (nnU-Net's separate z), else null.</param>
    public static MLVolume Resize(MLVolume volume, ReadOnlySpan<int> size, int order = 3, int? orderZ = null) => throw new NotImplementedException();

    /// <summary>Labels: per-label one-hot of the order-1 resample, value of at least 0.5 wins, labels ascending (nnU-Net); z nearest if <paramref name="separateZ"/>.</summary>
    public static MLVolume ResizeLabels(MLVolume labels, ReadOnlySpan<int> size, bool separateZ = false) => throw new NotImplementedException();

    /// <summary>Thin image from a thick one along an axis: cubic B-spline on the FOV-preserving grid (r slices for each).</summary>
    public static MLVolume RefineImage(MLVolume thick, SliceAxis axis, int factor, int order = 3) => throw new NotImplementedException();
}
