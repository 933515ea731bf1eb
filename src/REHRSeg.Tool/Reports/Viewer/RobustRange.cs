using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The values of a volume without a few extreme ones on each side, which would take the contrast from the rest.</summary>
internal readonly record struct RobustRange(float Low, float High)
{
    /// <summary>The share of voxels that is left out on each side.</summary>
    const double Tail = 0.001;
    /// <summary>Of larger volumes every n-th value is looked at.</summary>
    const int Sample = 1_000_000;

    /// <summary>The range of the first channel's finite values; 0 to 0 if there are none.</summary>
    public static RobustRange Of(MLVolume volume)
    {
        var voxels = volume.Channel(0);
        var values = new List<float>();
        // An odd step does not fall into step with rows of even length.
        for (int i = 0, step = voxels.Length / Sample | 1; i < voxels.Length; i += step)
            if (float.IsFinite(voxels[i])) values.Add(voxels[i]);
        if (values.Count == 0) return default;
        values.Sort();
        int tail = (int)(Tail * (values.Count - 1));
        return new(values[tail], values[^(tail + 1)]);
    }
}
