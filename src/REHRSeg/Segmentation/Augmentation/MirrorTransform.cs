namespace REHRSeg;

/// <summary>Mirrors along each of D, H, W with probability 0.5 (METHOD.md section 7, step 9). Labels, thin labels and uncertainty move along; D mirrors all r*D thin slices.</summary>
internal sealed class MirrorTransform : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        bool depth = random.Next(2) == 1, height = random.Next(2) == 1, width = random.Next(2) == 1;
        var (d, h, w) = (sample.Shape.Depth, sample.Shape.Height, sample.Shape.Width);
        Flip(sample.Image, sample.Channels, d, h, w);
        Flip(sample.Label, 1, d, h, w);
        if (sample.HrLabel is { } hr) Flip(hr, 1, d * sample.Factor, h, w);
        if (sample.Uncertainty is { } uncertainty) Flip(uncertainty, 1, d, h, w);

        void Flip<T>(T[] values, int channels, int d, int h, int w)
        {
            if (depth) FlipBlocks(values, channels, d, h * w);
            if (height) FlipBlocks(values, channels * d, h, w);
            if (width) for (int row = 0; row < values.Length; row += w) Array.Reverse(values, row, w);
        }
    }

    /// <summary>Reverses the order of <paramref name="count"/> blocks in each of <paramref name="groups"/> groups.</summary>
    static void FlipBlocks<T>(T[] values, int groups, int count, int block)
    {
        var spare = new T[block];
        for (int g = 0; g < groups; g++)
            for (int a = 0, b = count - 1; a < b; a++, b--)
            {
                Span<T> first = values.AsSpan((g * count + a) * block, block), last = values.AsSpan((g * count + b) * block, block);
                first.CopyTo(spare);
                last.CopyTo(first);
                spare.CopyTo(last);
            }
    }
}
