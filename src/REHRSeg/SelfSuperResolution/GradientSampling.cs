namespace REHRSeg;

/// <summary>
/// Patch positions with probability proportional to the mean gradient magnitude within the patch plus a floor, as SMORE draws them: flat regions teach little. Means come from
/// an integral volume. Up to 2^16 positions each have their own weight; of more, cells of neighbouring positions share that of their middle one.
/// </summary>
internal sealed class GradientSampling
{
    const int MostCells = 1 << 16;
    readonly Axis _depth, _height, _width;
    readonly double[] _cumulative;

    /// <param name="seed">Gives the size.</param>
    /// <param name="magnitude">Of the seed.</param>
    /// <param name="patch">Size of the patch along D, H, W; positions of a patch beyond the seed are those of <see cref="ThickSlicePatchSampler"/>.</param>
    /// <param name="floor">Added to each mean, in parts of the whole seed's mean.</param>
    /// <param name="mostCells">Weights to keep, at least 1.</param>
    public GradientSampling(SeedVolume seed, float[] magnitude, (int Depth, int Height, int Width) patch, double floor, int mostCells = MostCells)
    {
        int stride = 1;
        do
        {
            (_depth, _height, _width) = (new(seed.Depth, patch.Depth, stride), new(seed.Height, patch.Height, stride), new(seed.Width, patch.Width, stride));
            stride++;
        }
        while ((long)_depth.Cells * _height.Cells * _width.Cells > mostCells && stride <= Math.Max(seed.Depth, Math.Max(seed.Height, seed.Width)) + 1);
        double[] integral = Integrate(magnitude, seed.Depth, seed.Height, seed.Width);
        double least = Math.Max(floor * integral[^1] / magnitude.Length, double.Epsilon);
        _cumulative = new double[_depth.Cells * _height.Cells * _width.Cells];
        double sum = 0;
        for (int z = 0, i = 0; z < _depth.Cells; z++)
            for (int y = 0; y < _height.Cells; y++)
                for (int x = 0; x < _width.Cells; x++, i++)
                {
                    double mean = Mean(integral, seed.Height, seed.Width, _depth.Extent(z), _height.Extent(y), _width.Extent(x));
                    _cumulative[i] = sum += (mean + least) * _depth.Positions(z) * _height.Positions(y) * _width.Positions(x);
                }
        if (sum > 1e-300) return;
        for (int i = 0; i < _cumulative.Length; i++) _cumulative[i] = i + 1; // constant seeds
    }

    /// <summary>First voxel of a patch along D, H, W.</summary>
    public (int Depth, int Height, int Width) Draw(Random random)
    {
        int cell = Array.BinarySearch(_cumulative, random.NextDouble() * _cumulative[^1]);
        cell = Math.Min(cell >= 0 ? cell + 1 : ~cell, _cumulative.Length - 1);
        return (_depth.Draw(cell / (_height.Cells * _width.Cells), random), _height.Draw(cell / _width.Cells % _height.Cells, random), _width.Draw(cell % _width.Cells, random));
    }

    /// <summary>Gradient magnitude by central differences (one-sided at the border), added up over channels.</summary>
    public static float[] Magnitude(SeedVolume seed)
    {
        int plane = seed.Height * seed.Width, voxels = seed.Label.Length;
        var result = new float[voxels];
        for (int c = 0; c < seed.Image.Length / voxels; c++)
        {
            var image = seed.Image.AsSpan(c * voxels, voxels);
            for (int z = 0, i = 0; z < seed.Depth; z++)
                for (int y = 0; y < seed.Height; y++)
                    for (int x = 0; x < seed.Width; x++, i++)
                        result[i] += MathF.Sqrt(Square(image, i, z, seed.Depth, plane) + Square(image, i, y, seed.Height, seed.Width) + Square(image, i, x, seed.Width, 1));
        }
        return result;
    }

    static float Square(ReadOnlySpan<float> image, int at, int position, int size, int stride)
    {
        int before = position > 0 ? 1 : 0, after = position < size - 1 ? 1 : 0;
        if (before + after == 0) return 0;
        float slope = (image[at + after * stride] - image[at - before * stride]) / (before + after);
        return slope * slope;
    }

    /// <summary>Sums over all voxels before an index along each axis, <c>(D+1) x (H+1) x (W+1)</c>.</summary>
    static double[] Integrate(float[] values, int depth, int height, int width)
    {
        int row = width + 1, plane = (height + 1) * row;
        var integral = new double[(depth + 1) * plane];
        for (int z = 0, i = 0; z < depth; z++)
            for (int y = 0; y < height; y++)
            {
                double line = 0;
                for (int x = 0; x < width; x++, i++)
                {
                    line += values[i];
                    int at = (z + 1) * plane + (y + 1) * row + x + 1;
                    integral[at] = line + integral[at - row] + integral[at - plane] - integral[at - plane - row];
                }
            }
        return integral;
    }

    static double Mean(double[] integral, int height, int width, (int First, int End) z, (int First, int End) y, (int First, int End) x)
    {
        double Corner(int a, int b, int c) => integral[(a * (height + 1) + b) * (width + 1) + c];
        double sum = Corner(z.End, y.End, x.End) - Corner(z.First, y.End, x.End) - Corner(z.End, y.First, x.End) - Corner(z.End, y.End, x.First)
            + Corner(z.First, y.First, x.End) + Corner(z.First, y.End, x.First) + Corner(z.End, y.First, x.First) - Corner(z.First, y.First, x.First);
        return Math.Max(0, sum) / ((double)(z.End - z.First) * (y.End - y.First) * (x.End - x.First));
    }

    /// <summary>Positions of a patch along one axis, in cells of <c>stride</c>.</summary>
    readonly struct Axis(int size, int patch, int stride)
    {
        readonly int _first = Math.Min(0, size - patch), _count = Math.Abs(size - patch) + 1;

        public int Cells => (_count + stride - 1) / stride;
        public int Positions(int cell) => Math.Min(stride, _count - cell * stride);
        public int Draw(int cell, Random random) => _first + cell * stride + (Positions(cell) > 1 ? random.Next(Positions(cell)) : 0);

        /// <summary>The part of the seed that the cell's middle patch covers.</summary>
        public (int First, int End) Extent(int cell)
        {
            int start = _first + cell * stride + (Positions(cell) - 1) / 2;
            return (Math.Max(0, start), Math.Min(size, start + patch));
        }
    }
}
