using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

public class PatchSamplerTests
{
    /// <summary>One foreground voxel of each of two classes in a volume of 20 x 40 x 40.</summary>
    static SegmentationCase Sparse(bool pseudo)
    {
        var shape = new PatchShape(20, 40, 40);
        var label = new byte[shape.Voxels];
        label[(3 * 40 + 5) * 40 + 37] = 1;
        label[(15 * 40 + 30) * 40 + 6] = 2;
        return new()
        {
            Id = "sparse", Shape = shape, Channels = 1, Image = [.. label.Select(v => (float)v)], Label = label, Factor = 2,
            HrLabel = pseudo ? new byte[2 * shape.Voxels] : null, Uncertainty = pseudo ? [.. label.Select(_ => 0.25f)] : null, UnitRanges = [new(0.5f, 0.25f)],
            Foreground = SegmentationCase.FindForeground(label, 3, TrainingSeeds.Random(1, "f")),
        };
    }

    static PatchSamplerSettings Settings(int batch) => new() { Patch = new(6, 10, 10), BatchSize = batch, Spatial = new(0, 0, true), Transforms = [] };

    [Fact]
    public void The_last_third_of_a_batch_is_centred_on_foreground_of_both_classes()
    {
        var sampler = new PatchSampler([Sparse(false)], [], Settings(6));
        var random = TrainingSeeds.Random(4, "sampler");
        int[] hits = new int[6], classes = new int[3];
        for (int n = 0; n < 200; n++)
        {
            var batch = sampler.Draw(random);
            for (int b = 0; b < 6; b++)
            {
                byte found = batch.Label.AsSpan(b * 600, 600).ToArray().Max();
                if (found > 0) hits[b]++;
                if (b >= 4) classes[found]++;
            }
        }
        Assert.All(hits[4..], h => Assert.Equal(200, h));
        Assert.All(hits[..4], h => Assert.InRange(h, 0, 60));
        Assert.InRange(classes[1], 150, 250);
        Assert.Equal(0, classes[0]);
    }

    [Fact]
    public void A_pair_has_its_second_sample_forced()
    {
        var sampler = new PatchSampler([Sparse(false)], [], Settings(2));
        var random = TrainingSeeds.Random(4, "sampler");
        for (int n = 0; n < 50; n++) Assert.NotEqual(0, sampler.Draw(random).Label.AsSpan(600, 600).ToArray().Max());
    }

    [Fact]
    public void Real_cases_are_mixed_in_at_their_share_behind_the_pseudo_pairs()
    {
        var sampler = new PatchSampler([Sparse(true)], [Sparse(false)], Settings(4) with { RealFraction = 0.25 });
        var random = TrainingSeeds.Random(4, "sampler");
        int real = 0;
        for (int n = 0; n < 300; n++)
        {
            var batch = sampler.Draw(random);
            real += 4 - batch.HrCount;
            Assert.Equal(batch.HrCount * 2 * 600, batch.HrLabel.Length);
            for (int b = 0; b < 4; b++) Assert.Equal(b < batch.HrCount ? 0.25f : 0f, batch.Uncertainty[b * 600]);
        }
        Assert.InRange(real / 1200.0, 0.2, 0.3);
    }

    [Fact]
    public void Small_cases_are_padded_and_the_teachers_image_is_scaled()
    {
        var sampler = new PatchSampler([Sparse(true)], [], Settings(2) with { Patch = new(24, 48, 48) });
        var batch = sampler.Draw(TrainingSeeds.Random(4, "sampler"));
        Assert.Equal(2 * 2, batch.Label.Count(v => v > 0));
        Assert.Equal(0.25f, batch.Unit![0]);
        Assert.Equal([0.25f, 0.75f, 1f], batch.Unit.Distinct().Order());
    }

    [Fact]
    public void The_same_generator_gives_the_same_batch()
    {
        var settings = Settings(3) with { Spatial = new(0.5, 0.5, true), Transforms = [new GaussianNoiseTransform(0.5), new MirrorTransform()] };
        var a = new PatchSampler([Sparse(true)], [], settings).Draw(TrainingSeeds.Random(9, "x"));
        var b = new PatchSampler([Sparse(true)], [], settings).Draw(TrainingSeeds.Random(9, "x"));
        Assert.Equal(a.Image, b.Image);
        Assert.Equal(a.Label, b.Label);
    }
}
