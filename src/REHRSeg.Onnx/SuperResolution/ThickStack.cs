using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// A thick volume as the network sees it: image channels in [0,1], then one 0/1 channel per foreground class; height and width padded
/// to multiples of 8 by repeating the border (the rest is cropped afterwards). Slices are made when a window needs them.
/// </summary>
/// <param name="image"><c>C x D x H x W</c>, slice axis D.</param>
/// <param name="label">Label values of the same grid.</param>
/// <param name="ranges">For each image channel.</param>
/// <param name="info">Labels and edge handling.</param>
internal sealed class ThickStack(MLVolume image, MLVolume label, IntensityRange[] ranges, SelfSrModelInfo info)
{
    public int Channels { get; } = info.ImageChannels + info.LabelChannels;
    public int Depth { get; } = image.Depth;
    public int PaddedHeight { get; } = (image.Height + 7) / 8 * 8;
    public int PaddedWidth { get; } = (image.Width + 7) / 8 * 8;

    /// <summary>Writes slices <c>i-1 .. i+2</c> of every channel, or <c>i+1 .. i-2</c> if reversed: <c>(C+L) x 4 x H x W</c>.</summary>
    public void FillWindow(int slice, Span<float> window, bool reversed = false)
    {
        int plane = PaddedHeight * PaddedWidth;
        for (int c = 0; c < Channels; c++)
            for (int k = 0; k < 4; k++)
            {
                int z = reversed ? slice + 1 - k : slice - 1 + k;
                var target = window.Slice((c * 4 + k) * plane, plane);
                if (info.EdgeSlices == EdgeSlices.Zero && (z < 0 || z >= Depth)) target.Clear();
                else FillPlane(c, Math.Clamp(z, 0, Depth - 1), target);
            }
    }

    void FillPlane(int channel, int z, Span<float> plane)
    {
        for (int y = 0; y < PaddedHeight; y++)
        {
            int from = (z * image.Height + Math.Min(y, image.Height - 1)) * image.Width;
            var row = plane.Slice(y * PaddedWidth, PaddedWidth);
            if (channel < info.ImageChannels)
            {
                var source = image.Channel(channel).Slice(from, image.Width);
                for (int x = 0; x < source.Length; x++) row[x] = Math.Clamp(ranges[channel].Normalise(source[x]), 0f, 1f);
            }
            else
            {
                var source = label.Voxels.Slice(from, image.Width);
                float foreground = info.Labels[channel - info.ImageChannels + 1].Value;
                for (int x = 0; x < source.Length; x++) row[x] = source[x] == foreground ? 1 : 0;
            }
            row[image.Width..].Fill(row[image.Width - 1]);
        }
    }
}
