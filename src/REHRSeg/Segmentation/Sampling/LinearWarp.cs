using System.Buffers;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Transformed patches of label maps and weights by linear interpolation. A class wins where its one-hot map has at least 0.5 (METHOD.md section 14 #18);
/// in a tie the larger class, where none has that much background.
/// </summary>
internal static class LinearWarp
{
    /// <summary>Half, less the rounding of eight products.</summary>
    const float Half = 0.4999999f;

    /// <summary>Fills a patch of class indices; outside the volume is background.</summary>
    /// <param name="source"><c>D x H x W</c>.</param>
    /// <param name="size">D, H, W.</param>
    /// <param name="patch">Zeros.</param>
    /// <param name="grid">Where the patch lies.</param>
    public static void SampleLabels(ReadOnlySpan<byte> source, PatchShape size, Span<byte> patch, PatchGrid grid) => Sample<byte, MajorityVote>(source, size, patch, grid, 0);

    /// <summary>Fills a patch of numbers that are 1 outside the volume.</summary>
    /// <param name="source"><c>D x H x W</c>.</param>
    /// <param name="size">D, H, W.</param>
    /// <param name="patch">Ones.</param>
    /// <param name="grid">Where the patch lies.</param>
    public static void SampleUncertainty(ReadOnlySpan<float> source, PatchShape size, Span<float> patch, PatchGrid grid) => Sample<float, Mean>(source, size, patch, grid, 1);

    static void Sample<T, TBlend>(ReadOnlySpan<T> source, PatchShape size, Span<T> patch, PatchGrid grid, T outside) where TBlend : struct, IBlend<T>
    {
        if (grid.Box(size, 1) is not var (corner, box)) return;
        T[] rented = ArrayPool<T>.Shared.Rent(box.Voxels);
        var values = rented.AsSpan(0, box.Voxels);
        values.Fill(outside);
        corner.Copy(source, size, values, box);
        bool inPlane = grid.Map.InPlane;
        int area = box.Height * box.Width;
        var row = new PatchRow(grid, corner, box, 0, 1);
        for (int h = 0; h < grid.Patch.Height; h++)
            for (int d = 0; d < grid.Patch.Depth; d++)
            {
                int slice = d + grid.Corner.Depth - corner.Depth;
                if (inPlane && (slice < 0 || slice >= box.Depth)) continue;
                if (!inPlane || d == 0 || slice == 0) row.Move(d, h);
                var to = patch.Slice((d * grid.Patch.Height + h) * grid.Patch.Width, grid.Patch.Width);
                var from = inPlane ? values[(slice * area)..] : values;
                for (int i = 0; i < to.Length; i++)
                    if (row.First[i] is var first and >= 0) to[i] = TBlend.At(from, first, box.Width, inPlane ? 0 : area, row.Z[i], row.Y[i], row.X[i]);
            }
        ArrayPool<T>.Shared.Return(rented);
    }

    interface IBlend<T>
    {
        /// <summary>The value between the 4 voxels from <paramref name="first"/> on in one slice, or the 8 in two slices <paramref name="area"/> apart (0: one slice).</summary>
        static abstract T At(ReadOnlySpan<T> values, int first, int width, int area, float z, float y, float x);
    }

    readonly struct Mean : IBlend<float>
    {
        public static float At(ReadOnlySpan<float> values, int first, int width, int area, float z, float y, float x)
        {
            float below = Slice(values, first, width, y, x);
            return area == 0 ? below : below + z * (Slice(values, first + area, width, y, x) - below);
        }

        static float Slice(ReadOnlySpan<float> v, int first, int width, float y, float x)
        {
            float a = v[first] + x * (v[first + 1] - v[first]), b = v[first + width] + x * (v[first + width + 1] - v[first + width]);
            return a + y * (b - a);
        }
    }

    readonly struct MajorityVote : IBlend<byte>
    {
        public static byte At(ReadOnlySpan<byte> values, int first, int width, int area, float z, float y, float x)
        {
            ReadOnlySpan<byte> low = values.Slice(first, width + 2), high = area == 0 ? low : values.Slice(first + area, width + 2);
            byte label = low[0];
            if (Same(low, label, width) && (area == 0 || Same(high, label, width))) return label;
            ReadOnlySpan<byte> labels = [low[0], low[1], low[width], low[width + 1], high[0], high[1], high[width], high[width + 1]];
            float lowShare = area == 0 ? 1 : 1 - z, highShare = area == 0 ? 0 : z;
            ReadOnlySpan<float> plane = [(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x];
            byte winner = 0;
            foreach (byte candidate in labels)
            {
                if (candidate <= winner) continue;
                float share = 0;
                for (int k = 0; k < 4; k++)
                {
                    if (labels[k] == candidate) share += lowShare * plane[k];
                    if (labels[k + 4] == candidate) share += highShare * plane[k];
                }
                if (share >= Half) winner = candidate;
            }
            return winner;
        }

        static bool Same(ReadOnlySpan<byte> slice, byte label, int width) => slice[0] == label & slice[1] == label & slice[width] == label & slice[width + 1] == label;
    }
}
