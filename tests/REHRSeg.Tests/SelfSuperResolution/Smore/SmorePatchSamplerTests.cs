using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SmorePatchSamplerTests
{
    static readonly SelfSrModelInfo Info = new() { Factor = 3, ImageChannels = 2, Labels = [new(0, "background"), new(1, "a"), new(2, "b")] };

    static SeedVolume Case(int depth, int height, int width, int seed)
    {
        var random = new Random(seed);
        return new([.. Enumerable.Range(0, 2 * depth * height * width).Select(_ => random.NextSingle())], [.. Enumerable.Range(0, depth * height * width).Select(_ => (byte)random.Next(3))], depth, height, width);
    }

    /// <summary>The whole slice as a volume of one plane, turned so that the patch's rows run along y.</summary>
    static (MLVolume Image, MLVolume Label) Slice(SeedVolume item, SmorePatchSampler.Placement at)
    {
        int area = item.Height * item.Width;
        var geometry = new VolumeGeometry([item.Width, item.Height, 1], [1, 1, 1]);
        var image = new MLVolume(geometry, (float[])[.. item.Image[(at.Slice * area)..][..area], .. item.Image[((item.Depth + at.Slice) * area)..][..area]], 2);
        var label = new MLVolume(geometry, item.Label[(at.Slice * area)..][..area].Select(v => (float)v).ToArray());
        return at.AlongX ? (image.SwapAxes(SliceAxis.X, SliceAxis.Y), label.SwapAxes(SliceAxis.X, SliceAxis.Y)) : (image, label);
    }

    [Fact]
    public void SamplesAreTheSimulatorsSlices()
    {
        var profile = SliceProfile.Gaussian(3);
        SeedVolume[] cases = [Case(4, 20, 26, 1), Case(3, 23, 18, 2)];
        var sampler = new SmorePatchSampler(cases, Info, profile, new() { PatchSlices = 4, PatchSize = 7, FlipProbability = 0.5 });
        Assert.Equal((4, 7), (sampler.Rows, sampler.Columns));
        var random = new Random(5);
        var seen = new HashSet<(int, bool, bool, bool)>();
        for (int n = 0; n < 200; n++)
        {
            var at = sampler.Place(random);
            seen.Add((at.Case, at.AlongX, at.FlipRows, at.FlipColumns));
            float[] thick = new float[4 * 4 * 7], image = new float[2 * 12 * 7];
            var label = new byte[12 * 7];
            sampler.Render(at, thick, image, label, new float[(12 + 20) * 7]);

            var (thin, thinLabel) = Slice(cases[at.Case], at);
            Assert.InRange(at.Row, 0, thin.Height - 12);
            Assert.InRange(at.Column, 0, thin.Width - 7);
            var blurred = ThickSliceSimulator.Image(thin, SliceAxis.Y, profile, at.Row);
            var majority = ThickSliceSimulator.Label(thinLabel, SliceAxis.Y, 3, at.Row);
            for (int c = 0; c < 4; c++)
                for (int i = 0; i < 4; i++)
                    for (int j = 0; j < 7; j++)
                    {
                        int row = at.FlipRows ? 3 - i : i, column = at.Column + (at.FlipColumns ? 6 - j : j);
                        float expected = c < 2 ? blurred.Channel(c)[row * thin.Width + column] : majority[0, row, column] == c - 1 ? 1 : 0;
                        Assert.Equal(expected, thick[(c * 4 + i) * 7 + j], 1e-5f);
                    }
            for (int i = 0; i < 12; i++)
                for (int j = 0; j < 7; j++)
                {
                    int from = (at.Row + (at.FlipRows ? 11 - i : i)) * thin.Width + at.Column + (at.FlipColumns ? 6 - j : j);
                    for (int c = 0; c < 2; c++) Assert.Equal(thin.Channel(c)[from], image[(c * 12 + i) * 7 + j]);
                    Assert.Equal(thinLabel.Voxels[from], label[i * 7 + j]);
                }
        }
        Assert.Equal(16, seen.Count);
    }

    [Fact]
    public void PatchesAreNoLargerThanTheCasesAndRepeatTheBorder()
    {
        var small = Case(1, 5, 8, 3);
        var sampler = new SmorePatchSampler([small], Info, SliceProfile.Gaussian(3), new());
        Assert.Equal((3, 8), (sampler.Rows, sampler.Columns));
        var image = new float[2 * 9 * 8];
        sampler.Render(new(0, 0, AlongX: false, Row: -2, Column: 0, false, false), new float[4 * 3 * 8], image, new byte[9 * 8], new float[40 * 8]);
        for (int i = 0; i < 9; i++) Assert.Equal(small.Image[Math.Clamp(i - 2, 0, 4) * 8 + 3], image[i * 8 + 3]);
    }

    [Fact]
    public void SameGeneratorGivesTheSameBatch()
    {
        var sampler = new SmorePatchSampler([Case(4, 20, 26, 1)], Info, SliceProfile.Gaussian(3), new() { PatchSlices = 3, PatchSize = 8 });
        SmoreBatch a = sampler.Draw(3, new SeededRandom(4)), b = sampler.Draw(3, new SeededRandom(4)), c = sampler.Draw(3, new SeededRandom(5));
        Assert.True(a.Thick.AsSpan().SequenceEqual(b.Thick) && a.Image.AsSpan().SequenceEqual(b.Image) && a.Label.AsSpan().SequenceEqual(b.Label));
        Assert.False(a.Thick.AsSpan().SequenceEqual(c.Thick));
    }
}
