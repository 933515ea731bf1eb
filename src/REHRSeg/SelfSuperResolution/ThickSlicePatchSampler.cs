using System.Numerics.Tensors;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Training samples as managed arrays.</summary>
/// <param name="Count">Samples B.</param>
/// <param name="Windows">Thick slices, <c>B x (C+L) x 4 x P x P</c>: image in [0,1], then 0/1 foreground channels.</param>
/// <param name="Image">Thin slices of the second thick one, <c>B x C x r x P x P</c>.</param>
/// <param name="Label">Their class indices, <c>B x r x P x P</c>.</param>
internal sealed record SelfSrBatch(int Count, float[] Windows, float[] Image, byte[] Label)
{
    /// <summary>Equal parts of consecutive samples; <paramref name="parts"/> divides <see cref="Count"/>.</summary>
    public SelfSrBatch[] Split(int parts)
    {
        T[] Part<T>(T[] values, int part) => values.AsSpan(values.Length / parts * part, values.Length / parts).ToArray();
        return parts == 1 ? [this] : [.. Enumerable.Range(0, parts).Select(i => new SelfSrBatch(Count / parts, Part(Windows, i), Part(Image, i), Part(Label, i)))];
    }
}

/// <summary>
/// Draws self-supervised samples (METHOD.md 3.3): a block of 4r thin slices along an in-plane axis of a seed, its 4 simulated thick slices
/// as input and thin slices r to 2r-1 as target. H and W of a sample are the seed's interpolated axis and the other in-plane axis.
/// Positions beyond the seed repeat its border; the profile sees true neighbours of the block where there are any. Thread-safe.
/// </summary>
internal sealed class ThickSlicePatchSampler(IReadOnlyList<SeedVolume> seeds, SelfSrModelInfo info, SliceProfile profile, SelfSrOptions options)
{
    readonly GradientSampling[][]? _positions = options.GradientSampling ? [.. seeds.Select(seed => Positions(seed, info.Factor, options))] : null;
    readonly int _side = options.PatchSize, _factor = info.Factor, _channels = info.ImageChannels, _classes = info.Labels.Length;
    readonly float[] _weights = [.. profile.Weights];
    readonly int _lead = Math.Max(0, -profile.First), _trail = Math.Max(0, profile.First + profile.Weights.Count - info.Factor);

    /// <summary>Thick slices of a window.</summary>
    public const int WindowSlices = 4;

    /// <summary>The axis that is simulated as slice axis.</summary>
    internal enum InPlaneAxis { X, Y }

    /// <summary>Where a block lies in a seed and how it is turned.</summary>
    internal readonly record struct Placement(int Seed, InPlaneAxis Axis, int Slice, int Row, int Column, bool FlipSlices, bool FlipRows, bool FlipColumns, bool Swap, bool DropFirst, int DropLast, IntensityMap[]? Maps = null);

    /// <summary>Draws and renders <paramref name="count"/> samples.</summary>
    public SelfSrBatch Draw(int count, Random random)
    {
        int plane = _side * _side, window = (_channels + _classes - 1) * WindowSlices * plane, block = _factor * plane;
        var batch = new SelfSrBatch(count, new float[count * window], new float[count * _channels * block], new byte[count * block]);
        var planes = new float[(_lead + WindowSlices * _factor + _trail) * plane];
        var labels = new byte[WindowSlices * block];
        for (int b = 0; b < count; b++)
            Render(Place(random), batch.Windows.AsSpan(b * window, window), batch.Image.AsSpan(b * _channels * block, _channels * block), batch.Label.AsSpan(b * block, block), planes, labels);
        return batch;
    }

    /// <summary>
    /// Random subject, axis, position (of all that lie within the seed, or around it where it is smaller than the patch: uniform, or by <see cref="GradientSampling"/>), flips,
    /// dropout, intensity maps.
    /// </summary>
    internal Placement Place(Random random)
    {
        int seed = random.Next(seeds.Count);
        var axis = random.Next(2) == 0 ? InPlaneAxis.X : InPlaneAxis.Y;
        var volume = seeds[seed].For(axis);
        var (slices, columns) = axis == InPlaneAxis.X ? (volume.Width, volume.Height) : (volume.Height, volume.Width);
        int Start(int size, int patch) => random.Next(Math.Min(0, size - patch), Math.Max(0, size - patch) + 1);
        bool Flip() => random.NextDouble() < options.FlipProbability;
        var (slice, row, column) = _positions is null
            ? (Start(slices, WindowSlices * _factor), Start(volume.Depth, _side), Start(columns, _side))
            : _positions[seed][(int)axis].Draw(random) is var (z, y, x) && axis == InPlaneAxis.X ? (x, z, y) : (y, z, x);
        var (flipSlices, flipRows, flipColumns) = (Flip(), Flip(), Flip());
        bool swap = random.NextDouble() < options.SwapProbability, first = random.NextDouble() < options.EdgeDropout;
        double end = random.NextDouble();
        int last = end < options.EdgeDropout ? 1 : end < 2 * options.EdgeDropout ? 2 : 0;
        var maps = options.IntensityProbability > 0 && random.NextDouble() < options.IntensityProbability ? IntensityMap.Draw(_channels, options, random) : null;
        return new(seed, axis, slice, row, column, flipSlices, flipRows, flipColumns, swap, first, last, maps);
    }

