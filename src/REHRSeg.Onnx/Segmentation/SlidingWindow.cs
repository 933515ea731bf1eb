using System.Numerics.Tensors;

namespace REHRSeg.Onnx;

/// <summary>What the sliding window computes.</summary>
/// <param name="Lr">Class probabilities on the volume's grid.</param>
/// <param name="Hr">Class probabilities on the grid refined along D.</param>
/// <param name="Mirror">Average over the 8 mirrored forms of each tile.</param>
/// <param name="BatchSize">Tiles a run.</param>
internal readonly record struct WindowRequest(bool Lr, bool Hr, bool Mirror, int BatchSize);

/// <summary>Runs a patch model over a prepared volume, tile by tile, and blends the tiles in float32 (METHOD.md section 7, 14 #19).</summary>
internal static class SlidingWindow
{
    /// <summary>Class probabilities of a volume.</summary>
    /// <param name="voxels"><c>C x D x H x W</c>, z-scored.</param>
    /// <param name="shape">D, H, W; any, also smaller than a patch (zero-padded).</param>
    /// <param name="model">The network.</param>
    /// <param name="info">Patch, classes, factor, tiling.</param>
    /// <param name="request">What to compute.</param>
    /// <param name="progress">Receives the finished part, 0 to 1.</param>
    /// <param name="cancellationToken">Checked before each run and passed on to the model.</param>
    /// <returns><c>K x D x H x W</c> and <c>K x rD x H x W</c>; null where not asked for.</returns>
    public static (float[]? Lr, float[]? Hr) Run(ReadOnlyMemory<float> voxels, PatchShape shape, IPatchModel model, SegmentationModelInfo info,
        WindowRequest request, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        int classes = info.Labels.Length, channels = info.Channels, factor = info.Factor;
        var tile = new PatchShape(RoundUp(info.Patch.Depth, info.Divisor.Depth), RoundUp(info.Patch.Height, info.Divisor.Height), RoundUp(info.Patch.Width, info.Divisor.Width));
        TileAxis Plan(int size, int length, int f = 1) => new(size, length, info.TileStep, info.GaussianSigma, f);
        TileAxis z = Plan(shape.Depth, tile.Depth), y = Plan(shape.Height, tile.Height), x = Plan(shape.Width, tile.Width);
        var lr = request.Lr ? new Blend(classes, z, y, x) : null;
        var hr = request.Hr ? new Blend(classes, Plan(shape.Depth, tile.Depth, factor), y, x) : null;

        int flips = request.Mirror ? 8 : 1, tiles = z.Starts.Length * y.Starts.Length * x.Starts.Length;
        long total = (long)tiles * flips;
        int batch = (int)Math.Min(Math.Max(1, request.BatchSize), Math.Max(2, total));
        int input = channels * tile.Voxels;
        var patches = new float[Length(batch, input)];
        var lrOut = new float[lr is null ? 0 : Length(batch, lr.TileLength)];
        var hrOut = new float[hr is null ? 0 : Length(batch, hr.TileLength)];
        (int Z, int Y, int X, int Flip) Item(long i)
        {
            int t = (int)(i / flips), xi = t % x.Starts.Length, yi = t / x.Starts.Length % y.Starts.Length;
            return (t / x.Starts.Length / y.Starts.Length, yi, xi, (int)(i % flips));
        }
        for (long first = 0; first < total; first += batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A run of one patch is slow on some back ends: the last one is filled up with a repeated tile.
            int count = (int)Math.Min(batch, total - first), run = Math.Min(batch, Math.Max(2, count));
            for (int b = 0; b < run; b++)
            {
                var (zi, yi, xi, flip) = Item(Math.Min(first + b, total - 1));
                Gather(voxels.Span, channels, shape, (z.Starts[zi], y.Starts[yi], x.Starts[xi]), tile, flip, patches.AsSpan(b * input, input));
            }
            model.Run(patches.AsMemory(0, run * input), run, tile, lrOut.AsMemory(0, lr is null ? 0 : run * lr.TileLength), hrOut.AsMemory(0, hr is null ? 0 : run * hr.TileLength), cancellationToken);
            for (int b = 0; b < count; b++)
            {
                var (zi, yi, xi, flip) = Item(first + b);
                lr?.Add(lrOut.AsSpan(b * lr.TileLength, lr.TileLength), zi, yi, xi, flip);
                hr?.Add(hrOut.AsSpan(b * hr.TileLength, hr.TileLength), zi, yi, xi, flip);
            }
            progress?.Report((first + count) / (double)total);
        }
        return (lr?.Finish(1f / flips), hr?.Finish(1f / flips));
    }

