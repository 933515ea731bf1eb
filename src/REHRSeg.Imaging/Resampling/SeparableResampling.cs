using System.Buffers;

namespace REHRSeg.Imaging;

/// <summary>
/// Resamples along x, y and z in turn. Axes that shrink most go first, so that those after them have less to do. Passes along x and y run slice by
/// slice, with one slice of intermediate memory a core; the pass along z works in place where it can, so that little is held beside the result.
/// </summary>
static class SeparableResampling
{
    /// <summary>Resamples all channels.</summary>
    /// <param name="voxels"><c>C x D x H x W</c>.</param>
    /// <param name="channels">C.</param>
    /// <param name="size">Voxels along x, y, z.</param>
    /// <param name="axes">Samplings along x, y, z; null: the axis stays as it is.</param>
    /// <returns>The result; the source itself if there is nothing to do.</returns>
    internal static ReadOnlyMemory<float> Run(ReadOnlyMemory<float> voxels, int channels, ReadOnlySpan<int> size, params AxisSampling?[] axes)
    {
        int[] now = [.. size];
        var order = Enumerable.Range(0, 3).Where(a => axes[a] is not null).OrderBy(a => (double)axes[a]!.Count / axes[a]!.Length).ToArray();
        int at = Array.IndexOf(order, 2);
        int[] before = at < 0 ? order : order[..at], after = at < 0 ? [] : order[(at + 1)..];
        var z = axes[2];
        if (before.Length > 0)
        {
            // Slices are put where the pass along z can replace them by its own: at the end of a channel if that pass adds slices.
            int slices = z is null ? now[2] : Math.Max(z.Count, now[2]), first = slices - now[2];
            var planes = Plane(voxels, channels, now, axes, before, slices, first);
            voxels = planes;
            if (z is not null) voxels = Along(z, planes, channels, now, slices, first, planes);
        }
        else if (z is not null)
        {
            voxels = Along(z, voxels, channels, now, now[2], 0, GC.AllocateUninitializedArray<float>(checked(channels * z.Count * now[0] * now[1])));
        }
        return after.Length > 0 ? Plane(voxels, channels, now, axes, after, now[2], 0) : voxels;
    }

    /// <summary>One or two passes within each slice. Slice k of a channel becomes its slice <c>first + k</c> of <paramref name="slices"/>.</summary>
    static Memory<float> Plane(ReadOnlyMemory<float> source, int channels, int[] size, AxisSampling?[] axes, int[] order, int slices, int first)
    {
        int width = size[0], height = size[1], depth = size[2];
        foreach (int a in order) size[a] = axes[a]!.Count;
        int from = width * height, to = checked(size[0] * size[1]), firstWidth = order[0] == 0 ? size[0] : width, firstHeight = order[0] == 1 ? size[1] : height;
        Memory<float> result = GC.AllocateUninitializedArray<float>(checked(channels * slices * to));
        bool bySlice = channels * depth >= 2 * Environment.ProcessorCount;
        void Slice(int s)
        {
            int start = (s / depth * slices + first + s % depth) * to;
            if (order.Length == 1)
            {
                Pass(source, s * from, width, height, result, start, axes[order[0]]!, order[0], !bySlice);
                return;
            }
            float[] rented = ArrayPool<float>.Shared.Rent(firstWidth * firstHeight);
            Pass(source, s * from, width, height, rented, 0, axes[order[0]]!, order[0], !bySlice);
            Pass(rented, 0, firstWidth, firstHeight, result, start, axes[order[1]]!, order[1], !bySlice);
            ArrayPool<float>.Shared.Return(rented);
        }
        if (bySlice) Parallel.For(0, channels * depth, Slice);
        else for (int s = 0; s < channels * depth; s++) Slice(s);
        return result;
    }

    static void Pass(ReadOnlyMemory<float> source, int from, int width, int height, Memory<float> target, int to, AxisSampling axis, int along, bool parallel)
    {
        var lines = along == 0 ? new AxisLines(height, from, 1, width, to, 1, axis.Count) : new AxisLines(width, from, width, 1, to, width, 1);
        if (parallel) AxisInterpolation.ResampleParallel(source, target, lines, axis);
        else AxisInterpolation.Resample(source.Span, target.Span, lines, axis);
    }

    /// <summary>The pass along z, from <paramref name="slices"/> slices a channel, of which those from <paramref name="first"/> on are filled, into <paramref name="target"/>.</summary>
    static ReadOnlyMemory<float> Along(AxisSampling z, ReadOnlyMemory<float> source, int channels, int[] size, int slices, int first, Memory<float> target)
    {
        int plane = size[0] * size[1], length = channels * z.Count * plane;
        size[2] = z.Count;
        // In place, several channels that lose slices would leave gaps, and one channel a tail that nobody uses.
        if (target.Length > length && (channels > 1 || target.Length > 1.5 * length)) target = GC.AllocateUninitializedArray<float>(length);
        for (int c = 0; c < channels; c++)
            AxisInterpolation.ResampleParallel(source, target, new AxisLines(plane, (c * slices + first) * plane, plane, 1, c * z.Count * plane, plane, 1), z);
        return target[..length];
    }
}
