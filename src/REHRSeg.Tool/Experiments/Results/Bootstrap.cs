using MathNet.Numerics.Distributions;
using MathNet.Numerics.Random;
using MathNet.Numerics.Statistics;

namespace REHRSeg.Tool;

/// <summary>
/// 95 % confidence intervals of a mean over cases by the bias-corrected and accelerated bootstrap (Efron 1987; Efron and Tibshirani, An Introduction to the Bootstrap, 14.3).
/// Seeded, with the same draws for every sample of a size, so that a result does not depend on the order of questions.
/// </summary>
internal sealed class Bootstrap(int seed = 1, int resamples = 10_000)
{
    public const double Level = 0.95;

    int[] _draws = [];
    int _size;

    /// <summary>The interval, whatever the order of the values; a point where all are equal, NaN where there are fewer than two.</summary>
    public (double Low, double High) OfMean(IEnumerable<double> sample)
    {
        double[] values = [.. sample.Order()];
        int n = values.Length;
        if (n < 2) return (double.NaN, double.NaN);
        if (values.All(v => v == values[0])) return (values[0], values[0]);
        double[] means = Means(values);
        Array.Sort(means);
        double mean = values.Average(), half = 0.5 / resamples;
        double below = Math.Clamp((means.Count(m => m < mean) + means.Count(m => m <= mean)) * half, half, 1 - half);
        double bias = Normal.InvCDF(0, 1, below), acceleration = Acceleration(values, mean);
        double Bound(double probability)
        {
            double z = bias + Normal.InvCDF(0, 1, probability);
            return SortedArrayStatistics.QuantileCustom(means, Normal.CDF(0, 1, bias + z / (1 - acceleration * z)), QuantileDefinition.R7);
        }
        return (Bound((1 - Level) / 2), Bound((1 + Level) / 2));
    }

    double[] Means(double[] values)
    {
        int n = values.Length;
        if (_size != n)
        {
            (_draws, _size) = (new int[resamples * n], n);
            new MersenneTwister(seed, threadSafe: false).NextInt32s(_draws, 0, n);
        }
        var means = new double[resamples];
        for (int i = 0, at = 0; i < resamples; i++)
        {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += values[_draws[at++]];
            means[i] = sum / n;
        }
        return means;
    }

    /// <summary>From the jackknife, whose leave-one-out means differ from their mean by (x - mean) / (n - 1).</summary>
    static double Acceleration(double[] values, double mean)
    {
        double squares = values.Sum(v => (v - mean) * (v - mean)), cubes = values.Sum(v => Math.Pow(v - mean, 3));
        return squares > 0 ? cubes / (6 * Math.Pow(squares, 1.5)) : 0;
    }
}
