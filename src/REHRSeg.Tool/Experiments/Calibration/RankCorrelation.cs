namespace REHRSeg.Tool;

/// <summary>Do two quantities rise together?</summary>
internal static class RankCorrelation
{
    /// <summary>Spearman's rank correlation, -1 to 1, equal values sharing their mean rank; NaN where one does not vary.</summary>
    public static double Spearman(float[] a, float[] b)
    {
        if (a.Length != b.Length) throw new ArgumentException($"{a.Length} and {b.Length} values are no pairs.", nameof(b));
        double[] x = Ranks(a), y = Ranks(b);
        double mean = (a.Length + 1) / 2.0, xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double dx = x[i] - mean, dy = y[i] - mean;
            (xx, yy, xy) = (xx + dx * dx, yy + dy * dy, xy + dx * dy);
        }
        return xy / Math.Sqrt(xx * yy);
    }

    static double[] Ranks(float[] values)
    {
        var (sorted, order, ranks) = ((float[])values.Clone(), new int[values.Length], new double[values.Length]);
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(sorted, order);
        for (int i = 0, end; i < sorted.Length; i = end)
        {
            for (end = i + 1; end < sorted.Length && sorted[end] == sorted[i];) end++;
            for (int k = i; k < end; k++) ranks[order[k]] = (i + 1 + end) / 2.0;
        }
        return ranks;
    }
}
