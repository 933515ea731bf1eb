using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class DistanceTransformTests
{
    [Fact]
    public void AnisotropicDistanceEqualsScipy()
    {
        bool[] features = [.. Noise(4, 9 * 12 * 10).Select(v => v > 0.97f)];
        float[] squared = DistanceTransform.Squared(features, [10, 12, 9], [0.8, 1.5, 4]);
        AssertSampled(Get("distance"), [.. squared.Select(MathF.Sqrt)], 1e-5);
    }

    [Fact]
    public void EqualsBruteForce()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 20; trial++)
        {
            int[] size = [random.Next(1, 9), random.Next(1, 9), random.Next(1, 9)];
            double[] spacing = [random.NextDouble() + 0.1, random.NextDouble() + 0.1, 3 * random.NextDouble() + 0.1];
            int n = size[0] * size[1] * size[2];
            bool[] features = [.. Enumerable.Range(0, n).Select(_ => random.Next(10) == 0)];
            float[] squared = DistanceTransform.Squared(features, size, spacing);
            double At(int i, int j)
            {
                double x = (i % size[0] - j % size[0]) * spacing[0], y = (i / size[0] % size[1] - j / size[0] % size[1]) * spacing[1], z = (i / size[0] / size[1] - j / size[0] / size[1]) * spacing[2];
                return x * x + y * y + z * z;
            }
            for (int i = 0; i < n; i++)
            {
                double expected = Enumerable.Range(0, n).Where(j => features[j]).Select(j => At(i, j)).DefaultIfEmpty(double.PositiveInfinity).Min();
                if (double.IsInfinity(expected)) Assert.Equal(expected, squared[i]);
                else Assert.Equal(expected, squared[i], 1e-4);
            }
        }
    }

    [Fact]
    public void SizesThatDisagreeAreRefused() => Assert.Throws<ArgumentException>(() => DistanceTransform.Squared(new bool[5], [2, 3], [1, 1]));
}
