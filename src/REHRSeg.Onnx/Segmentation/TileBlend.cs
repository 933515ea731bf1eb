using System.Numerics.Tensors;

namespace REHRSeg.Onnx;

/// <summary>Weighted sum of the tiles of one output, for the slices that tiles still touch: slice z lies at <c>z mod capacity</c>.</summary>
/// <param name="classes">K.</param>
/// <param name="z">Tiles along D.</param>
/// <param name="y">Tiles along H.</param>
/// <param name="x">Tiles along W.</param>
/// <param name="capacity">Slices held at a time.</param>
internal sealed class TileBlend(int classes, TileAxis z, TileAxis y, TileAxis x, int capacity)
{
    readonly float[] _sum = new float[ArrayLength.Of(classes, capacity, y.Size, x.Size)];
    readonly float[] _row = new float[x.Tile];

    /// <summary>Values of a tile, <c>K x tile D x H x W</c>.</summary>
    public int TileLength { get; } = ArrayLength.Of(classes, z.Tile, y.Tile, x.Tile);

    /// <summary>Values held.</summary>
    public int Length => _sum.Length;

    /// <summary>Adds a tile, which was computed mirrored along D (4), H (2), W (1).</summary>
    public void Add(ReadOnlySpan<float> tile, int zi, int yi, int xi, int flip)
    {
        int startZ = z.Starts[zi], startY = y.Starts[yi], startX = x.Starts[xi], x0 = x.First[xi], x1 = x.End[xi];
        if (x0 >= x1) return;
        for (int k = 0; k < classes; k++)
            for (int i = z.First[zi]; i < z.End[zi]; i++)
                for (int j = y.First[yi]; j < y.End[yi]; j++)
                {
                    int fromZ = (flip & 4) != 0 ? z.Tile - 1 - i : i, fromY = (flip & 2) != 0 ? y.Tile - 1 - j : j;
                    tile.Slice(((k * z.Tile + fromZ) * y.Tile + fromY) * x.Tile, x.Tile).CopyTo(_row);
                    if ((flip & 1) != 0) _row.AsSpan().Reverse();
                    var row = _row.AsSpan(x0..x1);
                    TensorPrimitives.Multiply(row, x.Weight.AsSpan(x0..x1), row);
                    var sum = _sum.AsSpan(Row(k, startZ + i, startY + j) + startX + x0, x1 - x0);
                    TensorPrimitives.MultiplyAdd(row, z.Weight[i] * y.Weight[j], sum, sum);
                }
    }

    /// <summary>Moves a finished slice out: the weighted mean, times <paramref name="scale"/>, of class k at <c>k * classStride</c>.</summary>
    public void Take(int slice, float scale, Span<float> target, int classStride)
    {
        for (int k = 0; k < classes; k++)
            for (int j = 0; j < y.Size; j++)
            {
                var sum = _sum.AsSpan(Row(k, slice, j), x.Size);
                var row = target.Slice(k * classStride + j * x.Size, x.Size);
                TensorPrimitives.Multiply(sum, x.InverseSum, row);
                TensorPrimitives.Multiply(row, z.InverseSum[slice] * y.InverseSum[j] * scale, row);
                sum.Clear();
            }
    }

    int Row(int k, int slice, int row) => ((k * capacity + slice % capacity) * y.Size + row) * x.Size;
}

/// <summary>Sizes of arrays, checked.</summary>
internal static class ArrayLength
{
    /// <exception cref="ArgumentException">More than one array holds.</exception>
    public static int Of(params ReadOnlySpan<int> sizes)
    {
        long product = 1;
        foreach (int size in sizes)
            if ((product *= size) > Array.MaxLength)
                throw new ArgumentException($"{string.Join(" x ", sizes.ToArray())} values are more than one array holds. Lower the batch size, or ask for labels of a smaller volume.");
        return (int)product;
    }
}
