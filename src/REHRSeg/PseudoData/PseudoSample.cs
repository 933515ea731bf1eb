using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>One pseudo thick/thin pair (eq. 1): all in the orientation of the thin volume it was made from.</summary>
/// <param name="Image">Pseudo thick image.</param>
/// <param name="Label">Pseudo thick label map.</param>
/// <param name="HrLabel">The thin labels of exactly the thick slices' extent: r times the slices.</param>
/// <param name="Uncertainty">Uncertainty on the thick grid, min-max normalised per volume to [0,1]: weight of eq. 7 is max(0.01, 1 - value).</param>
/// <param name="Start">Start offset, 0 to r-1.</param>
public sealed record PseudoSample(MLVolume Image, MLVolume Label, MLVolume HrLabel, MLVolume Uncertainty, int Start);
