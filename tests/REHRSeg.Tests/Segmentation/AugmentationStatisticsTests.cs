using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>How often and how strongly the transforms act (METHOD.md section 7), over some thousand seeded draws.</summary>
public class AugmentationStatisticsTests
{
    const int Draws = 3000;
    static readonly PatchShape s_shape = new(2, 5, 6);

    static SegmentationSample Sample()
    {
        var sample = new SegmentationSample(s_shape, 2, 1);
        for (int i = 0; i < sample.Image.Length; i++) sample.Image[i] = i * 37 % 60 / 10f - 3;
        return sample;
    }

    /// <summary>Within 4 standard deviations of a binomial share.</summary>
    static void AssertShare(double expected, int hits, int draws, string what)
        => Assert.True(Math.Abs(hits - expected * draws) <= 4 * Math.Sqrt(draws * expected * (1 - expected)) + 1e-9, $"{what}: {hits} of {draws}, expected a share of {expected}");

    /// <summary>The default options' transforms in nnU-Net's order; blur and low resolution take each channel with half the probability.</summary>
    [Theory]
    [InlineData(0, "noise", 0.1)]
    [InlineData(1, "blur", 0.2)]
    [InlineData(2, "brightness", 0.15)]
    [InlineData(3, "contrast", 0.15)]
    [InlineData(4, "low resolution", 0.25)]
    [InlineData(5, "inverted gamma", 0.1)]
    [InlineData(6, "gamma", 0.3)]
    public void Happen_with_their_probability(int index, string name, double probability)
    {
        var plan = SegmentationPlanner.Plan(new DatasetFingerprint([new("a", new(20, 40, 40), [4, 1, 1], 1)]), new PlanningBudget(), 2, 2, 4);
        var transform = PatchSamplerSettings.From(plan, new RehrSegOptions()).Transforms[index];
        bool perChannel = transform is GaussianBlurTransform or LowResolutionTransform;
        var random = TrainingSeeds.Random(11, name);
        int changed = 0;
        int[] channel = new int[2];
        for (int n = 0; n < Draws; n++)
        {
            var (before, after) = (Sample(), Sample());
            transform.Apply(after, random);
            bool[] differs = [.. Enumerable.Range(0, 2).Select(c => !before.Channel(c).SequenceEqual(after.Channel(c)))];
            if (differs.Contains(true)) changed++;
            for (int c = 0; c < 2; c++) channel[c] += differs[c] ? 1 : 0;
        }
        AssertShare(perChannel ? 0.75 * probability : probability, changed, Draws, name);
        foreach (int hits in channel) AssertShare(perChannel ? probability / 2 : probability, hits, Draws, $"one channel's {name}");
    }

    [Fact]
    public void Mirroring_takes_each_axis_half_the_time()
    {
        var random = TrainingSeeds.Random(12, "mirror");
        int[] flips = new int[3];
        for (int n = 0; n < Draws; n++)
        {
            var s = new SegmentationSample(new(2, 2, 2), 1, 1);
            for (int i = 0; i < 8; i++) s.Image[i] = i;
            new MirrorTransform().Apply(s, random);
            int first = (int)s.Image[0];
            for (int axis = 0; axis < 3; axis++) flips[axis] += first >> 2 - axis & 1;
        }
        foreach (int count in flips) AssertShare(0.5, count, Draws, "mirrored axis");
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Rotation_and_scaling_have_their_ranges(bool inPlane)
    {
        var transform = new SpatialTransform(0.2, 0.2, inPlane);
        var random = TrainingSeeds.Random(13, "spatial");
        int identity = 0, rotated = 0, scaled = 0, below = 0;
        double smallest = 2, largest = 0, turn = 0;
        const int draws = 4 * Draws;
        for (int n = 0; n < draws; n++)
        {
            var map = transform.Draw(random);
            if (map.IsIdentity)
            {
                identity++;
                continue;
            }
            var (z, y, x) = map.Apply(0, 0, 1);
            double scale = Math.Sqrt(z * z + y * y + x * x), cosine = x / scale;
            if (Math.Abs(scale - 1) > 1e-9)
            {
                scaled++;
                if (scale < 1) below++;
                (smallest, largest) = (Math.Min(smallest, scale), Math.Max(largest, scale));
            }
            if (1 - cosine > 1e-9) rotated++;
            turn = Math.Max(turn, Math.Acos(Math.Clamp(cosine, -1, 1)) * 180 / Math.PI);
            Assert.Equal(inPlane, map.InPlane);
        }
        AssertShare(0.64, identity, draws, "identity");
        AssertShare(0.2, rotated, draws, "rotation");
        AssertShare(0.2, scaled, draws, "scaling");
        AssertShare(0.5, below, scaled, "factors below 1");
        Assert.InRange(smallest, 0.7, 0.705);
        Assert.InRange(largest, 1.39, 1.4);
        if (inPlane) Assert.InRange(turn, 178, 180);
        else Assert.InRange(turn, 32, 60); // two rotations of up to 30 degrees move this axis
    }

    [Theory, InlineData(0.7, 1.5), InlineData(0.75, 1.25)]
    public void Factors_are_uniform_in_either_half(double low, double high)
    {
        var random = TrainingSeeds.Random(14, "factors");
        double[] factors = [.. Enumerable.Range(0, Draws).Select(_ => SpatialTransform.HalfAndHalf(random, low, high))];
        AssertShare(0.5, factors.Count(f => f < 1), Draws, "below 1");
        AssertShare(0.25, factors.Count(f => f < (1 + low) / 2), Draws, "in the lower quarter");
        AssertShare(0.25, factors.Count(f => f > (1 + high) / 2), Draws, "in the upper quarter");
        Assert.All(factors, f => Assert.InRange(f, low, high));
    }

    [Fact]
    public void Noise_is_normal_with_a_uniform_deviation()
    {
        var random = TrainingSeeds.Random(15, "noise");
        var x = new float[20_001];
        GaussianNoiseTransform.Add(x, 0.5f, random);
        Assert.InRange(ChannelStatistics.Moments(x).Deviation, 0.49, 0.51);
        Assert.InRange(ChannelStatistics.Mean(x), -0.015, 0.015);
        AssertShare(0.3173, x.Count(v => Math.Abs(v) > 0.5), x.Length, "beyond one deviation");
        AssertShare(0.0455, x.Count(v => Math.Abs(v) > 1), x.Length, "beyond two deviations");
        double lag = Enumerable.Range(0, x.Length - 512).Sum(i => (double)x[i] * x[i + 512]) / (x.Length - 512);
        Assert.InRange(lag, -0.01, 0.01); // both numbers of a pair are independent

        var deviations = Enumerable.Range(0, 1000).Select(_ =>
        {
            var s = new SegmentationSample(new(4, 16, 16), 1, 1);
            new GaussianNoiseTransform(1).Apply(s, random);
            return ChannelStatistics.Moments(s.Image).Deviation;
        }).ToArray();
        AssertShare(0.5, deviations.Count(d => d < 0.05), deviations.Length, "deviations below 0.05");
        Assert.InRange(deviations.Max(), 0.09, 0.107);
    }
}
