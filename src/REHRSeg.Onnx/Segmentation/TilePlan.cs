namespace REHRSeg.Onnx;

/// <summary>Where the tiles of a volume lie, how many are run at a time, and how many slices are held meanwhile; allocates nothing of the volume's size.</summary>
internal sealed class TilePlan
{
    /// <summary>Reach of the HR head's two convolutions, 3x3x3 and 5x5x5, beside what its interpolation clamps at a patch's ends (METHOD.md 6.4).</summary>
    const int HeadReach = 3;
    const int SlicesPerBatchItem = 4;
    /// <summary>Larger tiles are run one by one: a second one in a run would gain less than a sixth in speed and double the memory.</summary>
    const int MostVoxelsOfSeveral = 1 << 18;

    /// <param name="shape">D, H, W of the volume; any, also smaller than a patch (zero-padded).</param>
    /// <param name="info">Patch, factor, tiling.</param>
    /// <param name="request">What to compute.</param>
    /// <param name="headMargin">False: tiles count up to their ends also where the HR head replicates a slice or pads with zeros, as in nnU-Net.</param>
    public TilePlan(PatchShape shape, SegmentationModelInfo info, WindowRequest request, bool headMargin = true)
    {
        var tile = Tile = info.Patch.RoundUpTo(info.Divisor);
        TileAxis Plan(int size, int length, int factor = 1, int margin = 0) => new(size, length, info.TileStep, info.GaussianSigma, factor, headMargin ? margin : 0);
        (Z, Y, X) = (Plan(shape.Depth, tile.Depth), Plan(shape.Height, tile.Height), Plan(shape.Width, tile.Width));
        if (request.Hr)
            Thin = (Plan(shape.Depth, tile.Depth, info.Factor, info.Factor / 2 + HeadReach), Plan(shape.Height, tile.Height, 1, HeadReach), Plan(shape.Width, tile.Width, 1, HeadReach));
        Flips = [.. Enumerable.Range(0, request.Mirror ? 8 : 1).Where(f => ((f & 4) == 0 || tile.Depth > 1) && ((f & 2) == 0 || tile.Height > 1) && ((f & 1) == 0 || tile.Width > 1))];
        Items = (long)Z.Starts.Length * Y.Starts.Length * X.Starts.Length * Flips.Length;
        long wanted = (long)Math.Max(1, request.BatchSize) * (tile.Depth == 1 ? SlicesPerBatchItem : 1);
        Batch = (int)Math.Clamp(MostVoxelsOfSeveral / tile.Voxels, 1, Math.Min(wanted, Math.Max(2, Items)));
        SlicesHeld = CountSlices(shape.Depth);
    }

    /// <summary>Voxels of a tile.</summary>
    public PatchShape Tile { get; }
    /// <summary>Tiles along D.</summary>
    public TileAxis Z { get; }
    /// <summary>Tiles along H.</summary>
    public TileAxis Y { get; }
    /// <summary>Tiles along W.</summary>
    public TileAxis X { get; }
    /// <summary>The same tiles on the grid refined along D; null: not asked for.</summary>
    public (TileAxis Z, TileAxis Y, TileAxis X)? Thin { get; }
    /// <summary>Mirrored forms of a tile, along D (4), H (2), W (1).</summary>
    public int[] Flips { get; }
    /// <summary>Tiles times mirrored forms.</summary>
    public long Items { get; }
    /// <summary>Items a run.</summary>
    public int Batch { get; }
    /// <summary>The most slices between the first unfinished one and the last one that a run adds to.</summary>
    public int SlicesHeld { get; }

    /// <summary>Item i: mirrored forms of a tile follow each other, then tiles along W, H, D.</summary>
    public (int Z, int Y, int X, int Flip) Item(long i)
    {
        int t = (int)(i / Flips.Length), xi = t % X.Starts.Length, yi = t / X.Starts.Length % Y.Starts.Length;
        return (t / X.Starts.Length / Y.Starts.Length, yi, xi, Flips[i % Flips.Length]);
    }

    /// <summary>The first slice that item i or a later one touches.</summary>
    public int FirstTouched(long i) => i >= Items ? Z.Size : Math.Clamp(Z.Starts[Item(i).Z], 0, Z.Size);

    int CountSlices(int depth)
    {
        int held = 0;
        for (long first = 0; first < Items; first += Batch)
        {
            int last = Z.Starts[Item(Math.Min(first + Batch, Items) - 1).Z] + Tile.Depth;
            held = Math.Max(held, Math.Min(last, depth) - FirstTouched(first));
        }
        return held;
    }
}
