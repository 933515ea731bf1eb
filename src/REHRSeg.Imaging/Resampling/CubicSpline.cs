using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace REHRSeg.Imaging;

/// <summary>The cubic B-spline: weights, and the recursive filter that turns samples into coefficients (Unser, IEEE Signal Processing Magazine 16(6), 1999).</summary>
static class CubicSpline
{
    /// <summary>Pole of the inverse filter, sqrt(3) - 2.</summary>
    const double Pole = -0.26794919243112270647;
    const double Gain = (1 - Pole) * (1 - 1 / Pole);

    /// <summary>Weights of the coefficients at -1, 0, 1, 2 for a position <paramref name="t"/> in [0, 1) after 0.</summary>
    internal static void Weights(double t, Span<double> weights)
    {
        double s = 1 - t;
        weights[0] = s * s * s / 6;
        weights[1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
        weights[2] = (4 - 6 * s * s + 3 * s * s * s) / 6;
        weights[3] = t * t * t / 6;
    }

    /// <summary>The same weights in single precision, as polynomials of t.</summary>
    internal static Vector128<float> Weights(float t) =>
        ((Vector128.Create(-1f, 3, -3, 1) * t + Vector128.Create(3f, -6, 3, 0)) * t + Vector128.Create(-3f, 0, 3, 0)) * t * (1 / 6f) + Vector128.Create(1f, 4, 1, 0) * (1 / 6f);

    /// <summary>
    /// Samples to coefficients in place, many lines side by side. Beyond its ends a line goes on with its outermost sample for ever; there the
    /// coefficients are that sample plus a multiple of Pole^j, so that both recursions begin, and <paramref name="pad"/> rows are filled, in closed form.
    /// </summary>
    /// <param name="rows"><c>(pad + length + pad) x width</c>; the samples are in the middle.</param>
    /// <param name="length">Samples of a line.</param>
    /// <param name="pad">Rows before and behind.</param>
    /// <param name="width">Lines; a multiple of the vector's width.</param>
    /// <param name="ends">Room for <c>2 x width</c> values.</param>
    internal static void Filter(Span<double> rows, int length, int pad, int width, Span<double> ends)
    {
        Span<double> samples = rows.Slice(pad * width, length * width), low = ends[..width], high = ends[width..(2 * width)];
        samples[..width].CopyTo(low);
        samples[^width..].CopyTo(high);
        var all = MemoryMarshal.Cast<double, Vector<double>>(samples);
        int step = width / Vector<double>.Count;
        for (int j = 0; j < step; j++) all[j] *= Gain / (1 - Pole);
        for (int j = step; j < all.Length; j++) all[j] = Gain * all[j] + Pole * all[j - step];
        var last = MemoryMarshal.Cast<double, Vector<double>>(high);
        for (int j = 0; j < step; j++)
        {
            var steady = last[j] * (Gain / (1 - Pole));
            ref var end = ref all[all.Length - step + j];
            end = -Pole * (steady * (1 / (1 - Pole)) + (end - steady) * (1 / (1 - Pole * Pole)));
        }
        for (int j = all.Length - step - 1; j >= 0; j--) all[j] = Pole * (all[j + step] - all[j]);
        double power = Pole;
        for (int k = 1; k <= pad; k++, power *= Pole)
        {
            Continue(samples[..width], low, power, rows.Slice((pad - k) * width, width));
            Continue(samples[^width..], high, power, rows.Slice((pad + length - 1 + k) * width, width));
        }
    }

    static void Continue(ReadOnlySpan<double> coefficients, ReadOnlySpan<double> sample, double power, Span<double> target)
    {
        for (int j = 0; j < target.Length; j++) target[j] = sample[j] + (coefficients[j] - sample[j]) * power;
    }
}
