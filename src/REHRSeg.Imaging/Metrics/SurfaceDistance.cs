namespace REHRSeg.Imaging;

/// <summary>Distances in mm between the surfaces of two masks (MedPy's definition, METHOD.md section 11).</summary>
static class SurfaceDistance
{
    /// <summary>Percentile, linearly interpolated, of the distances of both directions together. NaN if both masks are empty, +infinity if one is.</summary>
    public static double Percentile(MLVolume a, MLVolume b, float label, double percent)
    {
        // Outside the box that holds both masks there is no surface, so nothing there can change a distance.
        if (Box.Around(a, b, label) is not { } box) return double.NaN;
        bool[] surfaceA = box.Surface(a, label), surfaceB = box.Surface(b, label);
        if (!surfaceA.Contains(true) || !surfaceB.Contains(true)) return double.PositiveInfinity;
        var spacing = a.Geometry.Spacing.AsSpan();
        var distances = new List<double>();
        Add(distances, surfaceA, DistanceTransform.Squared(surfaceB, box.Size, spacing));
        Add(distances, surfaceB, DistanceTransform.Squared(surfaceA, box.Size, spacing));
        distances.Sort();
        double position = percent / 100 * (distances.Count - 1);
        int below = (int)position, above = Math.Min(below + 1, distances.Count - 1);
        return distances[below] + (position - below) * (distances[above] - distances[below]);
    }

    static void Add(List<double> distances, bool[] surface, float[] squared)
    {
        for (int i = 0; i < surface.Length; i++) if (surface[i]) distances.Add(Math.Sqrt(squared[i]));
    }

    /// <summary>A block of voxels; lower and upper corner as (x, y, z), both included.</summary>
    sealed record Box((int X, int Y, int Z) Low, (int X, int Y, int Z) High)
    {
        int Width => High.X - Low.X + 1;
        int Height => High.Y - Low.Y + 1;
        int Depth => High.Z - Low.Z + 1;
        public int[] Size => [Width, Height, Depth];

        /// <summary>The smallest box that holds both masks, or null if both are empty.</summary>
        public static Box? Around(MLVolume a, MLVolume b, float label)
        {
            (int X, int Y, int Z) low = (int.MaxValue, int.MaxValue, int.MaxValue), high = (-1, -1, -1);
            ReadOnlySpan<float> va = a.Voxels, vb = b.Voxels;
            for (int z = 0, i = 0; z < a.Depth; z++)
                for (int y = 0; y < a.Height; y++)
                    for (int x = 0; x < a.Width; x++, i++)
                    {
                        if (va[i] != label && vb[i] != label) continue;
                        low = (Math.Min(low.X, x), Math.Min(low.Y, y), Math.Min(low.Z, z));
                        high = (Math.Max(high.X, x), Math.Max(high.Y, y), Math.Max(high.Z, z));
                    }
            return high.X < 0 ? null : new(low, high);
        }

        /// <summary>The mask's voxels that have a 6-neighbour outside it; beyond the volume counts as outside.</summary>
        public bool[] Surface(MLVolume volume, float label)
        {
            int w = Width, h = Height, d = Depth;
            var mask = new bool[w * h * d];
            for (int z = 0, i = 0; z < d; z++)
                for (int y = 0; y < h; y++)
                    for (int x = 0; x < w; x++, i++) mask[i] = volume[Low.Z + z, Low.Y + y, Low.X + x] == label;
            var surface = new bool[mask.Length];
            for (int z = 0, i = 0; z < d; z++)
                for (int y = 0; y < h; y++)
                    for (int x = 0; x < w; x++, i++)
                        surface[i] = mask[i] && !(x > 0 && mask[i - 1] && x < w - 1 && mask[i + 1]
                            && y > 0 && mask[i - w] && y < h - 1 && mask[i + w]
                            && z > 0 && mask[i - w * h] && z < d - 1 && mask[i + w * h]);
            return surface;
        }
    }
}
