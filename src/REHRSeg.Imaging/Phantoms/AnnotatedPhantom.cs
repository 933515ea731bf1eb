namespace REHRSeg.Imaging;

/// <summary>A generated case: image and labels on one grid.</summary>
/// <param name="Id">Case name, unique within a set ("phantom_003").</param>
/// <param name="Image">MR-like intensities, about 0 to 1000.</param>
/// <param name="Label">0 background, 1 organ, 2 lesion inside the organ.</param>
public sealed record AnnotatedPhantom(string Id, MLVolume Image, MLVolume Label);

/// <summary>Overall shape of a phantom's organ.</summary>
public enum PhantomAnatomy
{
    /// <summary>One nearly round body.</summary>
    Ovoid,
    /// <summary>A long body, oblique to the slice axis.</summary>
    Oblong,
    /// <summary>Two lobes that meet.</summary>
    Bilobed,
    /// <summary>A long body, bent along the slice axis.</summary>
    Crescent,
}