    static int RoundUp(int value, int divisor) => (value + divisor - 1) / divisor * divisor;

    static int Length(int count, int each) => (long)count * each <= Array.MaxLength
        ? count * each
        : throw new ArgumentException($"{count} x {each} values are more than one array holds. Lower the batch size, or ask for labels of a smaller volume.");

    /// <summary>Copies a tile out of the volume, zero outside it, mirrored along D (4), H (2), W (1).</summary>
    static void Gather(ReadOnlySpan<float> voxels, int channels, PatchShape shape, (int Z, int Y, int X) start, PatchShape tile, int flip, Span<float> patch)
    {
        patch.Clear();
        int x0 = Math.Max(0, -start.X), x1 = Math.Min(tile.Width, shape.Width - start.X);
        for (int c = 0; c < channels; c++)
            for (int z = 0; z < tile.Depth; z++)
            {
                int fromZ = start.Z + z, toZ = (flip & 4) != 0 ? tile.Depth - 1 - z : z;
                if (fromZ < 0 || fromZ >= shape.Depth) continue;
                for (int y = 0; y < tile.Height; y++)
                {
                    int fromY = start.Y + y, toY = (flip & 2) != 0 ? tile.Height - 1 - y : y;
                    if (fromY < 0 || fromY >= shape.Height) continue;
                    var row = patch.Slice(((c * tile.Depth + toZ) * tile.Height + toY) * tile.Width, tile.Width);
                    voxels.Slice(((c * shape.Depth + fromZ) * shape.Height + fromY) * shape.Width + start.X + x0, x1 - x0).CopyTo(row[x0..]);
                    if ((flip & 1) != 0) row.Reverse();
                }
            }
    }

    /// <summary>Weighted sum of tiles of one output.</summary>
    sealed class Blend(int classes, TileAxis z, TileAxis y, TileAxis x)
    {
        readonly float[] _sum = new float[Length(classes, z.Size * y.Size * x.Size)];
        readonly float[] _row = new float[x.Tile];

        public int TileLength { get; } = Length(classes, z.Tile * y.Tile * x.Tile);

        public void Add(ReadOnlySpan<float> tile, int zi, int yi, int xi, int flip)
        {
            int startZ = z.Starts[zi], startY = y.Starts[yi], startX = x.Starts[xi];
            int x0 = Math.Max(0, -startX), x1 = Math.Min(x.Tile, x.Size - startX);
            for (int k = 0; k < classes; k++)
                for (int i = Math.Max(0, -startZ); i < z.Tile && startZ + i < z.Size; i++)
                    for (int j = Math.Max(0, -startY); j < y.Tile && startY + j < y.Size; j++)
                    {
                        int fromZ = (flip & 4) != 0 ? z.Tile - 1 - i : i, fromY = (flip & 2) != 0 ? y.Tile - 1 - j : j;
                        tile.Slice(((k * z.Tile + fromZ) * y.Tile + fromY) * x.Tile, x.Tile).CopyTo(_row);
                        if ((flip & 1) != 0) _row.AsSpan().Reverse();
                        var row = _row.AsSpan(x0..x1);
                        TensorPrimitives.Multiply(row, x.Weight.AsSpan(x0..x1), row);
                        var sum = _sum.AsSpan(((k * z.Size + startZ + i) * y.Size + startY + j) * x.Size + startX + x0, x1 - x0);
                        TensorPrimitives.MultiplyAdd(row, z.Weight[i] * y.Weight[j], sum, sum);
                    }
        }

        public float[] Finish(float scale)
        {
            for (int k = 0, at = 0; k < classes; k++)
                for (int i = 0; i < z.Size; i++)
                    for (int j = 0; j < y.Size; j++, at += x.Size)
                    {
                        var sum = _sum.AsSpan(at, x.Size);
                        TensorPrimitives.Multiply(sum, x.InverseSum, sum);
                        TensorPrimitives.Multiply(sum, z.InverseSum[i] * y.InverseSum[j] * scale, sum);
                    }
            return _sum;
        }
    }
}
