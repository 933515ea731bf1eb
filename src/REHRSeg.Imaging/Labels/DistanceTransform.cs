namespace REHRSeg.Imaging;

/// <summary>
/// Exact Euclidean distance transform in linear time, axis by axis, by lower envelopes of parabolas
/// (Felzenszwalb and Huttenlocher 2012), for voxels of any spacing.
/// </summary>
public static class DistanceTransform
{
    /// <summary>Squared distance in mm² from each voxel's centre to the nearest true voxel's centre; 0 on true voxels, +infinity if none is true.</summary>
    /// <param name="features">Voxels, x fastest.</param>
    /// <param name="size">Voxels along x, y, ...; any number of axes.</param>
    /// <param name="spacing">Millimetres between voxel centres along the same axes.</param>
    /// <exception cref="ArgumentException">The lengths disagree.</exception>
    public static float[] Squared(ReadOnlySpan<bool> features, ReadOnlySpan<int> size, ReadOnlySpan<double> spacing)
    {
        long voxels = 1;
        foreach (int n in size) voxels *= n;
        if (size.Length != spacing.Length || voxels != features.Length)
            throw new ArgumentException($"{features.Length} voxels and {spacing.Length} spacings do not match a size of ({string.Join(", ", size.ToArray())}).", nameof(size));
        var result = new float[features.Length];
        for (int i = 0; i < result.Length; i++) result[i] = features[i] ? 0 : float.PositiveInfinity;
        int inner = 1;
        for (int a = 0; a < size.Length; inner *= size[a++])
            if (size[a] > 1) Pass(result, size[a], inner, spacing[a]);
        return result;
    }

    static void Pass(float[] squared, int n, int inner, double spacing)
    {
        // Lines are grouped so that a task's buffers serve many of them and neighbours in memory stay together.
        const int group = 64;
        int lines = squared.Length / n;
        Parallel.For(0, (lines + group - 1) / group, g =>
        {
            var envelope = new Envelope(n, spacing * spacing);
            for (int line = g * group; line < Math.Min(lines, (g + 1) * group); line++)
            {
                var (o, i) = Math.DivRem(line, inner);
                envelope.Transform(squared, o * n * inner + i, inner);
            }
        });
    }

    /// <summary>The lower envelope of the parabolas f(p) + w (q - p)² of one line, and its values at the samples q.</summary>
    sealed class Envelope(int n, double weight)
    {
        readonly double[] _f = new double[n], _from = new double[n];
        readonly int[] _site = new int[n];

        public void Transform(float[] values, int start, int stride)
        {
            int top = -1;
            for (int q = 0; q < n; q++)
            {
                double f = _f[q] = values[start + q * stride];
                if (double.IsPositiveInfinity(f)) continue;
                double from = double.NegativeInfinity;
                while (top >= 0)
                {
                    int p = _site[top];
                    from = ((f - _f[p]) / weight / (q - p) + q + p) / 2;
                    if (from > _from[top]) break;
                    top--;
                }
                if (top < 0) from = double.NegativeInfinity;
                top++;
                (_site[top], _from[top]) = (q, from);
            }
            if (top < 0) return;
            for (int q = 0, k = 0; q < n; q++)
            {
                while (k < top && _from[k + 1] < q) k++;
                double d = q - _site[k];
                values[start + q * stride] = (float)(_f[_site[k]] + weight * d * d);
            }
        }
    }
}
