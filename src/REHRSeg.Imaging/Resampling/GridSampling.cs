using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace REHRSeg.Imaging;

/// <summary>Resamples one channel at the positions of an arbitrary grid, row by row of the target on all cores.</summary>
static class GridSampling
{
    /// <summary>Further out than this the spline of a repeated voxel differs from it by less than 1e-7 of a step.</summary>
    const int Ringing = 12;

    /// <summary>A value at a continuous index that lies within the continued source.</summary>
    delegate float Sampler(ReadOnlySpan<float> source, double x, double y, double z);

    /// <summary>Nearest, linear or cubic values of an image.</summary>
    internal static void Image(ReadOnlyMemory<float> source, VolumeGeometry from, Memory<float> result, VolumeGeometry to, GridMapping mapping, int order, OutsideRule outside, float fill)
    {
        if (order == 3)
        {
            // The outermost voxels go on as far as the target reaches, so that no tap falls outside.
            int[] pad = [.. Enumerable.Range(0, 3).Select(a => 2 + (int)Math.Ceiling(Math.Min(mapping.Excursion(a), outside == OutsideRule.Fill ? 0.5 : Ringing)))];
            var coefficients = SeparableResampling.Run(source, 1, from.Size.AsSpan(), [.. Enumerable.Range(0, 3).Select(a => AxisSampling.Coefficients(from.Size[a], pad[a]))]);
            int width = from.Width + 2 * pad[0], plane = width * (from.Height + 2 * pad[1]);
            Sample(coefficients, from, result, to, mapping, outside, fill, [.. pad.Select(p => p - 2.0)],
                (c, x, y, z) => Cubic(c, x + pad[0], y + pad[1], z + pad[2], width, plane));
        }
        else if (order == 1)
        {
            var (stepX, stepY, stepZ) = Steps(from);
            Sample(source, from, result, to, mapping, outside, fill, [0, 0, 0], (s, x, y, z) => Linear(s, x, y, z, from, stepX, stepY, stepZ));
        }
        else
        {
            Sample(source, from, result, to, mapping, outside, fill, [0.5, 0.5, 0.5], (s, x, y, z) => Nearest(s, x, y, z, from));
        }
    }

    /// <summary>The label of the largest share among the eight around (linear weights); equal shares go to the smallest value.</summary>
    internal static void Labels(ReadOnlyMemory<float> source, VolumeGeometry from, Memory<float> result, VolumeGeometry to, GridMapping mapping, OutsideRule outside, float fill)
    {
        var (stepX, stepY, stepZ) = Steps(from);
        Sample(source, from, result, to, mapping, outside, fill, [0, 0, 0], (labels, x, y, z) =>
        {
            int i = Lower(x, from.Width), j = Lower(y, from.Height), k = Lower(z, from.Depth), at = (k * from.Height + j) * from.Width + i;
            Span<float> around = [labels[at], labels[at + stepX], labels[at + stepY], labels[at + stepY + stepX], labels[at + stepZ], labels[at + stepZ + stepX], labels[at + stepZ + stepY], labels[at + stepZ + stepY + stepX]];
            return around.IndexOfAnyExcept(around[0]) < 0 ? around[0] : LabelSampling.Decide(around, [1 - (x - i), x - i, 1 - (y - j), y - j, 1 - (z - k), z - k], [0, 1, 2], LabelDecision.Argmax);
        });
    }

    static void Sample(ReadOnlyMemory<float> source, VolumeGeometry from, Memory<float> result, VolumeGeometry to, GridMapping mapping, OutsideRule outside, float fill, double[] reach, Sampler sampler)
    {
        double[] m = mapping.Matrix, shift = mapping.Shift;
        double right = from.Width - 1, back = from.Height - 1, top = from.Depth - 1, half = 0.5 + GridMapping.Tolerance;
        Parallel.For(0, to.Height * to.Depth, row =>
        {
            var values = source.Span;
            var (k, j) = Math.DivRem(row, to.Height);
            var target = result.Span.Slice(row * to.Width, to.Width);
            double x0 = m[1] * j + m[2] * k + shift[0], y0 = m[4] * j + m[5] * k + shift[1], z0 = m[7] * j + m[8] * k + shift[2];
            for (int i = 0; i < target.Length; i++)
            {
                double x = x0 + m[0] * i, y = y0 + m[3] * i, z = z0 + m[6] * i;
                if (outside == OutsideRule.Fill && (x < -half || y < -half || z < -half || x > right + half || y > back + half || z > top + half)) target[i] = fill;
                else target[i] = sampler(values, Math.Clamp(x, -reach[0], right + reach[0]), Math.Clamp(y, -reach[1], back + reach[1]), Math.Clamp(z, -reach[2], top + reach[2]));
            }
        });
    }

    static float Nearest(ReadOnlySpan<float> voxels, double x, double y, double z, VolumeGeometry grid) =>
        voxels[(Nearest(z, grid.Depth) * grid.Height + Nearest(y, grid.Height)) * grid.Width + Nearest(x, grid.Width)];

    static int Nearest(double x, int n) => Math.Clamp((int)Math.Floor(x + 0.5), 0, n - 1);

    static float Linear(ReadOnlySpan<float> voxels, double x, double y, double z, VolumeGeometry grid, int stepX, int stepY, int stepZ)
    {
        int i = Lower(x, grid.Width), j = Lower(y, grid.Height), k = Lower(z, grid.Depth), at = (k * grid.Height + j) * grid.Width + i;
        double u = x - i, v = y - j, w = z - k;
        double a = Between(voxels, at, stepX, u), b = Between(voxels, at + stepY, stepX, u), c = Between(voxels, at + stepZ, stepX, u), d = Between(voxels, at + stepZ + stepY, stepX, u);
        double low = a + v * (b - a), high = c + v * (d - c);
        return (float)(low + w * (high - low));
    }

    static double Between(ReadOnlySpan<float> voxels, int start, int step, double t) => voxels[start] + t * ((double)voxels[start + step] - voxels[start]);

    static float Cubic(ReadOnlySpan<float> coefficients, double x, double y, double z, int width, int plane)
    {
        int i = (int)x, j = (int)y, k = (int)z;
        Span<double> wx = stackalloc double[4], wy = stackalloc double[4], wz = stackalloc double[4];
        CubicSpline.Weights(x - i, wx);
        CubicSpline.Weights(y - j, wy);
        CubicSpline.Weights(z - k, wz);
        ref float first = ref MemoryMarshal.GetReference(coefficients[((k - 1) * plane + (j - 1) * width + i - 1)..((k + 2) * plane + (j + 2) * width + i + 3)]);
        var sum = Vector256<double>.Zero;
        for (int c = 0; c < 4; c++)
        {
            var slice = Vector256<double>.Zero;
            for (int b = 0; b < 4; b++)
            {
                var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref first, (nuint)(c * plane + b * width)));
                slice += Vector256.Create(low, high) * wy[b];
            }
            sum += slice * wz[c];
        }
        return (float)Vector256.Dot(sum, Vector256.Create(wx[0], wx[1], wx[2], wx[3]));
    }

    static int Lower(double x, int n) => Math.Min((int)x, Math.Max(0, n - 2));

    static (int X, int Y, int Z) Steps(VolumeGeometry grid) => (grid.Width > 1 ? 1 : 0, grid.Height > 1 ? grid.Width : 0, grid.Depth > 1 ? grid.Width * grid.Height : 0);
}
