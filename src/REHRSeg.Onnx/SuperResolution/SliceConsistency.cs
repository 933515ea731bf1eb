namespace REHRSeg.Onnx;

/// <summary>What of a super-resolved volume is made to agree with the thick slices that it came from. They are measured, so a network that contradicts them is wrong there.</summary>
[Flags]
public enum SliceConsistency
{
    /// <summary>The network's own output (published).</summary>
    None = 0,
    /// <summary>Thin labels that contradict their thick label are changed, at the least loss of logit, until their majority (ties to the lower-centre slice) is the thick label.</summary>
    Labels = 1,
    /// <summary>The thin image is changed by the least amount after which blurring it with the slice profile gives the thick slices back (<see cref="ImageConsistency"/>).</summary>
    Image = 2,
    /// <summary>Labels and image.</summary>
    Both = Labels | Image,
}
