namespace REHRSeg.Onnx;

/// <summary>
/// Tiles of one axis of a plane: equal sizes, multiples of 8, evenly spaced. Each has a core, so that the cores partition the axis; around the border of
/// two cores both tiles' results are mixed, the weight changing linearly. What lies nearer to a tile's end is not used: zeros beyond it, where the plane goes on, spoil it.
/// </summary>
internal sealed class TileSpan
{
    /// <summary>
    /// Least number of voxels that two tiles share. Measured on a trained network (width 32, r = 4; a numpy copy of it): a tile's image is wrong by 2e-3 of the range at 16 voxels
    /// from its end, 4e-4 at 32 and 3e-5 at 48.
    /// </summary>
    public const int Overlap = 112;

    /// <summary>Half the width of the mixed zone.</summary>
    const int Ramp = 8;

    const int Divisor = 8;

    /// <param name="size">Voxels of the axis, a multiple of 8.</param>
    /// <param name="count">Tiles.</param>
    public TileSpan(int size, int count)
    {
        Size = size;
        Tile = TileSize(size, count);
        Starts = [.. Enumerable.Range(0, count).Select(k => count == 1 ? 0 : (int)((long)(size - Tile) / Divisor * k / (count - 1)) * Divisor)];
        Borders = [0, .. Enumerable.Range(1, count - 1).Select(k => (Starts[k] + Starts[k - 1] + Tile) / (2 * Divisor) * Divisor), size];
    }

    public int Size { get; }
    /// <summary>Voxels of each tile.</summary>
    public int Tile { get; }
    /// <summary>First voxel of each tile.</summary>
    public int[] Starts { get; }
    /// <summary>First voxel of each core, then the size.</summary>
    public int[] Borders { get; }

    public static int TileSize(int size, int count) => Math.Min(size, (size + (count - 1) * Overlap + count * Divisor - 1) / (count * Divisor) * Divisor);

    /// <summary>Weight of tile k's result at a voxel of the plane; over all tiles the sum is 1.</summary>
    public float Weight(int k, int voxel)
    {
        float left = k == 0 ? 1 : Rise(voxel, Borders[k]), right = k == Starts.Length - 1 ? 0 : Rise(voxel, Borders[k + 1]);
        return left - right;
    }

    static float Rise(int voxel, int border) => Math.Clamp((voxel + 0.5f - border + Ramp) / (2 * Ramp), 0, 1);
}

/// <summary>Tiles of a plane: a full grid of those of its axes.</summary>
internal sealed class PlaneTiling
{
    PlaneTiling(TileSpan rows, TileSpan columns) => (Rows, Columns) = (rows, columns);

    public TileSpan Rows { get; }
    public TileSpan Columns { get; }
    public int Count => Rows.Starts.Length * Columns.Starts.Length;
    public int TileVoxels => Rows.Tile * Columns.Tile;

    /// <summary>The fewest tiles of at most so many voxels; the longer side of a tile is divided first.</summary>
    public static PlaneTiling Plan(int height, int width, int tileVoxels)
    {
        int rows = 1, columns = 1;
        while ((long)TileSpan.TileSize(height, rows) * TileSpan.TileSize(width, columns) > tileVoxels)
            if (TileSpan.TileSize(height, rows) >= TileSpan.TileSize(width, columns)) rows++;
            else columns++;
        return new(new(height, rows), new(width, columns));
    }

    /// <summary>Place of a tile in the plane.</summary>
    public PlaneRectangle Tile(int index) => new(Rows.Starts[Row(index)], Columns.Starts[Column(index)], Rows.Tile, Columns.Tile);

    /// <summary>The tile's core, counted from the tile's corner.</summary>
    public PlaneRectangle Core(int index)
    {
        int y = Row(index), x = Column(index);
        return new(Rows.Borders[y] - Rows.Starts[y], Columns.Borders[x] - Columns.Starts[x], Rows.Borders[y + 1] - Rows.Borders[y], Columns.Borders[x + 1] - Columns.Borders[x]);
    }

    public int Row(int index) => index / Columns.Starts.Length;
    public int Column(int index) => index % Columns.Starts.Length;
}
