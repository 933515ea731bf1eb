namespace REHRSeg.Imaging;

/// <summary>Paired Wilcoxon signed-rank test (Wilcoxon 1945), two-sided: are two methods' scores on the same cases equally often better?</summary>
/// <param name="Statistic">The smaller of the rank sums of positive and of negative differences.</param>
/// <param name="PValue">Two-sided, 0 to 1; 1 where no case differs.</param>
/// <param name="Cases">Pairs with a difference other than 0 (the others are dropped).</param>
/// <param name="Exact">True: from the exact distribution (up to 50 pairs without ties). False: normal approximation with tie correction.</param>
public sealed record WilcoxonSignedRank(double Statistic, double PValue, int Cases, bool Exact)
{
    const int ExactLimit = 50;

    /// <summary>Tests pairs of scores, in the order of their cases.</summary>
    /// <param name="first">Scores of one method.</param>
    /// <param name="second">Scores of the other, of the same cases.</param>
    /// <exception cref="ArgumentException">Different lengths, or NaN or infinity among the scores.</exception>
    public static WilcoxonSignedRank Test(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count != second.Count) throw new ArgumentException($"{first.Count} and {second.Count} scores are no pairs.", nameof(second));
        double[] differences = [.. first.Zip(second, (a, b) => a - b)];
        if (differences.Any(d => !double.IsFinite(d))) throw new ArgumentException("Every score must be finite; leave out cases without a score.", nameof(first));
        differences = [.. differences.Where(d => d != 0).OrderBy(Math.Abs)];
        int n = differences.Length;
        if (n == 0) return new(0, 1, 0, true);

        double positive = 0, negative = 0, ties = 0;
        for (int i = 0, end; i < n; i = end)
        {
            for (end = i + 1; end < n && Math.Abs(differences[end]) == Math.Abs(differences[i]);) end++;
            double rank = (i + 1 + end) / 2.0, count = end - i;
            ties += count * count * count - count;
            for (int k = i; k < end; k++)
            {
                if (differences[k] > 0) positive += rank;
                else negative += rank;
            }
        }
        double smaller = Math.Min(positive, negative);
        bool exact = n <= ExactLimit && ties == 0;
        return new(smaller, exact ? ExactP((int)smaller, n) : ApproximateP(smaller, n, ties), n, exact);
    }

    /// <summary>Twice the part of the 2^n sign patterns whose positive ranks add up to at most <paramref name="sum"/>.</summary>
    static double ExactP(int sum, int n)
    {
        var patterns = new double[sum + 1];
        patterns[0] = 1;
        for (int rank = 1; rank <= n; rank++)
            for (int s = sum; s >= rank; s--) patterns[s] += patterns[s - rank];
        return Math.Min(1, 2 * patterns.Sum() * Math.Pow(2, -n));
    }

    static double ApproximateP(double sum, int n, double ties)
    {
        double mean = n * (n + 1) / 4.0, variance = n * (n + 1.0) * (2 * n + 1) / 24 - ties / 48;
        return variance <= 0 ? 1 : Math.Min(1, 2 * NormalTail(Math.Abs(sum - mean) / Math.Sqrt(variance)));
    }

    /// <summary>P(Z &gt; z) for z of at least 0: Abramowitz and Stegun 7.1.6 (series) below 3, 7.1.14 (continued fraction) above.</summary>
    static double NormalTail(double z)
    {
        double x = z / Math.Sqrt(2), density = Math.Exp(-x * x) / Math.Sqrt(Math.PI);
        if (z < 3)
        {
            double term = x, series = x;
            for (int k = 1; k < 200 && term > 1e-17 * series; k++) series += term *= 2 * x * x / (2 * k + 1);
            return 0.5 - density * series;
        }
        double fraction = 0;
        for (int k = 60; k >= 1; k--) fraction = k / 2.0 / (x + fraction);
        return density / (x + fraction) / 2;
    }
}
