namespace REHRSeg.Onnx;

/// <summary>
/// Tiles along one axis as nnU-Net places them: evenly spaced, at most a given step apart, a Gaussian weight on each
/// (METHOD.md section 7). Tiles form a full grid, so that weights and their sums are products of those of the axes.
/// </summary>
internal sealed class TileAxis
{
    /// <summary>Plans the tiles of one axis.</summary>
    /// <param name="size">Voxels of the volume.</param>
    /// <param name="tile">Voxels of a tile; a smaller volume lies in the tile's middle (lower half floored).</param>
    /// <param name="step">Largest step as a part of the tile.</param>
    /// <param name="sigma">Sigma of the weight as a part of the tile.</param>
    /// <param name="factor">The same tiles on the axis refined this many times.</param>
    /// <param name="margin">Voxels (refined) at a tile's ends that a neighbouring tile knows better: they have no weight, as far as the tiles' overlap covers them.</param>
    public TileAxis(int size, int tile, double step, double sigma, int factor = 1, int margin = 0)
    {
        int padded = Math.Max(size, tile), before = (padded - size) / 2;
        Starts = [.. PlaceTiles(padded, tile, step).Select(start => (start - before) * factor)];
        (Size, Tile) = (size * factor, tile * factor);
        Weight = GaussianWeight(Tile, sigma);
        First = [.. Starts.Select((start, i) => Math.Max(-start, i == 0 ? 0 : Cut(i, margin)))];
        End = [.. Starts.Select((start, i) => Math.Min(Size - start, Tile - (i == Starts.Length - 1 ? 0 : Cut(i + 1, margin))))];
        var sum = new double[Size];
        for (int t = 0; t < Starts.Length; t++)
            for (int i = First[t]; i < End[t]; i++) sum[Starts[t] + i] += Weight[i];
        InverseSum = [.. sum.Select(s => (float)(1 / s))];
    }

    /// <summary>First voxel of each tile; negative where the tile begins in the padding.</summary>
    public int[] Starts { get; }
    /// <summary>Voxels of the volume.</summary>
    public int Size { get; }
    /// <summary>Voxels of a tile.</summary>
    public int Tile { get; }
    /// <summary>Weight of each voxel of a tile, largest 1.</summary>
    public float[] Weight { get; }
    /// <summary>First voxel of each tile that counts.</summary>
    public int[] First { get; }
    /// <summary>One past the last voxel of each tile that counts.</summary>
    public int[] End { get; }
    /// <summary>One over the sum of the tiles' weights at each voxel of the volume.</summary>
    public float[] InverseSum { get; }

    /// <summary>First voxel of each tile in a volume of at least the tile's size.</summary>
    internal static int[] PlaceTiles(int size, int tile, double step)
    {
        int count = (int)Math.Ceiling((size - tile) / Math.Max(1, tile * step)) + 1;
        double actual = count > 1 ? (size - tile) / (count - 1.0) : 0;
        return [.. Enumerable.Range(0, count).Select(i => (int)Math.Round(actual * i))];
    }

    /// <summary>A unit impulse at <c>tile/2</c>, Gaussian-filtered (cut at 4 sigma), largest 1; zeros take the smallest positive value.</summary>
    internal static float[] GaussianWeight(int tile, double sigma)
    {
        double width = tile * sigma;
        int radius = (int)(4 * width + 0.5), centre = tile / 2;
        var weight = Enumerable.Range(0, tile).Select(i => Math.Abs(i - centre) <= radius ? Math.Exp(-0.5 * Math.Pow((i - centre) / width, 2)) : 0).ToArray();
        double smallest = weight.Where(w => w > 0).Min();
        return [.. weight.Select(w => (float)Math.Max(w, smallest))];
    }

    /// <summary>Voxels without weight at the start of tile i and at the end of the one before it: the two together never exceed their overlap.</summary>
    int Cut(int i, int margin) => Math.Clamp((Starts[i - 1] + Tile - Starts[i]) / 2, 0, margin);
}
