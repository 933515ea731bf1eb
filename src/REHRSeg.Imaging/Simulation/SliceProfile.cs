namespace REHRSeg.Imaging;

/// <summary>
/// Through-plane point spread of a thick slice over thin ones: weights normalised to 1, centred on the block centre
/// (half-integer for even r), edge-replicated on application (DESIGN.md section 4, METHOD.md section 3.2).
/// </summary>
public sealed class SliceProfile
{
    internal SliceProfile(string name, int factor, int first, float[] weights) => (Name, Factor, First, Weights) = (name, factor, first, weights);

    /// <summary>"gaussian" or "slr".</summary>
    public string Name { get; }
    /// <summary>Thin slices per thick slice, r.</summary>
    public int Factor { get; }
    /// <summary>Position of the first weight relative to the block's first thin slice (0 or negative).</summary>
    public int First { get; }
    /// <summary>Weights, summing to 1.</summary>
    public IReadOnlyList<float> Weights { get; }

    /// <summary>Gaussian of the given FWHM in thin voxels (default r), truncated at 3 sigma or more.</summary>
    public static SliceProfile Gaussian(int factor, double? fwhm = null) => throw new NotImplementedException();

    /// <summary>The published code's simulated 90-degree SLR pulse, r = 2 to 6 (METHOD.md 3.2); even r is brought to the half-integer centre by its bicubic taps.</summary>
    public static SliceProfile Slr(int factor) => throw new NotImplementedException();
}
