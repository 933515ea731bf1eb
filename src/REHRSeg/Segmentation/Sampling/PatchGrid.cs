using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Where the voxels of a transformed patch lie on one grid of its case: the thick one, or the one refined along D.</summary>
/// <param name="Map">From patch to case about the patch's centre, in thick voxels.</param>
/// <param name="Patch">D, H, W of the patch on this grid.</param>
/// <param name="Corner">First voxel on this grid.</param>
/// <param name="Factor">Slices of this grid per thick slice: 1 or r.</param>
internal sealed record PatchGrid(SpatialMap Map, PatchShape Patch, PatchCorner Corner, int Factor)
{
    /// <summary>Position of patch voxel (z, y, x) on the case's grid. In-plane maps leave the slice number as it is.</summary>
    public (double Z, double Y, double X) At(int z, int y, int x)
    {
        // A thin slice k lies at thick coordinate (k + 0.5) / r - 0.5; relative to the patch's centre that is a division by r alone.
        double cz = (Patch.Depth - 1) / 2.0, cy = (Patch.Height - 1) / 2.0, cx = (Patch.Width - 1) / 2.0;
        var (mz, my, mx) = Map.Apply((z - cz) / Factor, y - cy, x - cx);
        return (Map.InPlane ? z + Corner.Depth : mz * Factor + cz + Corner.Depth, my + cy + Corner.Height, mx + cx + Corner.Width);
    }

    /// <summary>
    /// The box of the case's grid that the patch reads, with <paramref name="margin"/> voxels around it along the axes that move, but no more
    /// than that beyond the case; null: the patch lies outside.
    /// </summary>
    /// <param name="size">D, H, W of the case on this grid.</param>
    /// <param name="margin">Voxels around, at least the reach of the interpolation.</param>
    public (PatchCorner Corner, PatchShape Shape)? Box(PatchShape size, int margin)
    {
        (double Z, double Y, double X) low = (double.MaxValue, double.MaxValue, double.MaxValue), high = (double.MinValue, double.MinValue, double.MinValue);
        for (int corner = 0; corner < 8; corner++)
        {
            var (z, y, x) = At((corner & 1) * (Patch.Depth - 1), (corner >> 1 & 1) * (Patch.Height - 1), (corner >> 2) * (Patch.Width - 1));
            low = (Math.Min(low.Z, z), Math.Min(low.Y, y), Math.Min(low.X, x));
            high = (Math.Max(high.Z, z), Math.Max(high.Y, y), Math.Max(high.X, x));
        }
        int marginZ = Map.InPlane ? 0 : margin;
        int z0 = First(low.Z, marginZ), z1 = Last(high.Z, size.Depth, marginZ), y0 = First(low.Y, margin), y1 = Last(high.Y, size.Height, margin), x0 = First(low.X, margin), x1 = Last(high.X, size.Width, margin);
        if (z1 < z0 || y1 < y0 || x1 < x0) return null;
        return (new(z0, y0, x0), new(z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1));

        static int First(double at, int margin) => (int)Math.Max(Math.Floor(at) - margin, -margin);
        static int Last(double at, int size, int margin) => (int)Math.Min(Math.Ceiling(at) + margin, size - 1 + margin);
    }
}
