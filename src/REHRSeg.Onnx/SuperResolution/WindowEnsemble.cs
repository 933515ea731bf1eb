namespace REHRSeg.Onnx;

/// <summary>Views of each window over which the self-SR network's outputs are averaged; the value is their number.</summary>
public enum WindowEnsemble
{
    /// <summary>The window alone (published, METHOD.md section 4).</summary>
    None = 1,
    /// <summary>Its mirror images along slices, rows and columns: 8 runs.</summary>
    Mirror = 8,
    /// <summary>Those and the same with rows and columns exchanged, which makes all rotations by 90 degrees: 16 runs.</summary>
    Full = 16,
}
