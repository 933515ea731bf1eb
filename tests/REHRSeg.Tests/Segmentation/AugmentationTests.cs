using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

public class AugmentationTests
{
    static readonly PatchShape Shape = new(6, 20, 24);

    static SegmentationSample Sample(int seed = 3)
    {
        var random = TrainingSeeds.Random(seed, "sample");
        var s = new SegmentationSample(Shape, 2, 3) { HrLabel = new byte[3 * Shape.Voxels], Uncertainty = new float[Shape.Voxels] };
        for (int i = 0; i < s.Image.Length; i++) s.Image[i] = (float)random.NextGaussian();
        for (int i = 0; i < s.Label.Length; i++)
        {
            s.Label[i] = (byte)random.Next(3);
            s.Uncertainty[i] = s.Label[i] / 2f;
            s.Image[i] = s.Label[i];
            for (int k = 0; k < 3; k++) s.HrLabel[(i / 480 * 3 + k) * 480 + i % 480] = s.Label[i];
        }
        return s;
    }

    static (double Mean, double Deviation) Moments(ReadOnlySpan<float> x)
    {
        double mean = 0, squares = 0;
        foreach (float v in x) mean += v / (double)x.Length;
        foreach (float v in x) squares += (v - mean) * (v - mean) / x.Length;
        return (mean, Math.Sqrt(squares));
    }

    [Fact]
    public void Mirror_moves_everything_alike_and_flips_thin_slices()
    {
        var seen = new HashSet<float>();
        for (int seed = 0; seed < 40; seed++)
        {
            var s = Sample();
            var before = Sample();
            new MirrorTransform().Apply(s, TrainingSeeds.Random(seed, "mirror"));
            Assert.Equal(s.Label.Select(v => (float)v), s.Image[..s.Label.Length]);
            Assert.Equal(s.Label.Select(v => v / 2f), s.Uncertainty);
            Assert.DoesNotContain(Enumerable.Range(0, s.HrLabel!.Length), i => s.HrLabel[i] != s.Label[i / 480 / 3 * 480 + i % 480]);
            Assert.Equal(before.Image.Order(), s.Image.Order());
            seen.Add(s.Image[^1] + 10 * s.Image[^2] + 100 * s.Image[^30] + 1000 * s.Image[^500] + 1e4f * s.Image[^700]);
        }
        Assert.True(seen.Count >= 7, $"{seen.Count} of 8 orientations were seen");
    }

    [Fact]
    public void Contrast_keeps_mean_roughly_and_range()
    {
        var s = Sample();
        var (mean, deviation) = Moments(s.Channel(1));
        float low = s.Channel(1).ToArray().Min(), high = s.Channel(1).ToArray().Max();
        new ContrastTransform(1).Apply(s, TrainingSeeds.Random(5, "c"));
        var (newMean, newDeviation) = Moments(s.Channel(1));
        Assert.Equal(mean, newMean, 2);
        Assert.InRange(newDeviation / deviation, 0.74, 1.26);
        Assert.NotEqual(deviation, newDeviation, 3);
        Assert.True(s.Channel(1).ToArray().Min() >= low && s.Channel(1).ToArray().Max() <= high);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Gamma_keeps_moments_and_order(bool inverted)
    {
        var s = Sample();
        var before = s.Channel(1).ToArray();
        var (mean, deviation) = Moments(before);
        new GammaTransform(1, inverted).Apply(s, TrainingSeeds.Random(8, "g"));
        var after = s.Channel(1).ToArray();
        var (newMean, newDeviation) = Moments(after);
        Assert.Equal(mean, newMean, 4);
        Assert.Equal(deviation, newDeviation, 4);
        Assert.Equal(Enumerable.Range(0, before.Length).OrderBy(i => before[i]).Take(50), Enumerable.Range(0, after.Length).OrderBy(i => after[i]).Take(50));
        Assert.Contains(Enumerable.Range(0, before.Length), i => Math.Abs(before[i] - after[i]) > 0.01);
    }

    [Fact]
    public void Noise_has_the_drawn_deviation()
    {
        double largest = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            var s = Sample();
            var before = s.Image.ToArray();
            new GaussianNoiseTransform(1).Apply(s, TrainingSeeds.Random(seed, "n"));
            var (mean, deviation) = Moments(s.Image.Zip(before, (a, b) => a - b).ToArray());
            Assert.InRange(deviation, 0, 0.103);
            Assert.InRange(mean, -0.01, 0.01);
            largest = Math.Max(largest, deviation);
        }
        Assert.True(largest > 0.08);
    }

    [Fact]
    public void Brightness_scales()
    {
        var s = Sample();
        var before = s.Channel(1).ToArray();
        new BrightnessTransform(1).Apply(s, TrainingSeeds.Random(2, "b"));
        float f = s.Channel(1)[0] / before[0];
        Assert.InRange(f, 0.75f, 1.25f);
        for (int i = 0; i < before.Length; i++) Assert.Equal(before[i] * f, s.Channel(1)[i], 4);
    }

    [Fact]
    public void Blur_keeps_the_sum_and_equals_the_gaussian_of_an_impulse()
    {
        var shape = new PatchShape(11, 11, 11);
        var x = new float[shape.Voxels];
        x[(5 * 11 + 5) * 11 + 5] = 1;
        GaussianBlurTransform.Blur(x, shape, 1);
        Assert.Equal(1, x.Sum(), 4);
        Assert.Equal(0.06349, x[(5 * 11 + 5) * 11 + 5], 4);
        Assert.Equal(x[(5 * 11 + 5) * 11 + 5] * Math.Exp(-0.5), x[(4 * 11 + 5) * 11 + 5], 4);
        Assert.Equal(x[(6 * 11 + 5) * 11 + 5], x[(5 * 11 + 5) * 11 + 6], 6);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Low_resolution_keeps_constants_and_slices_in_plane(bool inPlane)
    {
        var x = new float[Shape.Voxels];
        for (int i = 0; i < x.Length; i++) x[i] = i / 480;
        LowResolutionTransform.Degrade(x, Shape, 0.5, inPlane);
        if (inPlane) for (int i = 0; i < x.Length; i++) Assert.Equal(i / 480, x[i], 4);
        else Assert.Contains(x, v => Math.Abs(v - MathF.Round(v)) > 0.1);
    }

    [Fact]
    public void Probabilities_are_kept()
    {
        var transform = new SpatialTransform(0.2, 0.2, true);
        var random = TrainingSeeds.Random(1, "p");
        int identity = Enumerable.Range(0, 4000).Count(_ => transform.Draw(random).IsIdentity);
        Assert.InRange(identity / 4000.0, 0.61, 0.67);
        Assert.True(new SpatialTransform(0, 0, true).Draw(random).IsIdentity);
        var s = Sample();
        var before = s.Image.ToArray();
        foreach (ISampleTransform t in new ISampleTransform[] { new GaussianNoiseTransform(0), new GaussianBlurTransform(0), new BrightnessTransform(0), new ContrastTransform(0), new LowResolutionTransform(0, true), new GammaTransform(0, true) })
            t.Apply(s, random);
        Assert.Equal(before, s.Image);
    }
}
