using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>After any draw of rotation, scaling, position and mirrors: labels of both resolutions and the uncertainty lie where the image shows the object.</summary>
public class AugmentationInvariantTests
{
    static readonly PatchShape s_patch = new(10, 26, 28);

    [Theory, InlineData(true), InlineData(false)]
    public void Everything_moves_alike(bool inPlane)
    {
        const float sure = 0.35f; // so far from the border that all linear taps lie on one side
        var blob = PatchExtractorTests.Blob(new(12, 32, 36), 4, 9);
        var source = blob with { Uncertainty = blob.Label.Select(v => 0.2f + 0.6f * v).ToArray() };
        var (inside, outside, disagree, foreground) = (0, 0, 0, 0);
        for (int seed = 0; seed < 25; seed++)
        {
            var random = TrainingSeeds.Random(seed, "invariants");
            var corner = new PatchCorner(random.Next(-1, 3), random.Next(-2, 8), random.Next(-2, 9));
            var s = PatchExtractor.Extract(source, corner, s_patch, new SpatialTransform(0.8, 0.8, inPlane).Draw(random));
            new MirrorTransform().Apply(s, random);
            int area = s_patch.Height * s_patch.Width;
            for (int i = 0; i < s.Label.Length; i++)
            {
                byte[] thin = [.. Enumerable.Range(0, 4).Select(k => s.HrLabel![(i / area * 4 + k) * area + i % area])];
                if (s.Image[i] > sure)
                {
                    inside++;
                    Assert.Equal((1, 4), (s.Label[i], thin.Sum(v => v)));
                    Assert.Equal(0.8, s.Uncertainty![i], 1e-4);
                }
                else if (s.Image[i] < -sure)
                {
                    outside++;
                    Assert.Equal((0, 0), (s.Label[i], thin.Sum(v => v)));
                    Assert.InRange(s.Uncertainty![i], 0.2f - 1e-5f, 1);
                }
                foreground += s.Label[i];
                if (thin.Distinct().Count() == 1 && thin[0] != s.Label[i]) disagree++;
            }
        }
        Assert.True(inside > 5000 && outside > 20_000, $"{inside} voxels inside, {outside} outside");
        Assert.True(disagree <= foreground / 50, $"{disagree} thick labels against all their thin ones, of {foreground}");
    }

    [Fact]
    public void Voxels_beyond_the_volume_are_padding()
    {
        var blob = PatchExtractorTests.Blob(new(4, 16, 16), 2, 40);
        foreach (var map in new[] { SpatialMap.OfPlane(0.4, 1.4), SpatialMap.OfVolume(0.3, 0.2, -0.1, 1.3) })
        {
            var s = PatchExtractor.Extract(blob, new(-2, 60, 60), new(8, 16, 16), map);
            Assert.All(s.Image, v => Assert.Equal(0, v));
            Assert.All(s.Label, v => Assert.Equal(0, v));
            Assert.All(s.HrLabel!, v => Assert.Equal(0, v));
            Assert.All(s.Uncertainty!, v => Assert.Equal(1, v));
        }
    }
}
