using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace REHRSeg.Imaging;

/// <summary>Lines of an array along one axis, all resampled alike: where their samples stand in the source and in the target.</summary>
/// <param name="Lines">How many.</param>
/// <param name="From">First sample of the first line in the source.</param>
/// <param name="FromStep">Between the samples of a line in the source.</param>
/// <param name="FromPitch">Between lines in the source.</param>
/// <param name="To">First sample of the first line in the target.</param>
/// <param name="ToStep">Between the samples of a line in the target.</param>
/// <param name="ToPitch">Between lines in the target.</param>
readonly record struct AxisLines(int Lines, int From, int FromStep, int FromPitch, int To, int ToStep, int ToPitch)
{
    internal AxisLines Part(int first, int count) => this with { Lines = count, From = From + first * FromPitch, To = To + first * ToPitch };
}

/// <summary>
/// Resamples lines. They are worked in blocks, held side by side in double precision, so that each step along the axis is a vector operation over the
/// block's lines.
/// </summary>
static class AxisInterpolation
{
    /// <summary>Bytes of a block's rows: they stay in a core's second-level cache.</summary>
    const int BlockBytes = 1 << 18;
    /// <summary>Samples of a line that are moved together where the lines do not lie side by side: one cache line.</summary>
    const int Run = 16;

    /// <summary>Lines of one block.</summary>
    internal static int LinesPerBlock(AxisSampling axis) => Math.Clamp(BlockBytes / sizeof(double) / (axis.Length + 2 * axis.Pad) & ~15, 16, 256);

    /// <summary>Resamples all lines on this thread. Source and target may be the same memory if each block's own samples alone are overwritten by it.</summary>
    internal static void Resample(ReadOnlySpan<float> source, Span<float> target, AxisLines lines, AxisSampling axis)
    {
        int block = LinesPerBlock(axis);
        for (int first = 0; first < lines.Lines; first += block)
            ResampleBlock(source, target, lines.Part(first, Math.Min(block, lines.Lines - first)), axis);
    }

    /// <summary>Resamples all lines on all cores.</summary>
    internal static void ResampleParallel(ReadOnlyMemory<float> source, Memory<float> target, AxisLines lines, AxisSampling axis)
    {
        int block = LinesPerBlock(axis);
        Parallel.For(0, (lines.Lines + block - 1) / block, b =>
            ResampleBlock(source.Span, target.Span, lines.Part(b * block, Math.Min(block, lines.Lines - b * block)), axis));
    }

    static void ResampleBlock(ReadOnlySpan<float> source, Span<float> target, AxisLines lines, AxisSampling axis)
    {
        int width = (lines.Lines + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count, padded = axis.Length + 2 * axis.Pad;
        double[] rented = ArrayPool<double>.Shared.Rent((padded + 2) * width);
        float[] results = ArrayPool<float>.Shared.Rent(Run * width);
        Span<double> rows = rented.AsSpan(0, padded * width), samples = rows.Slice(axis.Pad * width, axis.Length * width);
        if (width > lines.Lines) samples.Clear();
        Load(source, lines, samples, width, axis.Length);
        if (axis.Order == 3) CubicSpline.Filter(rows, axis.Length, axis.Pad, width, rented.AsSpan(padded * width, 2 * width));
        else Repeat(rows, axis, width);
        for (int k = 0; k < axis.Count; k += Run)
        {
            int run = Math.Min(Run, axis.Count - k);
            for (int r = 0; r < run; r++)
            {
                bool direct = lines.ToPitch == 1 && width == lines.Lines;
                Combine(rows[(axis.First[k + r] * width)..], axis.Weights.AsSpan((k + r) * axis.Taps, axis.Taps), width,
                    direct ? target.Slice(lines.To + (k + r) * lines.ToStep, width) : results.AsSpan(r * width, width));
                if (!direct && lines.ToPitch == 1) results.AsSpan(r * width, lines.Lines).CopyTo(target[(lines.To + (k + r) * lines.ToStep)..]);
            }
            if (lines.ToPitch == 1) continue;
            for (int j = 0; j < lines.Lines; j++)
                for (int r = 0, to = lines.To + j * lines.ToPitch + k * lines.ToStep; r < run; r++, to += lines.ToStep) target[to] = results[r * width + j];
        }
        ArrayPool<float>.Shared.Return(results);
        ArrayPool<double>.Shared.Return(rented);
    }

    static void Load(ReadOnlySpan<float> source, AxisLines lines, Span<double> samples, int width, int length)
    {
        if (lines.FromPitch == 1)
        {
            for (int k = 0; k < length; k++) Widen(source.Slice(lines.From + k * lines.FromStep, lines.Lines), samples[(k * width)..]);
            return;
        }
        for (int k = 0; k < length; k += Run)
        {
            int end = Math.Min(k + Run, length);
            for (int j = 0; j < lines.Lines; j++)
                for (int r = k, from = lines.From + j * lines.FromPitch + k * lines.FromStep; r < end; r++, from += lines.FromStep) samples[r * width + j] = source[from];
        }
    }

    static void Widen(ReadOnlySpan<float> values, Span<double> wide)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var result = MemoryMarshal.Cast<double, Vector<double>>(wide);
        for (int j = 0; j < vectors.Length; j++) (result[2 * j], result[2 * j + 1]) = (Vector.WidenLower(vectors[j]), Vector.WidenUpper(vectors[j]));
        for (int j = vectors.Length * Vector<float>.Count; j < values.Length; j++) wide[j] = values[j];
    }

    static void Repeat(Span<double> rows, AxisSampling axis, int width)
    {
        for (int k = 0; k < axis.Pad; k++)
        {
            rows.Slice(axis.Pad * width, width).CopyTo(rows[(k * width)..]);
            rows.Slice((axis.Pad + axis.Length - 1) * width, width).CopyTo(rows[((axis.Pad + axis.Length + k) * width)..]);
        }
    }

    /// <summary>Weighted sum of as many rows as there are weights.</summary>
    static void Combine(ReadOnlySpan<double> rows, ReadOnlySpan<double> weights, int width, Span<float> sum)
    {
        var taps = MemoryMarshal.Cast<double, Vector<double>>(rows);
        var result = MemoryMarshal.Cast<float, Vector<float>>(sum);
        int step = width / Vector<double>.Count;
        if (weights.Length == 4)
        {
            Vector<double> a = new(weights[0]), b = new(weights[1]), c = new(weights[2]), d = new(weights[3]);
            for (int j = 0; j < result.Length; j++)
            {
                var low = taps[2 * j] * a + taps[step + 2 * j] * b + taps[2 * step + 2 * j] * c + taps[3 * step + 2 * j] * d;
                var high = taps[2 * j + 1] * a + taps[step + 2 * j + 1] * b + taps[2 * step + 2 * j + 1] * c + taps[3 * step + 2 * j + 1] * d;
                result[j] = Vector.Narrow(low, high);
            }
            return;
        }
        if (weights.Length == 2)
        {
            Vector<double> a = new(weights[0]), b = new(weights[1]);
            for (int j = 0; j < result.Length; j++)
                result[j] = Vector.Narrow(taps[2 * j] * a + taps[step + 2 * j] * b, taps[2 * j + 1] * a + taps[step + 2 * j + 1] * b);
            return;
        }
        for (int j = 0; j < result.Length; j++) result[j] = Vector.Narrow(taps[2 * j], taps[2 * j + 1]);
    }
}
