using SkiaSharp;

namespace REHRSeg.Tests.FramePretraining;

/// <summary>Writes image frames.</summary>
internal static class FrameFiles
{
    /// <summary>Writes a PNG or JPEG, by the ending.</summary>
    public static string Write(string file, int width, int height, Func<int, int, SKColor> colour)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) bitmap.SetPixel(x, y, colour(x, y));
        using var stream = File.Create(file);
        Assert.True(bitmap.Encode(stream, file.EndsWith(".png", StringComparison.Ordinal) ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg, 100));
        return file;
    }

    /// <summary>Red tells the frame, green the row, blue the column.</summary>
    public static SKColor Coded(int frame, int x, int y) => new((byte)frame, (byte)(10 + y), (byte)(100 + x));

    public static void WriteCoded(string folder, IEnumerable<(string Name, int Frame)> frames, int width = 20, int height = 16)
    {
        foreach (var (name, frame) in frames) Write(Path.Combine(folder, name), width, height, (x, y) => Coded(frame, x, y));
    }

    /// <summary>A Vimeo septuplet whose frames are coded first, first + 1, ...</summary>
    public static void WriteSeptuplet(string root, string name, int first, int width = 20, int height = 16, int frames = 7) =>
        WriteCoded(Path.Combine(root, "sequences", name), Enumerable.Range(1, frames).Select(i => ($"im{i}.png", first + i - 1)), width, height);

    /// <summary>A random texture (sum of waves of 9 to 24 pixels) that moves by (dx, dy) pixels a frame.</summary>
    public static void WriteMovingTexture(string folder, int seed, double dx, double dy, int frames = 12, int size = 32)
    {
        var random = new Random(seed);
        var waves = Enumerable.Range(0, 6).Select(_ =>
        {
            double angle = 2 * Math.PI * random.NextDouble(), k = 2 * Math.PI / (9 + 15 * random.NextDouble());
            return (X: k * Math.Cos(angle), Y: k * Math.Sin(angle), Phase: 2 * Math.PI * random.NextDouble());
        }).ToArray();
        for (int t = 0; t < frames; t++)
            Write(Path.Combine(folder, $"frame{t}.png"), size, size, (x, y) =>
            {
                double v = waves.Sum(w => Math.Sin(w.X * (x - dx * t) + w.Y * (y - dy * t) + w.Phase));
                byte grey = (byte)Math.Clamp(128 + 28 * v, 0, 255);
                return new(grey, grey, grey);
            });
    }
}
