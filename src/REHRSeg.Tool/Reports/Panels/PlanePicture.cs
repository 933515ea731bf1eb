using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>How values become colours.</summary>
/// <param name="Low">Value of the darkest.</param>
/// <param name="High">Value of the brightest.</param>
/// <param name="Heat">Colours of a heat map instead of grey.</param>
internal sealed record Tone(float Low, float High, bool Heat)
{
    // Perceptually even, also without colour vision: anchors of matplotlib's "inferno" (CC0), eighths of the range.
    static readonly (byte R, byte G, byte B)[] s_heat = [(0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85), (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164)];

    /// <summary>Grey from the 0.5 % to the 99.5 % quantile.</summary>
    public static Tone Grey(MLVolume volume) => Between(volume, 0.005, 0.995, heat: false);

    /// <summary>Heat from zero to the 99.9 % quantile.</summary>
    public static Tone HeatMap(MLVolume volume) => Between(volume, 0, 0.999, heat: true) with { Low = 0 };

    public SKColor Of(float value)
    {
        float t = float.IsNaN(value) ? 0 : Math.Clamp((value - Low) / Math.Max(High - Low, 1e-12f), 0, 1);
        if (!Heat)
        {
            byte grey = (byte)Math.Round(255 * t);
            return new(grey, grey, grey);
        }
        int i = Math.Min((int)(8 * t), 7);
        float f = 8 * t - i;
        byte Mix(byte a, byte b) => (byte)Math.Round(a + f * (b - a));
        return new(Mix(s_heat[i].R, s_heat[i + 1].R), Mix(s_heat[i].G, s_heat[i + 1].G), Mix(s_heat[i].B, s_heat[i + 1].B));
    }

    static Tone Between(MLVolume volume, double low, double high, bool heat)
    {
        float[] sorted = volume.Channel(0).ToArray();
        Array.Sort(sorted);
        return new(sorted[(int)(low * (sorted.Length - 1))], sorted[(int)(high * (sorted.Length - 1))], heat);
    }
}

/// <summary>A plane as a picture of one pixel a voxel.</summary>
internal static class PlanePicture
{
    public static SKBitmap Draw(PlaneSlice slice, Tone tone)
    {
        var bitmap = new SKBitmap(slice.Columns, slice.Rows, tone.Heat ? SKColorType.Rgba8888 : SKColorType.Gray8, SKAlphaType.Opaque);
        for (int y = 0; y < slice.Rows; y++)
            for (int x = 0; x < slice.Columns; x++) bitmap.SetPixel(x, y, tone.Of(slice.Values[y * slice.Columns + x]));
        return bitmap;
    }

    /// <summary>The picture as a PNG that stands in the page itself.</summary>
    public static string DataUri(SKBitmap bitmap)
    {
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return "data:image/png;base64," + Convert.ToBase64String(data.AsSpan());
    }
}
