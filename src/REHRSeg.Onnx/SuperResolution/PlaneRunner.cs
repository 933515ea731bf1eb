using System.Numerics.Tensors;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// Runs the network on planes of any size: whole up to a number of voxels, larger ones in tiles. The network averages over whole planes (the image's mean, 13 feature
/// gates), and a gate's average depends on the gates before it. In tiles: 1. each tile with averages of its own, which gives a first guess for the plane (mean over
/// the tiles' cores); 2. each tile with that guess, which gives a better one; 3. each tile with averages of its own, corrected by the difference of plane and tile in 2.
/// </summary>
internal sealed class PlaneRunner(IWindowModel model, SelfSrModelInfo info, int tileVoxels)
{
    /// <summary>Slices whose magnitudes are statistics.</summary>
    static readonly int[] s_neighbours = [0, 2, 3];

    /// <summary>Planes of a model that knows no tiles may be so large.</summary>
    const int LargestWholePlane = 1 << 20;

    readonly ITiledWindowModel? _tiled = model is ITiledWindowModel { Statistics: > 0 } tiled ? tiled : null;
    readonly int _channels = info.ImageChannels + info.LabelChannels;
    float[] _tiles = [];
    float[][] _outputs = [[], [], []];

    /// <summary>As <see cref="IWindowModel.Run"/>.</summary>
    /// <exception cref="ModelFormatException">The plane is too large for a model that cannot be computed in tiles.</exception>
    public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
    {
        if (_tiled is null && height * width > Math.Max(tileVoxels, LargestWholePlane))
            throw new ModelFormatException($"The slices have {height} x {width} voxels; without tiles at most {LargestWholePlane} are possible, and this model cannot be computed in tiles. If it is a file of an earlier version, export it again with 'rehrseg export'.");
        if (_tiled is null || height * width <= tileVoxels) model.Run(windows, batch, height, width, image, labelLogits, uncertainty, cancellationToken);
        else RunTiles(_tiled, windows, batch, PlaneTiling.Plan(height, width, tileVoxels), [image, labelLogits, uncertainty], cancellationToken);
    }

    void RunTiles(ITiledWindowModel tiled, ReadOnlyMemory<float> windows, int batch, PlaneTiling tiling, Memory<float>[] results, CancellationToken cancellationToken)
    {
        int area = tiling.TileVoxels, first = info.ImageChannels + s_neighbours.Length;
        float[] averages = Averages(windows.Span, batch, tiling, tiled.Statistics), shares = new float[tiled.Statistics];
        float[][] measured = [.. Enumerable.Range(0, tiling.Count).Select(_ => new float[averages.Length])];
        int[] planes = [batch * info.ImageChannels * info.Factor, batch * info.LabelChannels * info.Factor, batch * info.Factor];
        var outputs = new Memory<float>[3];
        var tiles = Reserve(ref _tiles, batch * _channels * 4 * area);
        for (int o = 0; o < results.Length; o++) outputs[o] = Reserve(ref _outputs[o], planes[o] * area);

        void Run(int tile, float[] offsets, bool wanted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Gather(windows.Span, tiling, tile, tiles.Span);
            var statistics = new TileStatistics(tiling.Core(tile), offsets, shares, measured[tile]);
            tiled.RunTile(tiles, batch, tiling.Rows.Tile, tiling.Columns.Tile, statistics, wanted ? outputs[0] : default, wanted ? outputs[1] : default, wanted ? outputs[2] : default, cancellationToken);
        }

        shares.AsSpan(first).Fill(1);
        for (int i = 0; i < tiling.Count; i++) Run(i, averages, wanted: false);
        SetGates(averages, measured, tiling, batch);
        shares.AsSpan(first).Clear();
        for (int i = 0; i < tiling.Count; i++) Run(i, averages, wanted: false);
        SetGates(averages, measured, tiling, batch);
        shares.AsSpan(first).Fill(1);
        foreach (var result in results) result.Span.Clear();
        for (int i = 0; i < tiling.Count; i++)
        {
            Run(i, Corrections(averages, measured[i], first), wanted: true);
            for (int o = 0; o < results.Length; o++) Mix(outputs[o].Span, tiling, i, results[o].Span);
        }
    }

