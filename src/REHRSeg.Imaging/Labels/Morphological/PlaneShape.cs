namespace REHRSeg.Imaging;

/// <summary>A rectangle of pixels.</summary>
internal readonly record struct PlaneBox(int X, int Y, int Width, int Height)
{
    public int Right => X + Width;
    public int Bottom => Y + Height;
    public int Area => Width * Height;

    public PlaneBox Moved((int X, int Y) by) => this with { X = X + by.X, Y = Y + by.Y };

    public bool Contains(int x, int y) => x >= X && x < Right && y >= Y && y < Bottom;

    public PlaneBox Union(PlaneBox other) => FromCorners(Math.Min(X, other.X), Math.Min(Y, other.Y), Math.Max(Right, other.Right), Math.Max(Bottom, other.Bottom));

    /// <summary>The common part; its width and height are 0 or less if there is none.</summary>
    public PlaneBox Intersect(PlaneBox other) => FromCorners(Math.Max(X, other.X), Math.Max(Y, other.Y), Math.Min(Right, other.Right), Math.Min(Bottom, other.Bottom));

    static PlaneBox FromCorners(int x, int y, int right, int bottom) => new(x, y, right - x, bottom - y);
}

/// <summary>A set of pixels of a plane, as a mask over a box; immutable.</summary>
/// <param name="box">Where the mask lies; pixels outside are not in the set.</param>
/// <param name="mask"><c>Height x Width</c>.</param>
internal sealed class PlaneShape(PlaneBox box, ReadOnlyMemory<bool> mask)
{
    public PlaneBox Box => box;
    public ReadOnlySpan<bool> Row(int y) => mask.Span.Slice((y - box.Y) * box.Width, box.Width);
    public bool this[int x, int y] => box.Contains(x, y) && mask.Span[(y - box.Y) * box.Width + x - box.X];

    public static PlaneShape Point(int x, int y) => new(new(x, y, 1, 1), new[] { true });

    public PlaneShape Moved((int X, int Y) by) => new(box.Moved(by), mask);

    public PlaneShape Clipped(PlaneBox to)
    {
        var part = box.Intersect(to);
        if (part == box) return this;
        var kept = new bool[Math.Max(0, part.Width) * Math.Max(0, part.Height)];
        for (int y = part.Y, at = 0; y < part.Bottom; y++, at += part.Width) Row(y).Slice(part.X - box.X, part.Width).CopyTo(kept.AsSpan(at));
        return new(part, kept);
    }

    /// <summary>Mean position of the pixels of all shapes together, rounded down.</summary>
    public static (int X, int Y) Centroid(params ReadOnlySpan<PlaneShape> shapes)
    {
        long sumX = 0, sumY = 0, count = 0;
        foreach (var shape in shapes)
            foreach (var (x, y) in shape.Pixels()) (sumX, sumY, count) = (sumX + x, sumY + y, count + 1);
        return ((int)(sumX / count), (int)(sumY / count));
    }

    /// <summary>The pixels, row by row.</summary>
    public IEnumerable<(int X, int Y)> Pixels()
    {
        for (int i = 0; i < mask.Length; i++)
            if (mask.Span[i]) yield return (box.X + i % box.Width, box.Y + i / box.Width);
    }
}
