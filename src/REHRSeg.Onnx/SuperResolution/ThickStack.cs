using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// A thick volume as the network sees it: image channels in [0,1], then one 0/1 channel per foreground class; height and width padded
/// to multiples of 8 by repeating the border (the rest is cropped afterwards).
/// </summary>
internal sealed class ThickStack
{
    readonly float[] _slices;
    readonly EdgeSlices _edge;

    /// <param name="image"><c>C x D x H x W</c>, slice axis D.</param>
    /// <param name="label">Label values of the same grid.</param>
    /// <param name="ranges">For each image channel.</param>
    /// <param name="info">Labels and edge handling.</param>
    /// <exception cref="ArgumentException">A label value is not among the model's.</exception>
    public ThickStack(MLVolume image, MLVolume label, ReadOnlySpan<IntensityRange> ranges, SelfSrModelInfo info)
    {
        _edge = info.EdgeSlices;
        Channels = info.ImageChannels + info.LabelChannels;
        Depth = image.Depth;
        PaddedHeight = (image.Height + 7) / 8 * 8;
        PaddedWidth = (image.Width + 7) / 8 * 8;
        int plane = PaddedHeight * PaddedWidth;
        if ((long)Channels * Depth * plane > Array.MaxLength) throw new ArgumentException($"{image} is too large for one array of {Channels} channels.", nameof(image));
        _slices = new float[Channels * Depth * plane];
        var values = new float[image.Width];
        for (int c = 0; c < Channels; c++)
            for (int z = 0; z < Depth; z++)
                for (int y = 0; y < PaddedHeight; y++)
                {
                    int row = (z * image.Height + Math.Min(y, image.Height - 1)) * image.Width;
                    if (c < info.ImageChannels)
                    {
                        var source = image.Channel(c).Slice(row, image.Width);
                        for (int x = 0; x < values.Length; x++) values[x] = Math.Clamp(ranges[c].Normalise(source[x]), 0f, 1f);
                    }
                    else
                    {
                        var source = label.Voxels.Slice(row, image.Width);
                        float foreground = info.Labels[c - info.ImageChannels + 1].Value;
                        for (int x = 0; x < values.Length; x++) values[x] = source[x] == foreground ? 1 : 0;
                    }
                    var target = _slices.AsSpan((c * Depth + z) * plane + y * PaddedWidth, PaddedWidth);
                    values.CopyTo(target);
                    target[values.Length..].Fill(values[^1]);
                }
    }

    public int Channels { get; }
    public int Depth { get; }
    public int PaddedHeight { get; }
    public int PaddedWidth { get; }

    /// <summary>Writes slices <c>i-1 .. i+2</c> of every channel, or <c>i+1 .. i-2</c> if reversed: <c>(C+L) x 4 x H x W</c>.</summary>
    public void FillWindow(int slice, Span<float> window, bool reversed = false)
    {
        int plane = PaddedHeight * PaddedWidth;
        for (int c = 0; c < Channels; c++)
            for (int k = 0; k < 4; k++)
            {
                int z = reversed ? slice + 1 - k : slice - 1 + k;
                var target = window.Slice((c * 4 + k) * plane, plane);
                if (_edge == EdgeSlices.Zero && (z < 0 || z >= Depth)) target.Clear();
                else _slices.AsSpan((c * Depth + Math.Clamp(z, 0, Depth - 1)) * plane, plane).CopyTo(target);
            }
    }
}
