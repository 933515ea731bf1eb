namespace REHRSeg.Imaging;

/// <summary>The smallest block of voxels that holds two masks. Their surfaces lie in it, so what is outside cannot change a distance between them.</summary>
/// <param name="Low">First voxel (x, y, z).</param>
/// <param name="High">Last voxel (x, y, z), included.</param>
sealed record MaskBox((int X, int Y, int Z) Low, (int X, int Y, int Z) High)
{
    int Width => High.X - Low.X + 1;
    int Height => High.Y - Low.Y + 1;
    int Depth => High.Z - Low.Z + 1;
    internal int[] Size => [Width, Height, Depth];

    /// <summary>The box around all voxels of a label in two volumes of the same size, or null if there are none.</summary>
    internal static MaskBox? Around(MLVolume a, MLVolume b, float label)
    {
        (int X, int Y, int Z) low = (int.MaxValue, int.MaxValue, int.MaxValue), high = (-1, -1, -1);
        foreach (var volume in (MLVolume[])[a, b])
            for (int z = 0; z < a.Depth; z++)
                for (int y = 0; y < a.Height; y++)
                {
                    var row = volume.Voxels.Slice((z * a.Height + y) * a.Width, a.Width);
                    int first = row.IndexOf(label);
                    if (first < 0) continue;
                    low = (Math.Min(low.X, first), Math.Min(low.Y, y), Math.Min(low.Z, z));
                    high = (Math.Max(high.X, row.LastIndexOf(label)), Math.Max(high.Y, y), Math.Max(high.Z, z));
                }
        return high.X < 0 ? null : new(low, high);
    }

    /// <summary>The mask's voxels that have a 6-neighbour outside it, within the box; beyond the volume counts as outside.</summary>
    internal bool[] Surface(MLVolume volume, float label)
    {
        int w = Width, h = Height, d = Depth, plane = w * h;
        var mask = new bool[checked(plane * d)];
        for (int row = 0; row < h * d; row++)
        {
            var source = volume.Voxels.Slice(((Low.Z + row / h) * volume.Height + Low.Y + row % h) * volume.Width + Low.X, w);
            for (int x = 0; x < w; x++) mask[row * w + x] = source[x] == label;
        }
        var surface = new bool[mask.Length];
        for (int z = 0, i = 0; z < d; z++)
            for (int y = 0; y < h; y++)
            {
                bool edge = y == 0 || y == h - 1 || z == 0 || z == d - 1;
                for (int x = 0; x < w; x++, i++)
                    surface[i] = mask[i] && (edge || x == 0 || x == w - 1 || !(mask[i - 1] & mask[i + 1] & mask[i - w] & mask[i + w] & mask[i - plane] & mask[i + plane]));
            }
        return surface;
    }
}