    /// <summary>Statistics that the windows themselves tell, <c>N x S</c>; 0 for those of the gates.</summary>
    float[] Averages(ReadOnlySpan<float> windows, int batch, PlaneTiling tiling, int count)
    {
        int plane = tiling.Rows.Size * tiling.Columns.Size;
        var averages = new float[batch * count];
        for (int b = 0; b < batch; b++)
            for (int c = 0; c < info.ImageChannels; c++)
            {
                double sum = 0;
                var image = windows.Slice((b * _channels + c) * 4 * plane, 4 * plane);
                foreach (float value in image) sum += value;
                averages[b * count + c] = (float)(sum / image.Length);
                for (int k = 0; k < s_neighbours.Length; k++)
                {
                    ref float largest = ref averages[b * count + info.ImageChannels + k];
                    largest = Math.Max(largest, TensorPrimitives.MaxMagnitude(image.Slice(s_neighbours[k] * plane, plane)));
                }
            }
        return averages;
    }

    /// <summary>The gates' averages over the plane: those of the cores by their areas.</summary>
    void SetGates(float[] averages, float[][] measured, PlaneTiling tiling, int batch)
    {
        int count = averages.Length / batch;
        double plane = (double)tiling.Rows.Size * tiling.Columns.Size;
        for (int s = 0; s < averages.Length; s++)
        {
            if (s % count < info.ImageChannels + s_neighbours.Length) continue;
            double sum = 0;
            for (int i = 0; i < measured.Length; i++) sum += measured[i][s] * (tiling.Core(i).Voxels / plane);
            averages[s] = (float)sum;
        }
    }

    /// <summary>Of the gates plane minus tile; the others as they are.</summary>
    float[] Corrections(float[] averages, float[] measured, int first)
    {
        int count = _tiled!.Statistics;
        return [.. averages.Select((average, s) => s % count < first ? average : average - measured[s])];
    }

    static void Gather(ReadOnlySpan<float> planes, PlaneTiling tiling, int index, Span<float> tiles)
    {
        var at = tiling.Tile(index);
        int width = tiling.Columns.Size, plane = tiling.Rows.Size * width, area = tiling.TileVoxels;
        for (int p = 0; p < tiles.Length / area; p++)
            for (int y = 0; y < at.Height; y++)
                planes.Slice(p * plane + (at.Top + y) * width + at.Left, at.Width).CopyTo(tiles.Slice(p * area + y * at.Width, at.Width));
    }

    static void Mix(ReadOnlySpan<float> tiles, PlaneTiling tiling, int index, Span<float> planes)
    {
        var at = tiling.Tile(index);
        int width = tiling.Columns.Size, plane = tiling.Rows.Size * width, area = tiling.TileVoxels;
        float[] columns = [.. Enumerable.Range(at.Left, at.Width).Select(x => tiling.Columns.Weight(tiling.Column(index), x))], weights = new float[at.Width];
        for (int y = 0; y < at.Height; y++)
        {
            float row = tiling.Rows.Weight(tiling.Row(index), at.Top + y);
            if (row == 0) continue;
            TensorPrimitives.Multiply(columns, row, weights);
            for (int p = 0; p < tiles.Length / area; p++)
            {
                var target = planes.Slice(p * plane + (at.Top + y) * width + at.Left, at.Width);
                TensorPrimitives.MultiplyAdd(tiles.Slice(p * area + y * at.Width, at.Width), weights, target, target);
            }
        }
    }

    static Memory<float> Reserve(ref float[] buffer, int length)
    {
        if (buffer.Length < length) buffer = new float[length];
        return buffer.AsMemory(0, length);
    }
}
