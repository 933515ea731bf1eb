using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace REHRSeg.Imaging;

/// <summary>Resamples one channel at the positions of an arbitrary grid, row by row of the target on all cores.</summary>
static class GridSampling
{
    /// <summary>Further out than this the spline of a repeated voxel differs from it by less than 1e-7 of a step.</summary>
    const int Ringing = 12;

    /// <summary>A value at a continuous index (x, y, z) that lies within the continued source. Structs, so that each has its loop compiled with it inside.</summary>
    interface ISampler
    {
        float At(ReadOnlySpan<float> source, double x, double y, double z);
    }

    /// <summary>Nearest, linear or cubic values of an image.</summary>
    internal static void Image(ReadOnlyMemory<float> source, VolumeGeometry from, Memory<float> result, VolumeGeometry to, GridMapping mapping, int order, OutsideRule outside, float fill)
    {
        if (order == 3)
        {
            // The outermost voxels go on as far as the target reaches, so that no tap falls outside.
            int[] pad = [.. Enumerable.Range(0, 3).Select(a => 2 + (int)Math.Ceiling(Math.Min(mapping.Excursion(a), outside == OutsideRule.Fill ? 0.5 : Ringing)))];
            var coefficients = SeparableResampling.Run(source, 1, from.Size.AsSpan(), [.. Enumerable.Range(0, 3).Select(a => AxisSampling.Coefficients(from.Size[a], pad[a]))]);
            int width = from.Width + 2 * pad[0], plane = width * (from.Height + 2 * pad[1]);
            Sample(coefficients, from, result, to, mapping, outside, fill, [.. pad.Select(p => p - 2.0)], new Cubic(pad[0], pad[1], pad[2], width, plane));
        }
        else if (order == 1)
        {
            Sample(source, from, result, to, mapping, outside, fill, [0, 0, 0], new Linear(new(from)));
        }
        else
        {
            Sample(source, from, result, to, mapping, outside, fill, [0.5, 0.5, 0.5], new Nearest(from.Width, from.Height, from.Depth));
        }
    }

    /// <summary>The label of the largest share among the eight around (linear weights); equal shares go to the smallest value.</summary>
    internal static void Labels(ReadOnlyMemory<float> source, VolumeGeometry from, Memory<float> result, VolumeGeometry to, GridMapping mapping, OutsideRule outside, float fill)
    {
        Sample(source, from, result, to, mapping, outside, fill, [0, 0, 0], new Vote(new(from)));
    }

    static void Sample<T>(ReadOnlyMemory<float> source, VolumeGeometry from, Memory<float> result, VolumeGeometry to, GridMapping mapping, OutsideRule outside, float fill, double[] reach, T sampler) where T : struct, ISampler
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
                else target[i] = sampler.At(values, Math.Clamp(x, -reach[0], right + reach[0]), Math.Clamp(y, -reach[1], back + reach[1]), Math.Clamp(z, -reach[2], top + reach[2]));
            }
        });
    }

    readonly struct Nearest(int width, int height, int depth) : ISampler
    {
        public float At(ReadOnlySpan<float> voxels, double x, double y, double z) => voxels[(Index(z, depth) * height + Index(y, height)) * width + Index(x, width)];

        static int Index(double x, int n) => Math.Clamp((int)Math.Floor(x + 0.5), 0, n - 1);
    }

    /// <summary>The eight voxels around a position: the lower one's indices, and the steps to the upper ones, which are 0 along an axis of one voxel.</summary>
    readonly struct Cell(VolumeGeometry grid)
    {
        readonly int _width = grid.Width, _height = grid.Height, _lastX = Math.Max(0, grid.Width - 2), _lastY = Math.Max(0, grid.Height - 2), _lastZ = Math.Max(0, grid.Depth - 2);

        internal int StepX { get; } = grid.Width > 1 ? 1 : 0;
        internal int StepY { get; } = grid.Height > 1 ? grid.Width : 0;
        internal int StepZ { get; } = grid.Depth > 1 ? grid.Width * grid.Height : 0;

        internal int Find(ref double x, ref double y, ref double z)
        {
            int i = Math.Min((int)x, _lastX), j = Math.Min((int)y, _lastY), k = Math.Min((int)z, _lastZ);
            (x, y, z) = (x - i, y - j, z - k);
            return (k * _height + j) * _width + i;
        }
    }

    readonly struct Linear(Cell cell) : ISampler
    {
        public float At(ReadOnlySpan<float> voxels, double x, double y, double z)
        {
            int at = cell.Find(ref x, ref y, ref z), step = cell.StepX;
            double a = Between(voxels, at, step, x), b = Between(voxels, at + cell.StepY, step, x);
            double c = Between(voxels, at + cell.StepZ, step, x), d = Between(voxels, at + cell.StepZ + cell.StepY, step, x);
            double low = a + y * (b - a), high = c + y * (d - c);
            return (float)(low + z * (high - low));
        }

        static double Between(ReadOnlySpan<float> voxels, int start, int step, double t) => voxels[start] + t * ((double)voxels[start + step] - voxels[start]);
    }

    readonly struct Vote(Cell cell) : ISampler
    {
        public float At(ReadOnlySpan<float> labels, double x, double y, double z)
        {
            int at = cell.Find(ref x, ref y, ref z), right = cell.StepX, back = cell.StepY, up = cell.StepZ;
            Span<float> around = [labels[at], labels[at + right], labels[at + back], labels[at + back + right], labels[at + up], labels[at + up + right], labels[at + up + back], labels[at + up + back + right]];
            return around.IndexOfAnyExcept(around[0]) < 0 ? around[0] : LabelSampling.Decide(around, [1 - x, x, 1 - y, y, 1 - z, z], [0, 1, 2], LabelDecision.Argmax);
        }
    }

    /// <summary>64 coefficients, four along x at a time.</summary>
    readonly struct Cubic(int padX, int padY, int padZ, int width, int plane) : ISampler
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float At(ReadOnlySpan<float> coefficients, double x, double y, double z)
        {
            (x, y, z) = (x + padX, y + padY, z + padZ);
            int i = (int)x, j = (int)y, k = (int)z, start = (k - 1) * plane + (j - 1) * width + i - 1;
            ref float first = ref MemoryMarshal.GetReference(coefficients.Slice(start, 3 * plane + 3 * width + 4));
            Vector128<float> wx = CubicSpline.Weights((float)(x - i)), wy = CubicSpline.Weights((float)(y - j)), wz = CubicSpline.Weights((float)(z - k));
            var sum = Slice(ref first, width, wy) * wz[0] + Slice(ref Unsafe.Add(ref first, plane), width, wy) * wz[1]
                + Slice(ref Unsafe.Add(ref first, 2 * plane), width, wy) * wz[2] + Slice(ref Unsafe.Add(ref first, 3 * plane), width, wy) * wz[3];
            return Vector128.Dot(sum, wx);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<float> Slice(ref float first, int width, Vector128<float> weights) =>
            Vector128.LoadUnsafe(ref first) * weights[0] + Vector128.LoadUnsafe(ref first, (nuint)width) * weights[1]
            + Vector128.LoadUnsafe(ref first, (nuint)(2 * width)) * weights[2] + Vector128.LoadUnsafe(ref first, (nuint)(3 * width)) * weights[3];
    }
}
