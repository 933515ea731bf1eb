namespace REHRSeg.Onnx;

/// <summary>What the sliding window computes.</summary>
/// <param name="Lr">Class probabilities on the volume's grid.</param>
/// <param name="Hr">Class probabilities on the grid refined along D.</param>
/// <param name="Mirror">Average over the mirrored forms of each tile: 8, or 4 of a single slice.</param>
/// <param name="BatchSize">Tiles a run; of tiles that are single slices four times as many.</param>
internal readonly record struct WindowRequest(bool Lr, bool Hr, bool Mirror, int BatchSize);

/// <summary>
/// Runs a patch model over a prepared volume, tile by tile, and blends the tiles in float32 (METHOD.md section 7, 14 #19). Tiles go along D, and a slice
/// is handed out as soon as no later tile touches it: about one tile's depth of class probabilities is held, not the volume's.
/// </summary>
internal sealed class SlidingWindow
{
    /// <summary>Reach of the HR head's two convolutions, 3x3x3 and 5x5x5, beside what its interpolation clamps at a patch's ends (METHOD.md 6.4).</summary>
    const int HeadReach = 3;
    const int SlicesPerBatchItem = 4;

    readonly ReadOnlyMemory<float> _voxels;
    readonly PatchShape _shape, _tile;
    readonly IPatchModel _model;
    readonly int _channels, _classes, _factor, _batch;
    readonly TileAxis _z, _y, _x;
    readonly int[] _flips;
    readonly TileBlend? _lr, _hr;

    /// <summary>Plans the tiles.</summary>
    /// <param name="voxels"><c>C x D x H x W</c>, z-scored.</param>
    /// <param name="shape">D, H, W; any, also smaller than a patch (zero-padded).</param>
    /// <param name="model">The network.</param>
    /// <param name="info">Patch, classes, factor, tiling.</param>
    /// <param name="request">What to compute.</param>
    /// <param name="headMargin">False: tiles count up to their ends also where the HR head replicates a slice or pads with zeros, as in nnU-Net.</param>
    public SlidingWindow(ReadOnlyMemory<float> voxels, PatchShape shape, IPatchModel model, SegmentationModelInfo info, WindowRequest request, bool headMargin = true)
    {
        (_voxels, _shape, _model, _channels, _classes, _factor) = (voxels, shape, model, info.Channels, info.Labels.Length, info.Factor);
        _tile = new(RoundUp(info.Patch.Depth, info.Divisor.Depth), RoundUp(info.Patch.Height, info.Divisor.Height), RoundUp(info.Patch.Width, info.Divisor.Width));
        TileAxis Plan(int size, int length, int factor = 1, int margin = 0) => new(size, length, info.TileStep, info.GaussianSigma, factor, headMargin ? margin : 0);
        (_z, _y, _x) = (Plan(shape.Depth, _tile.Depth), Plan(shape.Height, _tile.Height), Plan(shape.Width, _tile.Width));
        _flips = [.. Enumerable.Range(0, request.Mirror ? 8 : 1).Where(f => ((f & 4) == 0 || _tile.Depth > 1) && ((f & 2) == 0 || _tile.Height > 1) && ((f & 1) == 0 || _tile.Width > 1))];
        Items = (long)_z.Starts.Length * _y.Starts.Length * _x.Starts.Length * _flips.Length;
        _batch = (int)Math.Min(Math.Max(1, request.BatchSize) * (_tile.Depth == 1 ? SlicesPerBatchItem : 1), Math.Max(2, Items));
        int slices = SlicesHeld();
        _lr = request.Lr ? new(_classes, _z, _y, _x, slices) : null;
        _hr = request.Hr
            ? new(_classes, Plan(shape.Depth, _tile.Depth, _factor, _factor / 2 + HeadReach), Plan(shape.Height, _tile.Height, 1, HeadReach), Plan(shape.Width, _tile.Width, 1, HeadReach), slices * _factor)
            : null;
    }

    /// <summary>Tiles times mirrored forms.</summary>
    public long Items { get; }

    /// <summary>Class probabilities held while tiles are blended, for the whole run.</summary>
    public long BlendLength => (_lr?.Length ?? 0) + (long)(_hr?.Length ?? 0);

