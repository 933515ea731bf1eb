namespace REHRSeg.Tests.SelfSuperResolution;

public class GradientSamplingTests
{
    /// <summary>Noise of growing strength along D and W, and a step: very uneven gradients.</summary>
    static SeedVolume Uneven(int depth, int height, int width, int channels = 1)
    {
        var random = new Random(1);
        var image = new float[channels * depth * height * width];
        for (int i = 0; i < image.Length; i++)
        {
            int x = i % width, z = i / (width * height) % depth;
            image[i] = (float)(x * z * random.NextDouble() / (width * depth)) + (x > width / 2 ? 0.3f : 0);
        }
        return new(image, new byte[depth * height * width], depth, height, width);
    }

    /// <summary>Mean of the gradient magnitude of every patch by its definition.</summary>
    static Dictionary<(int, int, int), double> BruteForce(SeedVolume s, (int Depth, int Height, int Width) patch, double floor)
    {
        int voxels = s.Label.Length;
        var magnitude = new double[s.Depth, s.Height, s.Width];
        double total = 0;
        for (int c = 0; c < s.Image.Length / voxels; c++)
            for (int z = 0; z < s.Depth; z++)
                for (int y = 0; y < s.Height; y++)
                    for (int x = 0; x < s.Width; x++)
                    {
                        double At(int a, int b, int d) => s.Image[c * voxels + (Math.Clamp(a, 0, s.Depth - 1) * s.Height + Math.Clamp(b, 0, s.Height - 1)) * s.Width + Math.Clamp(d, 0, s.Width - 1)];
                        double Slope(double low, double high, int at, int size) => size == 1 ? 0 : (high - low) / (at == 0 || at == size - 1 ? 1 : 2);
                        double gz = Slope(At(z - 1, y, x), At(z + 1, y, x), z, s.Depth), gy = Slope(At(z, y - 1, x), At(z, y + 1, x), y, s.Height), gx = Slope(At(z, y, x - 1), At(z, y, x + 1), x, s.Width);
                        magnitude[z, y, x] += Math.Sqrt(gz * gz + gy * gy + gx * gx);
                    }
        foreach (double m in magnitude) total += m;
        IEnumerable<int> Starts(int size, int p) => Enumerable.Range(Math.Min(0, size - p), Math.Abs(size - p) + 1);
        var weights = new Dictionary<(int, int, int), double>();
        foreach (int z in Starts(s.Depth, patch.Depth))
            foreach (int y in Starts(s.Height, patch.Height))
                foreach (int x in Starts(s.Width, patch.Width))
                {
                    double sum = 0;
                    int count = 0;
                    for (int a = Math.Max(0, z); a < Math.Min(s.Depth, z + patch.Depth); a++)
                        for (int b = Math.Max(0, y); b < Math.Min(s.Height, y + patch.Height); b++)
                            for (int d = Math.Max(0, x); d < Math.Min(s.Width, x + patch.Width); d++) (sum, count) = (sum + magnitude[a, b, d], count + 1);
                    weights[(z, y, x)] = sum / count + floor * total / voxels;
                }
        double all = weights.Values.Sum();
        return weights.ToDictionary(w => w.Key, w => w.Value / all);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.1)]
    [InlineData(1, 5)]
    public void PositionsHaveTheProbabilityOfTheirMeanGradient(int channels, double floor)
    {
        var seed = Uneven(9, 6, 11, channels);
        (int, int, int) patch = (4, 8, 6); // larger than the seed along H
        var expected = BruteForce(seed, patch, floor);
        var sampling = new GradientSampling(seed, GradientSampling.Magnitude(seed), patch, floor);
        var random = new Random(2);
        const int Draws = 60_000;
        var drawn = Enumerable.Range(0, Draws).GroupBy(_ => sampling.Draw(random)).ToDictionary(g => g.Key, g => g.Count());
        Assert.All(drawn.Keys, at => Assert.True(expected.ContainsKey(at), $"{at}"));
        double chi = expected.Sum(e => Math.Pow(drawn.GetValueOrDefault(e.Key) - Draws * e.Value, 2) / (Draws * e.Value));
        int freedom = expected.Count - 1;
        Assert.InRange(chi, freedom - 4 * Math.Sqrt(2 * freedom), freedom + 4 * Math.Sqrt(2 * freedom));
        double most = expected.Values.Max() / expected.Values.Min();
        Assert.True(floor >= 5 ? most < 1.5 : most > 3, $"largest over smallest probability: {most}");
    }

    [Fact]
    public void ManyPositionsShareTheWeightOfTheirCell()
    {
        var seed = Uneven(24, 24, 24);
        var exact = BruteForce(seed, (8, 8, 8), 0.1);
        var sampling = new GradientSampling(seed, GradientSampling.Magnitude(seed), (8, 8, 8), 0.1, mostCells: 250); // 17^3 positions in 6^3 cells of 3^3
        var random = new Random(3);
        const int Draws = 100_000;
        var drawn = Enumerable.Range(0, Draws).Select(_ => sampling.Draw(random)).ToList();
        Assert.True(drawn.Distinct().Count() > 0.98 * exact.Count);
        double Share(Func<(int, int, int), bool> of) => exact.Where(e => of(e.Key)).Sum(e => e.Value);
        foreach (int x in Enumerable.Range(0, 17))
            Assert.Equal(Share(at => at.Item3 == x), drawn.Count(at => at.Item3 == x) / (double)Draws, 0.012);
        Assert.Equal(Share(at => at.Item1 > 8), drawn.Count(at => at.Depth > 8) / (double)Draws, 0.02);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void ConstantSeedsAreDrawnUniformly(double floor)
    {
        var seed = new SeedVolume([.. Enumerable.Repeat(0.5f, 8 * 8 * 8)], new byte[512], 8, 8, 8);
        var sampling = new GradientSampling(seed, GradientSampling.Magnitude(seed), (6, 6, 6), floor);
        var random = new Random(4);
        var drawn = Enumerable.Range(0, 27_000).GroupBy(_ => sampling.Draw(random)).ToList();
        Assert.Equal(27, drawn.Count);
        Assert.All(drawn, g => Assert.InRange(g.Count(), 850, 1150));
    }

    [Fact]
    public void TheSamplerPrefersStructure()
    {
        // Flat but for a textured third at high x.
        var random = new Random(5);
        var image = new float[40 * 40 * 60];
        for (int i = 0; i < image.Length; i++) if (i % 60 >= 40) image[i] = random.NextSingle();
        var seed = new SeedVolume(image, new byte[image.Length], 40, 40, 60);
        var info = new REHRSeg.Onnx.SelfSrModelInfo { Factor = 2, Labels = [new(0, "background"), new(1, "a")] };
        double Mean(bool weighted)
        {
            var sampler = new ThickSlicePatchSampler([seed], info, REHRSeg.Imaging.SliceProfile.Gaussian(2), new SelfSrOptions { PatchSize = 16, GradientSampling = weighted });
            var draw = new Random(6);
            var placed = Enumerable.Range(0, 4000).Select(_ => sampler.Place(draw)).ToList();
            Assert.All(placed, p => Assert.InRange(p.Row, 0, 24));
            Assert.All(placed.Where(p => p.Axis == ThickSlicePatchSampler.InPlaneAxis.X), p => Assert.True(p.Slice is >= 0 and <= 52 && p.Column is >= 0 and <= 24));
            Assert.All(placed.Where(p => p.Axis == ThickSlicePatchSampler.InPlaneAxis.Y), p => Assert.True(p.Slice is >= 0 and <= 32 && p.Column is >= 0 and <= 44));
            return placed.Average(p => p.Axis == ThickSlicePatchSampler.InPlaneAxis.X ? p.Slice : p.Column);
        }
        Assert.InRange(Mean(false), 22, 26); // X: 0 to 52, Y: 0 to 44
        Assert.True(Mean(true) > 35, $"{Mean(true)}");
    }
}
