namespace REHRSeg.Imaging;

/// <summary>Where the samples of one axis are taken: for each of <see cref="Count"/> new samples the first of its taps and their weights.</summary>
/// <remarks>Beyond the ends the outermost sample is repeated (scipy's mode "nearest"): <see cref="Pad"/> rows of that continuation stand on either side.</remarks>
sealed class AxisSampling
{
    /// <summary>Further out than this the spline of a repeated sample differs from it by less than 1e-7 of a step.</summary>
    const int Ringing = 12;

    AxisSampling(int length, int count, int order, int taps, int pad)
    {
        (Length, Count, Order, Taps, Pad) = (length, count, order, taps, pad);
        (First, Weights) = (new int[count], new double[count * taps]);
    }

    /// <summary>Samples of the axis before, n.</summary>
    internal int Length { get; }
    /// <summary>Samples after, m.</summary>
    internal int Count { get; }
    /// <summary>0, 1 or 3; 3 filters to B-spline coefficients before.</summary>
    internal int Order { get; }
    /// <summary>Weights of one new sample.</summary>
    internal int Taps { get; }
    /// <summary>Rows that continue the axis before its first and behind its last sample.</summary>
    internal int Pad { get; }
    /// <summary>First tap of each new sample; 0 is the first continuing row.</summary>
    internal int[] First { get; }
    /// <summary><c>Count x Taps</c>.</summary>
    internal double[] Weights { get; }

    /// <summary>The same field of view in m samples: sample k sits at (k + 0.5) n/m - 0.5.</summary>
    internal static AxisSampling Resize(int n, int m, int order)
    {
        if (order != 0) return At(n, m, order, k => (k + 0.5) * n / m - 0.5);
        var nearest = new AxisSampling(n, m, 0, 1, 0);
        for (int k = 0; k < m; k++) nearest.First[k] = (int)((2L * k + 1) * n / (2L * m)); // floor of (k + 0.5) n/m, free of rounding
        nearest.Weights.AsSpan().Fill(1);
        return nearest;
    }

    /// <summary>Sample k sits at <c>scale k + shift</c>, also outside.</summary>
    internal static AxisSampling Along(int n, int m, int order, double scale, double shift) => At(n, m, order, k => scale * k + shift);

    /// <summary>The cubic B-spline's coefficients with <paramref name="pad"/> more of them on either side.</summary>
    internal static AxisSampling Coefficients(int n, int pad)
    {
        var all = new AxisSampling(n, n + 2 * pad, 3, 1, pad);
        for (int k = 0; k < all.Count; k++) all.First[k] = k;
        all.Weights.AsSpan().Fill(1);
        return all;
    }

    static AxisSampling At(int n, int m, int order, Func<int, double> position)
    {
        // The positions are monotone, so the outermost of them tell how far the axis has to be continued.
        double outside = Math.Max(0, Math.Max(-Math.Min(position(0), position(m - 1)), Math.Max(position(0), position(m - 1)) - (n - 1)));
        int reach = order == 3 ? (int)Math.Ceiling(Math.Min(outside, Ringing)) : 0;
        var sampling = new AxisSampling(n, m, order, order == 3 ? 4 : order + 1, order == 3 ? reach + 2 : order);
        for (int k = 0; k < m; k++)
        {
            double x = Math.Clamp(position(k), -Math.Max(reach, 0.5), n - 1 + Math.Max(reach, 0.5));
            var weights = sampling.Weights.AsSpan(k * sampling.Taps, sampling.Taps);
            double floor = Math.Floor(order == 0 ? x + 0.5 : x);
            if (order == 0) floor = Math.Clamp(floor, 0, n - 1);
            sampling.First[k] = (int)floor - (order == 3 ? 1 : 0) + sampling.Pad;
            if (order == 3) CubicSpline.Weights(x - floor, weights);
            else if (order == 1) (weights[0], weights[1]) = (1 - (x - floor), x - floor);
            else weights[0] = 1;
        }
        return sampling;
    }
}
