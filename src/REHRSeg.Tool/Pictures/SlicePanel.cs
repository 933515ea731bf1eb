using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>One picture of a mosaic: a plane of an image in grey, with label contours or a heat map over it.</summary>
/// <param name="Title">Caption.</param>
/// <param name="Image">Grey values.</param>
/// <param name="Label">Label map to outline, or null.</param>
/// <param name="Heat">True: the image is drawn as a heat map (uncertainty).</param>
internal sealed record SlicePanel(string Title, MLVolume Image, MLVolume? Label = null, bool Heat = false);

/// <summary>Draws panels side by side: one plane that contains the slice axis, at equal millimetres, so that thick slices look thick.</summary>
internal static class SliceMosaic
{
    const int PixelsPerMillimetre = 5, Gap = 8, Caption = 26;
    static readonly SKColor[] ClassColours = [SKColors.Transparent, new(0, 200, 255), new(255, 90, 60), new(120, 230, 80), new(255, 210, 40), new(220, 120, 255)];

    /// <summary>Writes a PNG of the plane across <paramref name="across"/> (an in-plane axis) at a physical fraction of the volume.</summary>
    public static void Write(string file, IReadOnlyList<SlicePanel> panels, SliceAxis across, double fraction)
    {
        var planes = panels.Select(p => Plane(p, across, fraction)).ToArray();
        int height = planes.Max(p => p.Height) + Caption, width = planes.Sum(p => p.Width + Gap) + Gap;
        using var canvasBitmap = new SKBitmap(width, height + Gap);
        using var canvas = new SKCanvas(canvasBitmap);
        canvas.Clear(SKColors.White);
        using var font = new SKFont(SKTypeface.Default, 15);
        using var ink = new SKPaint { Color = SKColors.Black, IsAntialias = true };
        int x = Gap;
        for (int i = 0; i < planes.Length; i++)
        {
            canvas.DrawText(panels[i].Title, x, Caption - 8, font, ink);
            canvas.DrawBitmap(planes[i], x, Caption);
            x += planes[i].Width + Gap;
            planes[i].Dispose();
        }
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        AtomicFile.Write(file, s => canvasBitmap.Encode(s, SKEncodedImageFormat.Png, 100));
    }

    static SKBitmap Plane(SlicePanel panel, SliceAxis across, double fraction)
    {
        var volume = panel.Image.SwapAxes(across, SliceAxis.X);
        var labels = panel.Label?.SwapAxes(across, SliceAxis.X);
        var g = volume.Geometry;
        int index = Math.Clamp((int)(fraction * g.Width), 0, g.Width - 1);
        var (low, high) = panel.Heat ? (0f, Quantile(volume, 0.999)) : (Quantile(volume, 0.001), Quantile(volume, 0.999));
        int width = Math.Max(1, (int)Math.Round(g.Height * g.Spacing[1] * PixelsPerMillimetre)), height = Math.Max(1, (int)Math.Round(g.Depth * g.Spacing[2] * PixelsPerMillimetre));
        var bitmap = new SKBitmap(width, height);
        for (int py = 0; py < height; py++)
        {
            int z = g.Depth - 1 - Math.Min(g.Depth - 1, py * g.Depth / height);
            for (int px = 0; px < width; px++)
            {
                int y = Math.Min(g.Height - 1, px * g.Height / width);
                float v = Math.Clamp((volume[z, y, index] - low) / Math.Max(high - low, 1e-12f), 0, 1);
                bitmap.SetPixel(px, py, panel.Heat ? new((byte)(255 * Math.Min(1, 2 * v)), (byte)(255 * Math.Max(0, 2 * v - 1)), (byte)(90 * (1 - v))) : new((byte)(255 * v), (byte)(255 * v), (byte)(255 * v)));
            }
        }
        if (labels is not null) Outline(bitmap, labels, index);
        return bitmap;
    }

    static void Outline(SKBitmap bitmap, MLVolume labels, int index)
    {
        int At(int px, int py) => (int)labels[labels.Depth - 1 - Math.Min(labels.Depth - 1, py * labels.Depth / bitmap.Height), Math.Min(labels.Height - 1, px * labels.Height / bitmap.Width), index];
        for (int py = 0; py < bitmap.Height; py++)
            for (int px = 0; px < bitmap.Width; px++)
            {
                int here = At(px, py);
                if (here == 0) continue;
                bool edge = px < 2 || py < 2 || px >= bitmap.Width - 2 || py >= bitmap.Height - 2 || At(px - 2, py) != here || At(px + 2, py) != here || At(px, py - 2) != here || At(px, py + 2) != here;
                if (edge) bitmap.SetPixel(px, py, ClassColours[1 + (here - 1) % (ClassColours.Length - 1)]);
            }
    }

    static float Quantile(MLVolume volume, double q)
    {
        var sorted = volume.Voxels.ToArray();
        Array.Sort(sorted);
        return sorted[(int)(q * (sorted.Length - 1))];
    }
}
