namespace REHRSeg.Imaging;

/// <summary>
/// Linear resampling of labels as one-hot maps, without making those maps: a new voxel sees eight old ones, so at most eight labels, and nearly
/// always one. Time and memory do not depend on the number of classes.
/// </summary>
static class LabelSampling
{
    /// <summary>Resamples one channel along x, y, z.</summary>
    internal static void Resize(ReadOnlyMemory<float> labels, Memory<float> result, AxisSampling[] axes, LabelDecision decision)
    {
        var (x, y, z) = (new Neighbours(axes[0]), new Neighbours(axes[1]), new Neighbours(axes[2]));
        int width = axes[0].Length, plane = width * axes[1].Length;
        int[] order = [.. Enumerable.Range(0, 3).OrderBy(a => (double)axes[a].Count / axes[a].Length)]; // as images are resampled, so that shares round alike
        Parallel.For(0, axes[2].Count, k =>
        {
            var source = labels.Span;
            var target = result.Span.Slice(k * axes[1].Count * axes[0].Count, axes[1].Count * axes[0].Count);
            Span<float> around = stackalloc float[8];
            Span<double> weights = [x.Low[0], x.High[0], y.Low[0], y.High[0], z.Low[k], z.High[k]];
            for (int j = 0, i = 0; j < axes[1].Count; j++)
            {
                (weights[2], weights[3]) = (y.Low[j], y.High[j]);
                ReadOnlySpan<float> a = source.Slice(z.Lower[k] * plane + y.Lower[j] * width, width), b = source.Slice(z.Lower[k] * plane + y.Upper[j] * width, width);
                ReadOnlySpan<float> c = source.Slice(z.Upper[k] * plane + y.Lower[j] * width, width), d = source.Slice(z.Upper[k] * plane + y.Upper[j] * width, width);
                for (int n = 0; n < axes[0].Count; n++, i++)
                {
                    int l = x.Lower[n], u = x.Upper[n];
                    float first = a[l];
                    if (first == a[u] && first == b[l] && first == b[u] && first == c[l] && first == c[u] && first == d[l] && first == d[u])
                    {
                        target[i] = first;
                        continue;
                    }
                    (around[0], around[1], around[2], around[3]) = (first, a[u], b[l], b[u]);
                    (around[4], around[5], around[6], around[7]) = (c[l], c[u], d[l], d[u]);
                    (weights[0], weights[1]) = (x.Low[n], x.High[n]);
                    target[i] = Decide(around, weights, order, decision);
                }
            }
        });
    }

    /// <summary>The label of a voxel among eight.</summary>
    /// <param name="around">Labels; bit 0 of the place tells the upper one along x, bit 1 along y, bit 2 along z.</param>
    /// <param name="weights">Of the lower and the upper one along x, y, z.</param>
    /// <param name="order">Axes in the order in which they are summed.</param>
    /// <param name="decision">The rule.</param>
    internal static float Decide(ReadOnlySpan<float> around, ReadOnlySpan<double> weights, ReadOnlySpan<int> order, LabelDecision decision)
    {
        Span<float> share = stackalloc float[8];
        float winner = 0, most = -1;
        for (int i = 0; i < 8; i++)
        {
            float label = around[i];
            if (around[..i].Contains(label) || (decision == LabelDecision.Half && (label == 0 || (winner != 0 && label < winner)))) continue;
            for (int j = 0; j < 8; j++) share[j] = around[j] == label ? 1 : 0;
            int summed = 0;
            foreach (int a in order)
            {
                int bit = 1 << a;
                summed |= bit;
                for (int j = 0; j < 8; j++)
                    if ((j & summed) == 0) share[j] = (float)(share[j] * weights[2 * a] + share[j | bit] * weights[2 * a + 1]);
            }
            bool wins = decision == LabelDecision.Half ? share[0] >= 0.5f : share[0] > most || (share[0] == most && label < winner);
            if (wins) (winner, most) = (label, share[0]);
            if (share[0] > 0.5001f) break; // the others have less than half
        }
        return winner;
    }

    /// <summary>The two old samples on either side of each new one, and their weights; twice the same one where the axis is not interpolated.</summary>
    sealed class Neighbours
    {
        internal Neighbours(AxisSampling axis)
        {
            (Lower, Upper, Low, High) = (new int[axis.Count], new int[axis.Count], new double[axis.Count], new double[axis.Count]);
            for (int k = 0; k < axis.Count; k++)
            {
                int first = axis.First[k] - axis.Pad;
                Lower[k] = Math.Clamp(first, 0, axis.Length - 1);
                Upper[k] = Math.Clamp(first + axis.Taps - 1, 0, axis.Length - 1);
                Low[k] = axis.Weights[k * axis.Taps];
                High[k] = axis.Taps == 2 ? axis.Weights[k * axis.Taps + 1] : 0;
            }
        }

        internal int[] Lower { get; }
        internal int[] Upper { get; }
        internal double[] Low { get; }
        internal double[] High { get; }
    }
}
