namespace REHRSeg.Onnx;

/// <summary>The body in an image: voxels that are not zero, with enclosed holes filled.</summary>
internal static class ForegroundMask
{
    /// <summary>True except for zeros (in all channels) that are 6-connected to the border through zeros.</summary>
    /// <param name="voxels"><c>C x D x H x W</c>.</param>
    /// <param name="channels">C.</param>
    /// <param name="shape">D, H, W.</param>
    public static bool[] FillHoles(ReadOnlySpan<float> voxels, int channels, PatchShape shape)
    {
        var (depth, height, width) = (shape.Depth, shape.Height, shape.Width);
        int n = shape.Voxels, slice = height * width;
        var inside = new bool[n];
        inside.AsSpan().Fill(true);
        var open = new bool[n];
        for (int i = 0; i < n; i++)
        {
            bool zero = true;
            for (int c = 0; c < channels && zero; c++) zero = voxels[c * n + i] == 0;
            open[i] = zero;
        }
        var pending = new Stack<int>();
        void Visit(int i)
        {
            if (!open[i]) return;
            open[i] = inside[i] = false;
            pending.Push(i);
        }
        for (int z = 0; z < depth; z++)
            for (int y = 0; y < height; y++)
            {
                int row = z * slice + y * width;
                bool edge = z == 0 || z == depth - 1 || y == 0 || y == height - 1;
                for (int x = 0; x < width; x += edge || width == 1 ? 1 : width - 1) Visit(row + x);
            }
        while (pending.TryPop(out int i))
        {
            int z = i / slice, y = i / width % height, x = i % width;
            if (x > 0) Visit(i - 1);
            if (x < width - 1) Visit(i + 1);
            if (y > 0) Visit(i - width);
            if (y < height - 1) Visit(i + width);
            if (z > 0) Visit(i - slice);
            if (z < depth - 1) Visit(i + slice);
        }
        return inside;
    }
}
