namespace REHRSeg.Tool;

/// <summary>How radiologists cut a volume.</summary>
internal enum AnatomicalPlane
{
    /// <summary>Seen from the feet: the patient's right on the left, anterior above.</summary>
    Axial,
    /// <summary>Seen from the front: the patient's right on the left, superior above.</summary>
    Coronal,
    /// <summary>Seen from the patient's left: anterior on the left, superior above.</summary>
    Sagittal,
}

/// <summary>A plane in a volume whose index axes point to left, posterior and superior (<c>LPS</c>).</summary>
/// <param name="Horizontal">Index axis that runs to the right of the picture.</param>
/// <param name="Vertical">Index axis along the picture's height.</param>
/// <param name="Through">Index axis across the picture.</param>
/// <param name="Upwards">The vertical axis runs to the top of the picture, not to its bottom.</param>
/// <param name="Left">Letter of the patient's side at the left edge.</param>
/// <param name="Right">At the right edge.</param>
/// <param name="Top">At the upper edge.</param>
/// <param name="Bottom">At the lower edge.</param>
internal sealed record PlaneAxes(int Horizontal, int Vertical, int Through, bool Upwards, string Left, string Right, string Top, string Bottom)
{
    public static PlaneAxes Of(AnatomicalPlane plane) => plane switch
    {
        AnatomicalPlane.Axial => new(0, 1, 2, false, "R", "L", "A", "P"),
        AnatomicalPlane.Coronal => new(0, 2, 1, true, "R", "L", "S", "I"),
        _ => new(1, 2, 0, true, "A", "P", "S", "I"),
    };
}
