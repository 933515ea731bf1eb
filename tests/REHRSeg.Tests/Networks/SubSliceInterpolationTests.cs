using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests;

public class SubSliceInterpolationTests
{
    /// <summary>By a numpy program that solves the same kriging system (tests/oracles/kriging.py).</summary>
    static readonly float[][] s_gaussian4 =
    [
        [0.20164f, 1.08204f, -0.39400f, 0.11032f],
        [-0.08399f, 1.37047f, -0.36397f, 0.07749f],
        [-0.22536f, 1.32057f, -0.09006f, -0.00515f],
        [-0.21922f, 0.94216f, 0.39833f, -0.12127f],
    ];

    [Fact]
    public void WeightsEqualNumpys()
    {
        float[][] weights = SubSliceInterpolation.Weights(SliceProfile.Gaussian(4), -1, 4);
        for (int t = 0; t < 4; t++)
            for (int k = 0; k < 4; k++) Assert.Equal(s_gaussian4[t][k], weights[t][k], 2e-5f);
    }

    [Theory]
    [InlineData(2, null)]
    [InlineData(3, null)]
    [InlineData(4, 2.5)]
    [InlineData(5, 7.0)]
    [InlineData(8, null)]
    public void RampsComeOutUnchangedAndMirroredSlicesMirrored(int factor, double? fwhm)
    {
        var profile = SliceProfile.Gaussian(factor, fwhm);
        float[][] four = SubSliceInterpolation.Weights(profile, -1, 4), five = SubSliceInterpolation.Weights(profile, -2, 5);
        for (int t = 0; t < factor; t++)
        {
            Assert.Equal(1, four[t].Sum(), 1e-5f);
            Assert.Equal((t - (factor - 1) / 2f) / factor, four[t].Select((w, k) => w * (k - 1)).Sum(), 1e-5f);
            for (int k = 0; k < 5; k++) Assert.Equal(five[t][k], five[factor - 1 - t][4 - k], 1e-5f);
        }
    }

    [Theory]
    [InlineData(SliceProfileKind.Gaussian, 4)]
    [InlineData(SliceProfileKind.Slr, 3)]
    public void RandomWalksAreRestoredBetterThanByLinearInterpolation(SliceProfileKind kind, int factor)
    {
        var random = new Random(4);
        var values = new float[factor * 200];
        for (int i = 1; i < values.Length; i++) values[i] = values[i - 1] + (float)(random.NextDouble() - 0.5);
        var thin = new MLVolume(new VolumeGeometry([1, 1, values.Length], [1, 1, 1]), values);
        var profile = kind.Make(factor, null);
        float[] thick = ThickSliceSimulator.Image(thin, SliceAxis.Z, profile).Memory.ToArray();
        float[][] weights = SubSliceInterpolation.Weights(profile, -1, 4);
        double mine = 0, linear = 0;
        for (int i = 1; i < thick.Length - 2; i++)
            for (int t = 0; t < factor; t++)
            {
                double offset = (t + 0.5) / factor - 0.5, straight = offset < 0 ? thick[i] + offset * (thick[i] - thick[i - 1]) : thick[i] + offset * (thick[i + 1] - thick[i]);
                mine += Math.Pow(weights[t].Select((w, k) => w * thick[i - 1 + k]).Sum() - values[i * factor + t], 2);
                linear += Math.Pow(straight - values[i * factor + t], 2);
            }
        Assert.True(mine < 0.9 * linear, $"{mine} against {linear}");
    }

    [Fact]
    public void SlicesOfZerosAreOutsideTheVolume()
    {
        using var scope = torch.NewDisposeScope();
        float[][] weights = SubSliceInterpolation.Weights(SliceProfile.Gaussian(4), -1, 4);
        float[] Of(params float[] window) => SubSliceInterpolation.Interpolate(torch.tensor(window).view(1, 1, 4, 1, 1), weights).data<float>().ToArray();
        float[] expected = [.. weights.Select(w => w[0] * 2 + w[1] * 2 + w[2] * 3 + w[3] * 3)];
        Assert.Equal(Of(2, 2, 3, 3), Of(0, 2, 3, 0));
        Assert.Equal(Of(1, 2, 2, 2), Of(1, 2, 0, 0));
        Assert.All(Of(2, 2, 3, 3).Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-5f));
    }
}
