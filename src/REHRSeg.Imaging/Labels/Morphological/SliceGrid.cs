namespace REHRSeg.Imaging;

/// <summary>A volume as slices across one of its axes; in a slice, x is the first of the other two axes and y the second.</summary>
internal sealed class SliceGrid
{
    readonly int _sliceStride, _xStride, _yStride;

    public SliceGrid(VolumeGeometry geometry, SliceAxis axis)
    {
        var (size, strides) = (geometry.Size, new[] { 1, geometry.Width, geometry.Width * geometry.Height });
        int[] plane = [.. new[] { 0, 1, 2 }.Where(a => a != (int)axis)];
        (Slices, _sliceStride) = (size[(int)axis], strides[(int)axis]);
        Plane = new(0, 0, size[plane[0]], size[plane[1]]);
        (_xStride, _yStride) = (strides[plane[0]], strides[plane[1]]);
    }

    public int Slices { get; }
    public PlaneBox Plane { get; }
    public int Index(int slice, int x, int y) => slice * _sliceStride + x * _xStride + y * _yStride;

    /// <summary>The 4-connected components of a class in a slice, in the order of their first pixels.</summary>
    /// <param name="labels">The volume's voxels.</param>
    /// <param name="slice">Slice index.</param>
    /// <param name="label">Voxel value.</param>
    /// <param name="within">A box that holds all the class's pixels.</param>
    public List<PlaneShape> Components(ReadOnlySpan<float> labels, int slice, float label, PlaneBox within)
    {
        var components = new List<PlaneShape>();
        var open = new bool[within.Area];
        int At(int x, int y) => (y - within.Y) * within.Width + x - within.X;
        for (int y = within.Y; y < within.Bottom; y++)
            for (int x = within.X; x < within.Right; x++) open[At(x, y)] = labels[Index(slice, x, y)] == label;
        for (int y = within.Y; y < within.Bottom; y++)
            for (int x = within.X; x < within.Right; x++)
                if (Take(x, y)) components.Add(Flood(x, y));
        return components;

        bool Take(int x, int y)
        {
            if (!within.Contains(x, y) || !open[At(x, y)]) return false;
            open[At(x, y)] = false;
            return true;
        }

        PlaneShape Flood(int startX, int startY)
        {
            var pixels = new List<(int X, int Y)> { (startX, startY) };
            for (int i = 0; i < pixels.Count; i++)
            {
                var (x, y) = pixels[i];
                if (Take(x - 1, y)) pixels.Add((x - 1, y));
                if (Take(x + 1, y)) pixels.Add((x + 1, y));
                if (Take(x, y - 1)) pixels.Add((x, y - 1));
                if (Take(x, y + 1)) pixels.Add((x, y + 1));
            }
            int left = pixels.Min(p => p.X), top = pixels.Min(p => p.Y);
            var box = new PlaneBox(left, top, pixels.Max(p => p.X) - left + 1, pixels.Max(p => p.Y) - top + 1);
            var mask = new bool[box.Area];
            foreach (var (x, y) in pixels) mask[(y - top) * box.Width + x - left] = true;
            return new(box, mask);
        }
    }
}
