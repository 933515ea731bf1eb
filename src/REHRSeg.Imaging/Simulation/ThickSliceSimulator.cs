namespace REHRSeg.Imaging;

/// <summary>
/// Thick slices from thin ones: image = profile-weighted average at each block, label = majority of the r thin labels
/// (ties to the lower-centre slice). Only the needed slices are computed (METHOD.md 13.4). FOV-preserving grid.
/// </summary>
public static class ThickSliceSimulator
{
    /// <summary>Thick image of <c>(size - start) / r</c> slices along the axis; all channels.</summary>
    public static MLVolume Image(MLVolume thin, SliceAxis axis, SliceProfile profile, int start = 0) => throw new NotImplementedException();

    /// <summary>Thick label map of the same grid.</summary>
    public static MLVolume Label(MLVolume thin, SliceAxis axis, int factor, int start = 0) => throw new NotImplementedException();

    /// <summary>The thin volume cut to the complete blocks: the truth on the exact refined grid.</summary>
    public static MLVolume ThinTruth(MLVolume thin, SliceAxis axis, int factor, int start = 0) => throw new NotImplementedException();
}