    /// <summary>The volume's slices in order.</summary>
    /// <param name="onRun">Receives the number of items after each run.</param>
    /// <param name="cancellationToken">Checked before each run and passed on to the model.</param>
    /// <returns>For each slice <c>K x H x W</c> and <c>K x r x H x W</c>, in memory that the next slice overwrites.</returns>
    public IEnumerable<SliceProbabilities> Run(Action<int>? onRun = null, CancellationToken cancellationToken = default)
    {
        int plane = _shape.Height * _shape.Width, done = 0;
        var slice = new SliceProbabilities(_lr is null ? null : new float[ArrayLength.Of(_classes, plane)], _hr is null ? null : new float[ArrayLength.Of(_classes, _factor, plane)]);
        var patches = new float[ArrayLength.Of(_batch, _channels, _tile.Voxels)];
        var lrTiles = new float[_lr is null ? 0 : ArrayLength.Of(_batch, _lr.TileLength)];
        var hrTiles = new float[_hr is null ? 0 : ArrayLength.Of(_batch, _hr.TileLength)];
        float scale = 1f / _flips.Length;
        for (long first = 0; first < Items; first += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = RunBatch(first, patches, lrTiles, hrTiles, cancellationToken);
            onRun?.Invoke(count);
            for (int finished = FirstTouched(first + count); done < finished; done++)
            {
                _lr?.Take(done, scale, slice.Lr, plane);
                for (int t = 0; t < _factor && _hr is not null; t++) _hr.Take(done * _factor + t, scale, slice.Hr.AsSpan(t * plane), _factor * plane);
                yield return slice;
            }
        }
    }

    int RunBatch(long first, float[] patches, float[] lrTiles, float[] hrTiles, CancellationToken cancellationToken)
    {
        // A run of one patch is slow on some back ends: the last one is filled up with a repeated tile.
        int count = (int)Math.Min(_batch, Items - first), run = Math.Min(_batch, Math.Max(2, count)), input = _channels * _tile.Voxels;
        for (int b = 0; b < run; b++)
        {
            var (zi, yi, xi, flip) = Item(Math.Min(first + b, Items - 1));
            Gather((_z.Starts[zi], _y.Starts[yi], _x.Starts[xi]), flip, patches.AsSpan(b * input, input));
        }
        _model.Run(patches.AsMemory(0, run * input), run, _tile, lrTiles.AsMemory(0, run * (_lr?.TileLength ?? 0)), hrTiles.AsMemory(0, run * (_hr?.TileLength ?? 0)), cancellationToken);
        for (int b = 0; b < count; b++)
        {
            var (zi, yi, xi, flip) = Item(first + b);
            _lr?.Add(lrTiles.AsSpan(b * _lr.TileLength, _lr.TileLength), zi, yi, xi, flip);
            _hr?.Add(hrTiles.AsSpan(b * _hr.TileLength, _hr.TileLength), zi, yi, xi, flip);
        }
        return count;
    }

    /// <summary>Item i: mirrored forms of a tile follow each other, then tiles along W, H, D.</summary>
    (int Z, int Y, int X, int Flip) Item(long i)
    {
        int t = (int)(i / _flips.Length), xi = t % _x.Starts.Length, yi = t / _x.Starts.Length % _y.Starts.Length;
        return (t / _x.Starts.Length / _y.Starts.Length, yi, xi, _flips[i % _flips.Length]);
    }

    /// <summary>The first slice that item i or a later one touches.</summary>
    int FirstTouched(long i) => i >= Items ? _shape.Depth : Math.Clamp(_z.Starts[Item(i).Z], 0, _shape.Depth);

    /// <summary>The most slices between the first unfinished one and the last one that a run adds to.</summary>
    int SlicesHeld()
    {
        int held = 0;
        for (long first = 0; first < Items; first += _batch)
        {
            int last = _z.Starts[Item(Math.Min(first + _batch, Items) - 1).Z] + _tile.Depth;
            held = Math.Max(held, Math.Min(last, _shape.Depth) - FirstTouched(first));
        }
        return held;
    }

    /// <summary>Copies a tile out of the volume, zero outside it, mirrored along D (4), H (2), W (1).</summary>
    void Gather((int Z, int Y, int X) start, int flip, Span<float> patch)
    {
        var voxels = _voxels.Span;
        patch.Clear();
        int x0 = Math.Max(0, -start.X), x1 = Math.Min(_tile.Width, _shape.Width - start.X);
        for (int c = 0; c < _channels; c++)
            for (int z = 0; z < _tile.Depth; z++)
            {
                int fromZ = start.Z + z, toZ = (flip & 4) != 0 ? _tile.Depth - 1 - z : z;
                if (fromZ < 0 || fromZ >= _shape.Depth) continue;
                for (int y = 0; y < _tile.Height; y++)
                {
                    int fromY = start.Y + y, toY = (flip & 2) != 0 ? _tile.Height - 1 - y : y;
                    if (fromY < 0 || fromY >= _shape.Height) continue;
                    var row = patch.Slice(((c * _tile.Depth + toZ) * _tile.Height + toY) * _tile.Width, _tile.Width);
                    voxels.Slice(((c * _shape.Depth + fromZ) * _shape.Height + fromY) * _shape.Width + start.X + x0, x1 - x0).CopyTo(row[x0..]);
                    if ((flip & 1) != 0) row.Reverse();
                }
            }
    }

    static int RoundUp(int value, int divisor) => (value + divisor - 1) / divisor * divisor;
}

/// <summary>Class probabilities of one slice, <c>K x H x W</c>, and of the r thin slices in it, <c>K x r x H x W</c>; null where not computed.</summary>
internal sealed record SliceProbabilities(float[]? Lr, float[]? Hr);
