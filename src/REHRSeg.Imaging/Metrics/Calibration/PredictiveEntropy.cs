namespace REHRSeg.Imaging;

/// <summary>Entropy of class probabilities: how uncertain a segmentation is in each voxel.</summary>
public static class PredictiveEntropy
{
    /// <summary><c>-sum p ln p / ln K</c>: 0 where one class is certain, 1 where all are equally likely.</summary>
    /// <param name="probabilities">One channel a class.</param>
    /// <exception cref="ArgumentException">A single channel.</exception>
    public static MLVolume Normalised(MLVolume probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        if (probabilities.Channels < 2) throw new ArgumentException("Class probabilities have at least two channels.", nameof(probabilities));
        var entropy = new float[probabilities.Geometry.VoxelCount];
        Normalised(probabilities.Voxels, entropy.Length, probabilities.Channels, entropy);
        return probabilities.WithVoxels(entropy);
    }

    /// <summary>The same of as many voxels as <paramref name="entropy"/> has room for, class k at k times the stride.</summary>
    internal static void Normalised(ReadOnlySpan<float> probabilities, int classStride, int classes, Span<float> entropy)
    {
        entropy.Clear();
        float scale = -1 / MathF.Log(classes);
        for (int k = 0; k < classes; k++)
        {
            var p = probabilities.Slice(k * classStride, entropy.Length);
            for (int i = 0; i < p.Length; i++) if (p[i] > 0) entropy[i] += scale * p[i] * MathF.Log(p[i]);
        }
        for (int i = 0; i < entropy.Length; i++) entropy[i] = Math.Clamp(entropy[i], 0, 1);
    }
}
