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
    readonly ReadOnlyMemory<float> _voxels;
    readonly PatchShape _shape, _tile;
    readonly IPatchModel _model;
    readonly TilePlan _plan;
    readonly int _channels, _classes, _factor, _batch;
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
        _plan = new(shape, info, request, headMargin);
        (_tile, _batch) = (_plan.Tile, _plan.Batch);
        _lr = request.Lr ? new(_classes, _plan.Z, _plan.Y, _plan.X, _plan.SlicesHeld) : null;
        _hr = _plan.Thin is { } thin ? new(_classes, thin.Z, thin.Y, thin.X, _plan.SlicesHeld * _factor) : null;
    }

    /// <summary>Tiles times mirrored forms.</summary>
    public long Items => _plan.Items;

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
        float scale = 1f / _plan.Flips.Length;
        for (long first = 0; first < Items; first += _batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = RunBatch(first, patches, lrTiles, hrTiles, cancellationToken);
            onRun?.Invoke(count);
            for (int finished = _plan.FirstTouched(first + count); done < finished; done++)
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
            var (zi, yi, xi, flip) = _plan.Item(Math.Min(first + b, Items - 1));
            Gather((_plan.Z.Starts[zi], _plan.Y.Starts[yi], _plan.X.Starts[xi]), flip, patches.AsSpan(b * input, input));
        }
        _model.Run(patches.AsMemory(0, run * input), run, _tile, lrTiles.AsMemory(0, run * (_lr?.TileLength ?? 0)), hrTiles.AsMemory(0, run * (_hr?.TileLength ?? 0)), cancellationToken);
        for (int b = 0; b < count; b++)
        {
            var (zi, yi, xi, flip) = _plan.Item(first + b);
            _lr?.Add(lrTiles.AsSpan(b * _lr.TileLength, _lr.TileLength), zi, yi, xi, flip);
            _hr?.Add(hrTiles.AsSpan(b * _hr.TileLength, _hr.TileLength), zi, yi, xi, flip);
        }
        return count;
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
}

/// <summary>Class probabilities of one slice, <c>K x H x W</c>, and of the r thin slices in it, <c>K x r x H x W</c>; null where not computed.</summary>
internal sealed record SliceProbabilities(float[]? Lr, float[]? Hr);
