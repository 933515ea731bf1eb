using REHRSeg.Imaging;
using REHRSeg.Onnx;
using static REHRSeg.ThickSlicePatchSampler;

namespace REHRSeg.Tests.SelfSuperResolution;

public class ThickSlicePatchSamplerTests
{
    const int Side = 16;

    static SelfSrModelInfo Info(int factor, EdgeSlices edge = EdgeSlices.Zero, int channels = 1) => new()
    {
        Factor = factor,
        ImageChannels = channels,
        Labels = [new(0, "background"), new(1, "a"), new(2, "b")],
        EdgeSlices = edge,
    };

    static SeedVolume RandomSeed(int depth, int height, int width, int seed, int channels = 1)
    {
        var random = new Random(seed);
        int n = depth * height * width;
        return new([.. Enumerable.Range(0, n * channels).Select(_ => random.NextSingle())], [.. Enumerable.Range(0, n).Select(_ => (byte)random.Next(3))], depth, height, width);
    }

    static ThickSlicePatchSampler Sampler(SelfSrModelInfo info, params SeedVolume[] seeds) =>
        new(seeds, info, SliceProfile.Gaussian(info.Factor), new SelfSrOptions { PatchSize = Side });

    static (float[] Window, float[] Image, byte[] Label) Render(ThickSlicePatchSampler sampler, SelfSrModelInfo info, Placement placement)
    {
        int plane = Side * Side, r = info.Factor;
        var (window, image, label) = (new float[(info.ImageChannels + 2) * 4 * plane], new float[info.ImageChannels * r * plane], new byte[r * plane]);
        sampler.Render(placement, window, image, label, new float[10 * r * plane], new byte[4 * r * plane]);
        return (window, image, label);
    }

    /// <summary>The sampler against ThickSliceSimulator on the whole volume, for every axis, flip and exchange.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    [InlineData(2)]
    public void SamplesAreBlocksOfTheSimulatedVolume(int factor)
    {
        var info = Info(factor);
        var seed = RandomSeed(20, 24, 28, 1);
        var sampler = Sampler(info, seed);
        var geometry = new VolumeGeometry([28, 24, 20], [1, 1, 1]);
        var (image, label) = (new MLVolume(geometry, seed.Image), new MLVolume(geometry, Array.ConvertAll(seed.Label, b => (float)b)));
        for (int mask = 0; mask < 32; mask++)
        {
            bool Bit(int b) => (mask >> b & 1) == 1;
            var axis = Bit(0) ? InPlaneAxis.X : InPlaneAxis.Y;
            var at = new Placement(0, axis, 5, 3, 2, Bit(1), Bit(2), Bit(3), Bit(4), false, 0);
            var (window, target, targetLabel) = Render(sampler, info, at);
            var along = axis == InPlaneAxis.X ? SliceAxis.X : SliceAxis.Y;
            var (thick, thickLabel) = (ThickSliceSimulator.Image(image, along, SliceProfile.Gaussian(factor), 5), ThickSliceSimulator.Label(label, along, factor, 5));
            float At(MLVolume v, int slice, int row, int column) => axis == InPlaneAxis.X ? v[3 + row, 2 + column, slice] : v[3 + row, slice, 2 + column];
            for (int i = 0; i < Side; i++)
                for (int j = 0; j < Side; j++)
                {
                    var (row, column) = Bit(4) ? (j, i) : (i, j);
                    if (Bit(2)) row = Side - 1 - row;
                    if (Bit(3)) column = Side - 1 - column;
                    for (int s = 0; s < 4; s++)
                    {
                        int slice = Bit(1) ? 3 - s : s, to = s * Side * Side + i * Side + j;
                        Assert.Equal(At(thick, slice, row, column), window[to], 1e-5);
                        float k = At(thickLabel, slice, row, column);
                        Assert.Equal(k == 1 ? 1 : 0, window[4 * Side * Side + to]);
                        Assert.Equal(k == 2 ? 1 : 0, window[8 * Side * Side + to]);
                    }
                    for (int t = 0; t < factor; t++)
                    {
                        int slice = 5 + (Bit(1) ? 4 * factor - 1 - (factor + t) : factor + t), to = (t * Side + i) * Side + j;
                        Assert.Equal(At(image, slice, row, column), target[to]);
                        Assert.Equal(At(label, slice, row, column), targetLabel[to]);
                    }
                }
        }
    }

