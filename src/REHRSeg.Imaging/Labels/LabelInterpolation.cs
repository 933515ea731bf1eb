namespace REHRSeg.Imaging;

/// <summary>Thin label maps from thick ones along an axis, on the FOV-preserving grid.</summary>
public static class LabelInterpolation
{
    /// <summary>Each thin slice takes its thick slice's labels.</summary>
    public static MLVolume Nearest(MLVolume thick, SliceAxis axis, int factor) => throw new NotImplementedException();

    /// <summary>Shape-based interpolation: per class the signed distance in each slice, linear between slices, largest wins, ties to background.</summary>
    public static MLVolume SignedDistance(MLVolume thick, SliceAxis axis, int factor) => throw new NotImplementedException();
}
