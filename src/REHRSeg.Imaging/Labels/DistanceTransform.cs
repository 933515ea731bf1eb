using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>
/// Exact Euclidean distance transform in linear time for voxels of any spacing: two scans along x, then lower envelopes of parabolas along the
/// other axes (Felzenszwalb and Huttenlocher, Theory of Computing 8, 2012). All cores; thread-safe.
/// </summary>
public static class DistanceTransform
{
    /// <summary>Squared distance in mm² from each voxel's centre to the nearest true voxel's centre; 0 on true voxels, +infinity if none is true.</summary>
    /// <param name="features">Voxels, x fastest.</param>
    /// <param name="size">Voxels along x, y, ...; any number of axes.</param>
    /// <param name="spacing">Millimetres between voxel centres along the same axes.</param>
    /// <returns>Rounded to <c>float</c> once an axis: relative error below 1e-7 times the number of axes.</returns>
    /// <exception cref="ArgumentException">The lengths disagree.</exception>
    public static float[] Squared(ReadOnlySpan<bool> features, ReadOnlySpan<int> size, ReadOnlySpan<double> spacing) => Squared<float>(features, size, spacing);

    /// <summary>Distance in mm from each voxel's centre to the nearest true voxel's centre; 0 on true voxels, +infinity if none is true. Equal to <c>scipy.ndimage.distance_transform_edt</c>.</summary>
    /// <inheritdoc cref="Squared(ReadOnlySpan{bool}, ReadOnlySpan{int}, ReadOnlySpan{double})"/>
    public static float[] Distance(ReadOnlySpan<bool> features, ReadOnlySpan<int> size, ReadOnlySpan<double> spacing)
    {
        float[] result = Squared<float>(features, size, spacing);
        const int block = 1 << 16;
        Parallel.For(0, (result.Length + block - 1) / block, b =>
        {
            var part = result.AsSpan(b * block, Math.Min(block, result.Length - b * block));
            TensorPrimitives.Sqrt(part, part);
        });
        return result;
    }

    /// <summary>The same in single or double precision.</summary>
    internal static T[] Squared<T>(ReadOnlySpan<bool> features, ReadOnlySpan<int> size, ReadOnlySpan<double> spacing) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        long voxels = 1;
        foreach (int n in size) voxels *= n;
        if (size.Length == 0 || size.Length != spacing.Length || voxels != features.Length)
            throw new ArgumentException($"{features.Length} voxels and {spacing.Length} spacings do not match a size of ({string.Join(", ", size.ToArray())}).", nameof(size));
        var result = GC.AllocateUninitializedArray<T>(features.Length);
        if (result.Length == 0) return result;
        ScanLines(features, result, size[0], spacing[0] * spacing[0]);
        int inner = size[0];
        for (int a = 1; a < size.Length; inner *= size[a++])
            if (size[a] > 1) Pass(result, size[a], inner, spacing[a] * spacing[a]);
        return result;
    }

    /// <summary>Squared distances along each line of the first axis, by a scan in either direction.</summary>
    static unsafe void ScanLines<T>(ReadOnlySpan<bool> features, T[] squared, int n, double weight) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int group = 64, none = 1 << 29;
        int lines = squared.Length / n;
        fixed (bool* first = features)
        {
            nint address = (nint)first;
            Parallel.For(0, (lines + group - 1) / group, g =>
            {
                var steps = new int[n];
                for (int line = g * group; line < Math.Min(lines, (g + 1) * group); line++)
                {
                    var set = new ReadOnlySpan<bool>((bool*)address + (long)line * n, n);
                    var values = squared.AsSpan(line * n, n);
                    for (int x = 0, d = none; x < n; x++) steps[x] = d = set[x] ? 0 : d + 1;
                    for (int x = n - 1, d = none; x >= 0; x--)
                    {
                        d = set[x] ? 0 : d + 1;
                        double nearest = Math.Min(d, steps[x]);
                        values[x] = nearest >= none ? T.PositiveInfinity : T.CreateTruncating(weight * nearest * nearest);
                    }
                }
            });
        }
    }

    static void Pass<T>(T[] squared, int n, int inner, double weight) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Lines that lie side by side are copied together, a cache line of neighbours at each step along the axis.
        const int group = 16;
        int groups = (inner + group - 1) / group, outer = squared.Length / n / inner;
        Parallel.For(0, outer * groups, () => new Envelope(n, weight), (g, _, envelope) =>
        {
            int i = g % groups * group, start = g / groups * n * inner + i, count = Math.Min(group, inner - i);
            double[] rented = ArrayPool<double>.Shared.Rent(n * count);
            for (int q = 0; q < n; q++)
                for (int j = 0; j < count; j++) rented[j * n + q] = double.CreateTruncating(squared[start + q * inner + j]);
            for (int j = 0; j < count; j++) envelope.Transform(rented.AsSpan(j * n, n));
            for (int q = 0; q < n; q++)
                for (int j = 0; j < count; j++) squared[start + q * inner + j] = T.CreateTruncating(rented[j * n + q]);
            ArrayPool<double>.Shared.Return(rented);
            return envelope;
        }, _ => { });
    }

    /// <summary>The lower envelope of the parabolas f(p) + w (q - p)² of one line, and its values at the samples q.</summary>
    sealed class Envelope(int n, double weight)
    {
        readonly double[] _height = new double[n], _from = new double[n + 1];
        readonly int[] _site = new int[n];
        readonly double[] _half = [.. Enumerable.Range(0, n).Select(d => d == 0 ? 0 : 0.5 / (weight * d))];

        public void Transform(Span<double> values)
        {
            int top = -1;
            for (int q = 0; q < values.Length; q++)
            {
                double f = values[q];
                if (double.IsPositiveInfinity(f)) continue;
                double from = double.NegativeInfinity;
                while (top >= 0)
                {
                    int p = _site[top];
                    from = (f - _height[top]) * _half[q - p] + (q + p) * 0.5;
                    if (from > _from[top]) break;
                    top--;
                }
                if (top < 0) from = double.NegativeInfinity;
                top++;
                (_site[top], _height[top], _from[top]) = (q, f, from);
            }
            if (top < 0) return;
            _from[top + 1] = double.PositiveInfinity;
            for (int k = 0, q = 0; k <= top; k++)
            {
                double height = _height[k];
                for (int site = _site[k], end = (int)Math.Min(values.Length - 1, Math.Floor(_from[k + 1])); q <= end; q++)
                {
                    double d = q - site;
                    values[q] = height + weight * d * d;
                }
            }
        }
    }
}