    [Fact]
    public void TargetIsTheSecondThickSliceOfARamp()
    {
        const int Factor = 4;
        var info = Info(Factor);
        var voxels = Enumerable.Range(0, 20 * 24 * 60).Select(i => i % 60 / 100f).ToArray();
        var (window, target, _) = Render(Sampler(info, new SeedVolume(voxels, new byte[voxels.Length], 20, 24, 60)), info, new(0, InPlaneAxis.X, 20, 1, 1, false, false, false, false, false, 0));
        for (int s = 0; s < 4; s++) Assert.Equal((20 + 4 * s + 1.5f) / 100, window[s * Side * Side + 7], 1e-5);
        for (int t = 0; t < Factor; t++) Assert.Equal((24 + t) / 100f, target[t * Side * Side + 7], 1e-6);
    }

    [Fact]
    public void SmallSeedsRepeatTheirBorder()
    {
        var info = Info(4, channels: 2);
        var seed = RandomSeed(5, 3, 6, 2, channels: 2);
        var sampler = Sampler(info, seed);
        for (int i = 0; i < 50; i++)
        {
            var at = sampler.Place(new Random(i));
            Assert.InRange(at.Row, 5 - Side, 0);
            Assert.InRange(at.Slice, (at.Axis == InPlaneAxis.X ? 6 : 3) - 16, 0);
        }
        var (_, target, label) = Render(sampler, info, new(0, InPlaneAxis.X, -6, -4, -7, false, false, false, false, false, 0));
        int from = (0 * 3 + 0) * 6;
        for (int t = 0; t < 4; t++)
        {
            int x = Math.Clamp(-6 + 4 + t, 0, 5);
            Assert.Equal(seed.Image[from + x], target[t * Side * Side]);
            Assert.Equal(seed.Image[90 + from + x], target[(4 + t) * Side * Side]);
            Assert.Equal(seed.Label[from + x], label[t * Side * Side]);
            Assert.Equal(seed.Image[(4 * 3 + 2) * 6 + x], target[(t * Side + 15) * Side + 15]);
        }
    }

    [Theory]
    [InlineData(EdgeSlices.Zero)]
    [InlineData(EdgeSlices.Replicate)]
    public void DroppedSlicesStandForTheEndsOfAVolume(EdgeSlices edge)
    {
        var info = Info(4, edge);
        var sampler = Sampler(info, RandomSeed(20, 24, 28, 3));
        var whole = Render(sampler, info, new(0, InPlaneAxis.Y, 2, 1, 1, false, false, false, false, false, 0));
        var cut = Render(sampler, info, new(0, InPlaneAxis.Y, 2, 1, 1, false, false, false, false, true, 2));
        Assert.Equal(whole.Image, cut.Image);
        Assert.Equal(whole.Label, cut.Label);
        const int Plane = Side * Side;
        for (int c = 0; c < 3; c++)
            for (int s = 0; s < 4; s++)
                Assert.Equal(
                    s == 1 || edge == EdgeSlices.Replicate ? whole.Window.AsSpan((c * 4 + 1) * Plane, Plane).ToArray() : new float[Plane],
                    cut.Window.AsSpan((c * 4 + s) * Plane, Plane).ToArray());
    }

    [Fact]
    public void DrawsEverythingAtTheRatesAskedFor()
    {
        var sampler = Sampler(Info(4), RandomSeed(30, 40, 50, 4), RandomSeed(30, 40, 50, 5));
        var random = new Random(6);
        var drawn = Enumerable.Range(0, 4000).Select(_ => sampler.Place(random)).ToList();
        double Rate(Func<Placement, bool> holds) => drawn.Count(holds) / 4000.0;
        Assert.Equal(0.5, Rate(p => p.Seed == 0), 0.03);
        Assert.Equal(0.5, Rate(p => p.Axis == InPlaneAxis.X), 0.03);
        Assert.Equal(0.5, Rate(p => p.FlipSlices), 0.03);
        Assert.Equal(0.5, Rate(p => p.FlipRows), 0.03);
        Assert.Equal(0.5, Rate(p => p.FlipColumns), 0.03);
        Assert.Equal(0.5, Rate(p => p.Swap), 0.03);
        Assert.Equal(1.0 / 32, Rate(p => p is { Axis: InPlaneAxis.X, FlipSlices: true, FlipRows: true, FlipColumns: true, Swap: true }), 0.01);
        Assert.Equal(0.03, Rate(p => p is { DropFirst: true, DropLast: > 0 }) + Rate(p => p is { DropFirst: true, DropLast: 2 }), 0.012);
        Assert.Equal(0.1, Rate(p => p.DropFirst), 0.02);
        Assert.Equal(0.1, Rate(p => p.DropLast == 1), 0.02);
        Assert.Equal(0.1, Rate(p => p.DropLast == 2), 0.02);
        Assert.Equal(Enumerable.Range(0, 35), drawn.Where(p => p.Axis == InPlaneAxis.X).Select(p => p.Slice).Distinct().Order());
        Assert.Equal(Enumerable.Range(0, 25), drawn.Where(p => p.Axis == InPlaneAxis.Y).Select(p => p.Slice).Distinct().Order());
        Assert.Equal(Enumerable.Range(0, 15), drawn.Select(p => p.Row).Distinct().Order());
    }

