namespace REHRSeg.Imaging;

/// <summary>A permutation of the index axes with reversals: new axis t is the old axis <see cref="From"/>[t], backwards if <see cref="Reversed"/>[t].</summary>
sealed class AxisArrangement
{
    internal int[] From { get; } = [0, 1, 2];
    internal bool[] Reversed { get; } = [false, false, false];

    internal static AxisArrangement Identity => new();

    internal bool IsIdentity => From is [0, 1, 2] && !Reversed.Contains(true);

    /// <summary>Two axes exchanged.</summary>
    internal static AxisArrangement Swap(SliceAxis a, SliceAxis b)
    {
        var result = Identity;
        (result.From[(int)a], result.From[(int)b]) = ((int)b, (int)a);
        return result;
    }

    /// <summary>Copies the voxels of one or more channels into the new order, bit for bit.</summary>
    /// <param name="source">Whole channels of the old grid.</param>
    /// <param name="size">The old grid's size (x, y, z).</param>
    /// <param name="result">As many values.</param>
    internal void Copy(ReadOnlySpan<float> source, ReadOnlySpan<int> size, Span<float> result)
    {
        int count = size[0] * size[1] * size[2], first = 0;
        ReadOnlySpan<int> strides = [1, size[0], size[0] * size[1]];
        Span<int> step = stackalloc int[3], length = stackalloc int[3];
        for (int t = 0; t < 3; t++)
        {
            int stride = strides[From[t]];
            length[t] = size[From[t]];
            step[t] = Reversed[t] ? -stride : stride;
            if (Reversed[t]) first += stride * (length[t] - 1);
        }
        int to = 0;
        for (long c = first; c < (long)source.Length + first; c += count)
            for (int z = 0; z < length[2]; z++)
                for (int y = 0; y < length[1]; y++, to += length[0])
                    CopyRow(source, (int)c + z * step[2] + y * step[1], step[0], result.Slice(to, length[0]));
    }

    static void CopyRow(ReadOnlySpan<float> source, int from, int step, Span<float> row)
    {
        switch (step)
        {
            case 1:
                source.Slice(from, row.Length).CopyTo(row);
                break;
            case -1:
                source.Slice(from - row.Length + 1, row.Length).CopyTo(row);
                row.Reverse();
                break;
            default:
                for (int x = 0; x < row.Length; x++, from += step) row[x] = source[from];
                break;
        }
    }
}
