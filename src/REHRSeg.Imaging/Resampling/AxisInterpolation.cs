using System.Buffers;
using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>
/// Resamples all lines along one axis of a row-major array <c>outer x n x inner</c> to <c>outer x m x inner</c>; sample k of m sits at
/// coordinate (k + 0.5) n/m - 0.5. Lines are worked in blocks held side by side, so that each step of the spline recursion is a vector operation.
/// </summary>
static class AxisInterpolation
{
    const int LinesPerBlock = 64;
    /// <summary>Edge-replicated samples put before and after a line ahead of the prefilter, as scipy does for mode "nearest".</summary>
    const int SplinePad = 12;
    /// <summary>Pole of the cubic B-spline's inverse filter, sqrt(3) - 2.</summary>
    const double Pole = -0.26794919243112270647;

    public static float[] Resample(ReadOnlyMemory<float> source, int outer, int n, int inner, int m, int order)
    {
        var result = new float[checked(outer * m * inner)];
        if (order == 0)
        {
            Nearest(source.Span, result, outer, n, inner, m);
            return result;
        }
        int pad = order == 3 ? SplinePad : 1, padded = n + 2 * pad;
        var (first, weights) = order == 3 ? CubicTaps(n, m, pad) : LinearTaps(n, m, pad);
        int lines = outer * inner, taps = order + 1;
        Parallel.For(0, (lines + LinesPerBlock - 1) / LinesPerBlock, block =>
        {
            int start = block * LinesPerBlock, count = Math.Min(LinesPerBlock, lines - start);
            Span<int> from = stackalloc int[count], to = stackalloc int[count];
            for (int j = 0; j < count; j++)
            {
                var (o, i) = Math.DivRem(start + j, inner);
                (from[j], to[j]) = (o * n * inner + i, o * m * inner + i);
            }
            double[] rented = ArrayPool<double>.Shared.Rent((padded + 1) * count);
            Span<double> rows = rented.AsSpan(0, padded * count), sum = rented.AsSpan(padded * count, count);
            var voxels = source.Span;
            for (int k = 0; k < n; k++)
            {
                var row = rows.Slice((k + pad) * count, count);
                for (int j = 0; j < count; j++) row[j] = voxels[from[j] + k * inner];
            }
            for (int k = 0; k < pad; k++)
            {
                rows.Slice(pad * count, count).CopyTo(rows[(k * count)..]);
                rows.Slice((pad + n - 1) * count, count).CopyTo(rows[((pad + n + k) * count)..]);
            }
            if (order == 3) Prefilter(rows, padded, count);
            for (int k = 0; k < m; k++)
            {
                TensorPrimitives.Multiply(rows.Slice(first[k] * count, count), weights[k * taps], sum);
                for (int t = 1; t < taps; t++)
                    TensorPrimitives.MultiplyAdd(rows.Slice((first[k] + t) * count, count), weights[k * taps + t], sum, sum);
                for (int j = 0; j < count; j++) result[to[j] + k * inner] = (float)sum[j];
            }
            ArrayPool<double>.Shared.Return(rented);
        });
        return result;
    }

    static void Nearest(ReadOnlySpan<float> source, Span<float> result, int outer, int n, int inner, int m)
    {
        for (int o = 0; o < outer; o++)
            for (int k = 0; k < m; k++)
            {
                int from = (int)((2L * k + 1) * n / (2L * m)); // floor of (k + 0.5) n/m, free of rounding
                source.Slice((o * n + from) * inner, inner).CopyTo(result[((o * m + k) * inner)..]);
            }
    }

    /// <summary>Samples to B-spline coefficients in place, <c>length x count</c>, half-sample symmetric at both ends (Unser 1999).</summary>
    static void Prefilter(Span<double> rows, int length, int count)
    {
        const double gain = (1 - Pole) * (1 - 1 / Pole);
        const int horizon = 28; // |Pole|^28 < 1e-15
        TensorPrimitives.Multiply(rows, gain, rows);
        Span<double> initial = stackalloc double[count];
        initial.Clear();
        double power = Pole;
        for (int k = 0; k < Math.Min(horizon, length); k++, power *= Pole)
            TensorPrimitives.MultiplyAdd(rows.Slice(k * count, count), power, initial, initial);
        TensorPrimitives.Add(rows[..count], initial, rows[..count]);
        for (int k = 1; k < length; k++)
        {
            var row = rows.Slice(k * count, count);
            TensorPrimitives.MultiplyAdd(rows.Slice((k - 1) * count, count), Pole, row, row);
        }
        var last = rows.Slice((length - 1) * count, count);
        TensorPrimitives.Multiply(last, Pole / (Pole - 1), last);
        for (int k = length - 2; k >= 0; k--)
        {
            var row = rows.Slice(k * count, count);
            TensorPrimitives.Subtract(rows.Slice((k + 1) * count, count), row, row);
            TensorPrimitives.Multiply(row, Pole, row);
        }
    }

    static (int[] First, double[] Weights) CubicTaps(int n, int m, int pad)
    {
        var (first, weights) = (new int[m], new double[4 * m]);
        for (int k = 0; k < m; k++)
        {
            double x = Coordinate(k, n, m), floor = Math.Floor(x), t = x - floor, s = 1 - t;
            first[k] = (int)floor - 1 + pad;
            weights[4 * k] = s * s * s / 6;
            weights[4 * k + 1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
            weights[4 * k + 2] = (4 - 6 * s * s + 3 * s * s * s) / 6;
            weights[4 * k + 3] = t * t * t / 6;
        }
        return (first, weights);
    }

    static (int[] First, double[] Weights) LinearTaps(int n, int m, int pad)
    {
        var (first, weights) = (new int[m], new double[2 * m]);
        for (int k = 0; k < m; k++)
        {
            double x = Coordinate(k, n, m), floor = Math.Floor(x);
            first[k] = (int)floor + pad;
            weights[2 * k] = 1 - (x - floor);
            weights[2 * k + 1] = x - floor;
        }
        return (first, weights);
    }

    static double Coordinate(int k, int n, int m) => (k + 0.5) * n / m - 0.5;
}