    [Fact]
    public void NothingIsTurnedOrDroppedAtProbabilitiesOfZero()
    {
        var options = new SelfSrOptions { PatchSize = Side, FlipProbability = 0, SwapProbability = 0, EdgeDropout = 0 };
        var sampler = new ThickSlicePatchSampler([RandomSeed(20, 24, 28, 7)], Info(4), SliceProfile.Gaussian(4), options);
        var random = new Random(3);
        for (int i = 0; i < 200; i++)
        {
            var at = sampler.Place(random);
            Assert.Equal(new Placement(0, at.Axis, at.Slice, at.Row, at.Column, false, false, false, false, false, 0), at);
        }
    }

    /// <summary>Another contrast of the tissue: the samples are those of the mapped seed.</summary>
    [Fact]
    public void IntensityMapsChangeTheTissueNotTheScanner()
    {
        var info = Info(4, channels: 2);
        var seed = RandomSeed(20, 24, 28, 4, channels: 2);
        IntensityMap[] maps = [new(0.1f, 0.8f, 1.4f), new(0.02f, 0.75f, 0.7f)];
        float Map(float x, int c) => maps[c].Low + maps[c].Gain * MathF.Pow(x, maps[c].Gamma);
        var mapped = seed with { Image = [.. seed.Image.Select((x, i) => Map(x, i / seed.Label.Length))] };
        var at = new Placement(0, InPlaneAxis.Y, 3, 1, 2, true, false, true, true, true, 1);
        var (window, image, label) = Render(Sampler(info, seed), info, at with { Maps = maps });
        var (expectedWindow, expectedImage, expectedLabel) = Render(Sampler(info, mapped), info, at);
        for (int i = 0; i < window.Length; i++) Assert.Equal(expectedWindow[i], window[i], 1e-5);
        for (int i = 0; i < image.Length; i++) Assert.Equal(expectedImage[i], image[i], 1e-5);
        Assert.Equal(expectedLabel, label);
        var (plain, _, _) = Render(Sampler(info, seed), info, at);
        int inside = (4 + 1) * Side * Side; // second slice of the second channel
        Assert.True(Math.Abs(Map(plain[inside], 1) - window[inside]) > 1e-3, "the map of the thick slice would not be the thick slice of mapped tissue");
    }

    [Fact]
    public void IntensityMapsAreDrawnAsSaidAndStayInTheUnitRange()
    {
        var options = new SelfSrOptions { PatchSize = Side, IntensityProbability = 0.25, IntensityGain = 0.6, IntensityGamma = 2 };
        var info = Info(4, channels: 2);
        var sampler = new ThickSlicePatchSampler([RandomSeed(20, 24, 28, 7, channels: 2)], info, SliceProfile.Gaussian(4), options);
        var random = new Random(5);
        var drawn = Enumerable.Range(0, 8000).Select(_ => sampler.Place(random).Maps).ToList();
        var maps = drawn.OfType<IntensityMap[]>().ToList();
        Assert.Equal(0.25, maps.Count / 8000.0, 0.02);
        Assert.All(maps, m => Assert.True(m.Length == 2 && m[0] != m[1]));
        var all = maps.SelectMany(m => m).ToList();
        Assert.All(all, m => Assert.True(m.Gain is >= 0.6f and <= 1 && m.Low >= 0 && m.Low + m.Gain <= 1 + 1e-6f && m.Gamma is >= 0.5f and <= 2));
        Assert.Equal(0.8, all.Average(m => m.Gain), 0.01);
        Assert.Equal(0.1, all.Average(m => m.Low), 0.01);
        Assert.Equal(0, all.Average(m => Math.Log2(m.Gamma)), 0.04);
        Assert.Equal(1.0 / 3, all.Average(m => Math.Pow(Math.Log2(m.Gamma), 2)), 0.03);
        var batch = sampler.Draw(32, random);
        Assert.All(batch.Windows, v => Assert.InRange(v, 0, 1 + 1e-5f));
        Assert.All(batch.Image, v => Assert.InRange(v, 0, 1 + 1e-6f));
    }

    [Fact]
    public void SameSeedSameSamples()
    {
        var sampler = Sampler(Info(4), RandomSeed(20, 24, 28, 7), RandomSeed(9, 8, 7, 8));
        SelfSrBatch a = sampler.Draw(5, new Random(9)), b = sampler.Draw(5, new Random(9)), c = sampler.Draw(5, new Random(10));
        Assert.Equal(a.Windows, b.Windows);
        Assert.Equal(a.Image, b.Image);
        Assert.Equal(a.Label, b.Label);
        Assert.NotEqual(a.Windows, c.Windows);
    }
}