    /// <summary>Of blocks along x, then along y.</summary>
    static GradientSampling[] Positions(SeedVolume seed, int factor, SelfSrOptions options)
    {
        int side = options.PatchSize, block = WindowSlices * factor;
        var (x, y) = (seed.For(InPlaneAxis.X), seed.For(InPlaneAxis.Y));
        float[] magnitude = GradientSampling.Magnitude(x);
        return [new(x, magnitude, (side, side, block), options.GradientFloor), new(y, ReferenceEquals(x, y) ? magnitude : GradientSampling.Magnitude(y), (side, block, side), options.GradientFloor)];
    }

    /// <summary>Renders one sample; <paramref name="planes"/> and <paramref name="thin"/> are scratch.</summary>
    internal void Render(Placement at, Span<float> window, Span<float> target, Span<byte> targetLabel, float[] planes, byte[] thin)
    {
        var seed = seeds[at.Seed].For(at.Axis);
        int block = WindowSlices * _factor, plane = _side * _side, voxels = seed.Label.Length, area = seed.Height * seed.Width;
        bool alongX = at.Axis == InPlaneAxis.X;
        int[] slices = Offsets(_lead + block + _trail, at.Slice, _lead, block, alongX ? seed.Width : seed.Height, alongX ? 1 : seed.Width, at.FlipSlices);
        int[] rows = Offsets(_side, at.Row, 0, _side, seed.Depth, area, at.FlipRows);
        int[] columns = Offsets(_side, at.Column, 0, _side, alongX ? seed.Height : seed.Width, alongX ? seed.Width : 1, at.FlipColumns);
        if (at.Swap) (rows, columns) = (columns, rows);

        for (int c = 0; c < _channels; c++)
        {
            Gather(seed.Image.AsSpan(c * voxels, voxels), slices, rows, columns, planes);
            // Before the thick slices are made: an average of mapped tissue is not the mapped average.
            at.Maps?[c].Apply(planes.AsSpan(0, slices.Length * plane));
            for (int i = 0; i < WindowSlices; i++)
            {
                var thick = window.Slice((c * WindowSlices + i) * plane, plane);
                thick.Clear();
                for (int w = 0; w < _weights.Length; w++)
                    TensorPrimitives.MultiplyAdd(planes.AsSpan((_lead + i * _factor + profile.First + w) * plane, plane), _weights[w], thick, thick);
            }
            planes.AsSpan((_lead + _factor) * plane, _factor * plane).CopyTo(target[(c * _factor * plane)..]);
        }

        Gather(seed.Label, slices.AsSpan(_lead, block), rows, columns, thin);
        thin.AsSpan(_factor * plane, _factor * plane).CopyTo(targetLabel);
        var foreground = window[(_channels * WindowSlices * plane)..];
        foreground.Clear();
        for (int i = 0; i < WindowSlices; i++) MarkMajority(thin.AsSpan(i * _factor * plane, _factor * plane), foreground[(i * plane)..], plane, WindowSlices * plane, _factor, at.FlipSlices);
        LeaveVolume(window, plane, at.DropFirst, at.DropLast);
    }

    /// <summary>Memory offsets of positions <c>-lead .. count-lead-1</c> of a patch that starts at <paramref name="start"/>: border repeated, mirrored within the patch when flipped.</summary>
    internal static int[] Offsets(int count, int start, int lead, int patch, int size, int stride, bool flip)
    {
        var offsets = new int[count];
        for (int i = 0; i < count; i++)
        {
            int position = i - lead;
            offsets[i] = Math.Clamp(start + (flip ? patch - 1 - position : position), 0, size - 1) * stride;
        }
        return offsets;
    }

    internal static void Gather<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> slices, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, Span<T> target)
    {
        int to = 0;
        foreach (int slice in slices)
            foreach (int row in rows)
            {
                var line = target.Slice(to, columns.Length);
                int from = slice + row;
                for (int x = 0; x < line.Length; x++) line[x] = source[from + columns[x]];
                to += columns.Length;
            }
    }

    /// <summary>Sets the 0/1 channels (<paramref name="stride"/> apart) of one thick slice of <paramref name="plane"/> voxels: the most frequent of r thin labels, ties to the lower-centre slice, as <see cref="ThickSliceSimulator.Label"/>.</summary>
    internal static void MarkMajority(ReadOnlySpan<byte> thin, Span<float> foreground, int plane, int stride, int factor, bool flipped)
    {
        int centre = flipped ? factor / 2 : (factor - 1) / 2;
        for (int i = 0; i < plane; i++)
        {
            byte label = thin[centre * plane + i];
            bool uniform = true;
            for (int t = 0; t < factor; t++) uniform &= thin[t * plane + i] == label;
            if (!uniform) label = LabelMajority.Of(thin[i..], factor, plane, centre);
            if (label > 0) foreground[(label - 1) * stride + i] = 1;
        }
    }

    /// <summary>Imitates the ends of a volume: outer slices become what stands for slices beyond it.</summary>
    void LeaveVolume(Span<float> window, int plane, bool first, int last)
    {
        bool zero = info.EdgeSlices == EdgeSlices.Zero;
        for (int c = 0; c < _channels + _classes - 1; c++)
        {
            var channel = window.Slice(c * WindowSlices * plane, WindowSlices * plane);
            if (first) Replace(channel[..plane], channel.Slice(plane, plane));
            for (int i = WindowSlices - last; i < WindowSlices; i++) Replace(channel.Slice(i * plane, plane), channel.Slice((WindowSlices - 1 - last) * plane, plane));
        }
        void Replace(Span<float> slice, ReadOnlySpan<float> edge)
        {
            if (zero) slice.Clear();
            else edge.CopyTo(slice);
        }
    }
}
