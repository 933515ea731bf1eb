namespace REHRSeg.Imaging.Tests;

public class PhantomGeneratorTests
{
    [Fact]
    public void SameSeedGivesTheSameBytes()
    {
        AnnotatedPhantom a = PhantomGenerator.Generate(5, 24, 20, 28), b = PhantomGenerator.Generate(5, 24, 20, 28);
        Assert.Equal(a.Image.Voxels, b.Image.Voxels);
        Assert.Equal(a.Label.Voxels, b.Label.Voxels);
        Assert.NotEqual(a.Label.Voxels.ToArray(), PhantomGenerator.Generate(6, 24, 20, 28).Label.Voxels.ToArray());
        Assert.NotEqual(a.Label.Voxels.ToArray(), PhantomGenerator.Generate(-5, 24, 20, 28).Label.Voxels.ToArray());
    }

    [Theory]
    [InlineData(PhantomAnatomy.Ovoid)]
    [InlineData(PhantomAnatomy.Oblong)]
    [InlineData(PhantomAnatomy.Bilobed)]
    [InlineData(PhantomAnatomy.Crescent)]
    public void OrganAndLesionAreNestedAndChangeAlongTheSliceAxis(PhantomAnatomy anatomy)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            var label = PhantomGenerator.Generate(seed, 40, 40, 40, anatomy: anatomy).Label;
            int n = label.Geometry.VoxelCount, plane = 1600;
            int[] organ = new int[40], lesion = new int[40];
            for (int i = 0; i < n; i++)
            {
                if (label.Voxels[i] > 0) organ[i / plane]++;
                if (label.Voxels[i] != 2) continue;
                lesion[i / plane]++;
                int x = i % 40, y = i / 40 % 40, z = i / plane;
                foreach (var (dz, dy, dx) in ((int, int, int)[])[(0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)])
                    if (z + dz is >= 0 and < 40 && y + dy is >= 0 and < 40 && x + dx is >= 0 and < 40) Assert.True(label[z + dz, y + dy, x + dx] > 0, $"seed {seed}: lesion at ({x},{y},{z}) touches the background");
            }
            Assert.InRange(organ.Sum(), n / 60, n / 4);
            Assert.InRange(lesion.Sum(), n / 800, n / 15);
            Assert.True(organ.Count(c => c > 0) >= 16, $"seed {seed}: organ in {organ.Count(c => c > 0)} slices");
            Assert.True(lesion.Count(c => c > 0) >= 7, $"seed {seed}: lesion in {lesion.Count(c => c > 0)} slices");
        }
    }

    [Fact]
    public void TissuesDifferInIntensityAndTexture()
    {
        foreach (var phantom in PhantomGenerator.GenerateMany(4, 10, 32, 32, 32, 1.5))
        {
            Assert.All(phantom.Image.Geometry.Spacing, s => Assert.Equal(1.5, s));
            Assert.Equal(phantom.Image.Geometry, phantom.Label.Geometry);
            Assert.All(phantom.Image.Voxels.ToArray(), v => Assert.True(float.IsFinite(v) && v >= 0));
            var means = new double[3];
            for (int c = 0; c < 3; c++)
            {
                float[] values = [.. phantom.Image.Voxels.ToArray().Where((_, i) => phantom.Label.Voxels[i] == c)];
                means[c] = values.Average();
                Assert.True(values.Select(v => (v - means[c]) * (v - means[c])).Average() > 20 * 20);
            }
            Assert.True(means[0] + 100 < means[1] && means[1] + 80 < means[2], string.Join(", ", means));
        }
    }

    [Fact]
    public void SetsHaveDistinctNames() =>
        Assert.Equal(["phantom_000", "phantom_001"], PhantomGenerator.GenerateMany(2, 1, 16, 16, 16).Select(p => p.Id));
}
