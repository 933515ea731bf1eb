using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>First voxel of a patch in its case; may lie outside (padding).</summary>
internal readonly record struct PatchCorner(int Depth, int Height, int Width)
{
    /// <summary>Copies the part of a volume that a patch at this corner covers; the rest of the patch stays as it is.</summary>
    /// <param name="from">Volume of <paramref name="size"/>.</param>
    /// <param name="size">D, H, W of the volume.</param>
    /// <param name="to">Patch of <paramref name="shape"/>.</param>
    /// <param name="shape">D, H, W of the patch.</param>
    public void Copy<T>(ReadOnlySpan<T> from, PatchShape size, Span<T> to, PatchShape shape)
    {
        int x0 = Math.Max(0, -Width), x1 = Math.Min(shape.Width, size.Width - Width);
        int y0 = Math.Max(0, -Height), y1 = Math.Min(shape.Height, size.Height - Height);
        int z0 = Math.Max(0, -Depth), z1 = Math.Min(shape.Depth, size.Depth - Depth);
        if (x1 <= x0) return;
        for (int z = z0; z < z1; z++)
            for (int y = y0; y < y1; y++)
                from.Slice(((z + Depth) * size.Height + y + Height) * size.Width + x0 + Width, x1 - x0)
                    .CopyTo(to.Slice((z * shape.Height + y) * shape.Width + x0, x1 - x0));
    }
}
