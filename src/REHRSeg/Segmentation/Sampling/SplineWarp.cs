using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Transformed image patches by cubic B-splines (<see cref="CubicSpline"/>): the box that a patch reads is cut out with zeros around the volume and prefiltered,
/// so that a value is that of scipy's map_coordinates (order 3) on the zero-padded volume. The prefilter is not kept per case: it would double the case's memory,
/// and two of three patches are not transformed.
/// </summary>
internal static class SplineWarp
{
    /// <summary>Fills all channels of a patch; zeros stay where the patch lies outside.</summary>
    /// <param name="source"><c>C x D x H x W</c>.</param>
    /// <param name="size">D, H, W.</param>
    /// <param name="patch">Zeros, <c>C x patch</c>.</param>
    /// <param name="grid">Where the patch lies.</param>
    public static void Sample(ReadOnlySpan<float> source, PatchShape size, Span<float> patch, PatchGrid grid)
    {
        if (grid.Box(size, CubicSpline.Reach) is not var (corner, box)) return;
        int channels = patch.Length / grid.Patch.Voxels;
        float[] rented = ArrayPool<float>.Shared.Rent(channels * box.Voxels);
        var coefficients = rented.AsSpan(0, channels * box.Voxels);
        coefficients.Clear();
        for (int c = 0; c < channels; c++) corner.Copy(source.Slice(c * size.Voxels, size.Voxels), size, coefficients.Slice(c * box.Voxels, box.Voxels), box);
        CubicSpline.Prefilter(coefficients, box.Width, 1);
        CubicSpline.Prefilter(coefficients, box.Height, box.Width);
        if (!grid.Map.InPlane) CubicSpline.Prefilter(coefficients, box.Depth, box.Height * box.Width);

        var row = new PatchRow(grid, corner, box, 1, 2);
        Vector128<float>[] y = new Vector128<float>[grid.Patch.Width], x = new Vector128<float>[grid.Patch.Width];
        for (int h = 0; h < grid.Patch.Height; h++)
            for (int d = 0; d < grid.Patch.Depth; d++)
            {
                int slice = d + grid.Corner.Depth - corner.Depth;
                if (grid.Map.InPlane && (slice < 0 || slice >= box.Depth)) continue;
                if (!grid.Map.InPlane || d == 0 || slice == 0)
                {
                    row.Move(d, h);
                    for (int i = 0; i < x.Length; i++) (y[i], x[i]) = (CubicSpline.Weights(row.Y[i]), CubicSpline.Weights(row.X[i]));
                }
                for (int c = 0; c < channels; c++)
                {
                    var to = patch.Slice(((c * grid.Patch.Depth + d) * grid.Patch.Height + h) * grid.Patch.Width, grid.Patch.Width);
                    if (grid.Map.InPlane) InPlane(coefficients[(c * box.Voxels + slice * box.Height * box.Width)..], box.Width, row.First, y, x, to);
                    else InVolume(coefficients[(c * box.Voxels)..], box, row, y, x, to);
                }
            }
        ArrayPool<float>.Shared.Return(rented);
    }

    static void InPlane(ReadOnlySpan<float> slice, int width, int[] first, Vector128<float>[] y, Vector128<float>[] x, Span<float> to)
    {
        ref float taps = ref MemoryMarshal.GetReference(slice);
        for (int i = 0; i < to.Length; i++)
            if (first[i] >= 0) to[i] = Vector128.Dot(Rows(ref taps, first[i], width, y[i]), x[i]);
    }

    static void InVolume(ReadOnlySpan<float> box, PatchShape shape, PatchRow row, Vector128<float>[] y, Vector128<float>[] x, Span<float> to)
    {
        ref float taps = ref MemoryMarshal.GetReference(box);
        int area = shape.Height * shape.Width;
        for (int i = 0; i < to.Length; i++)
        {
            int first = row.First[i];
            if (first < 0) continue;
            var z = CubicSpline.Weights(row.Z[i]);
            var sum = Rows(ref taps, first, shape.Width, y[i]) * z[0] + Rows(ref taps, first + area, shape.Width, y[i]) * z[1]
                + Rows(ref taps, first + 2 * area, shape.Width, y[i]) * z[2] + Rows(ref taps, first + 3 * area, shape.Width, y[i]) * z[3];
            to[i] = Vector128.Dot(sum, x[i]);
        }
    }

    /// <summary>Four taps along W, each summed over four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Rows(ref float taps, int first, int width, Vector128<float> y)
        => Vector128.LoadUnsafe(ref taps, (nuint)first) * y[0] + Vector128.LoadUnsafe(ref taps, (nuint)(first + width)) * y[1]
            + Vector128.LoadUnsafe(ref taps, (nuint)(first + 2 * width)) * y[2] + Vector128.LoadUnsafe(ref taps, (nuint)(first + 3 * width)) * y[3];
}
