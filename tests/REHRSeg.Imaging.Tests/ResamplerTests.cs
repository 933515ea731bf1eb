using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class ResamplerTests
{
    [Fact]
    public void NoiseFormulaIsTheScripts()
    {
        float[] noise = Noise(1, 5);
        double[] expected = Numbers(Get("noise"));
        for (int i = 0; i < 5; i++) Assert.Equal(expected[i], noise[i], 1e-7);
    }

    [Theory]
    [InlineData("resize3", 3, null)]
    [InlineData("resize3separate", 3, 0)]
    [InlineData("resize1", 1, null)]
    public void ResizeEqualsScikitImage(string name, int order, int? orderZ) =>
        AssertSampled(Get(name), Resampler.Resize(NoiseVolume(1, 7, 10, 9), [6, 23, 12], order, orderZ), 1e-6);

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void RefineImageEqualsScipyAlongEachAxis(SliceAxis axis)
    {
        var thick = NoiseVolume(1, 7, 10, 9);
        var thin = Resampler.RefineImage(thick, axis, 4);
        AssertSampled(Get("refine3", axis.ToString()), thin, 1e-6);
        Assert.Equal(thick.Geometry.Refine(4, axis), thin.Geometry);
    }

    [Fact]
    public void RefineImageOfTwoSlicesEqualsScipy() => AssertSampled(Get("refine3short"), Resampler.RefineImage(NoiseVolume(6, 2, 3, 1), SliceAxis.Z, 4), 1e-6);

    [Theory]
    [InlineData(false, "labels")]
    [InlineData(true, "labelsSeparate")]
    public void ResizeLabelsEqualsNnUNet(bool separateZ, string name) => AssertSampled(Get(name), Resampler.ResizeLabels(Labels(), [23, 12, 14], separateZ), 1e-6);

    [Fact]
    public void ChannelsAreResampledIndependently()
    {
        MLVolume a = NoiseVolume(1, 4, 5, 6), b = NoiseVolume(2, 4, 5, 6);
        var both = Resampler.Resize(a.WithVoxels((float[])[.. a.Voxels, .. b.Voxels], 2), [9, 7, 8]);
        Assert.Equal(2, both.Channels);
        Assert.Equal(Resampler.Resize(a, [9, 7, 8]).Voxels, both.Channel(0));
        Assert.Equal(Resampler.Resize(b, [9, 7, 8]).Voxels, both.Channel(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void SameSizeIsTheIdentity(int order)
    {
        var volume = NoiseVolume(1, 4, 5, 6);
        Assert.Equal(volume.Voxels, Resampler.Resize(volume, [6, 5, 4], order).Voxels);
    }

    [Fact]
    public void ResizeKeepsTheFieldOfViewOfAnObliqueGrid()
    {
        var volume = new MLVolume(new VolumeGeometry([6, 5, 4], [0.5, 1, 3], [7, -8, 9], [0, -1, 0, 1, 0, 0, 0, 0, 1]), Noise(1, 120));
        var resized = Resampler.Resize(volume, [9, 4, 10]).Geometry;
        AssertClose(volume.Geometry.ToPhysical(-0.5, -0.5, -0.5), resized.ToPhysical(-0.5, -0.5, -0.5));
        AssertClose(volume.Geometry.ToPhysical(5.5, 4.5, 3.5), resized.ToPhysical(8.5, 3.5, 9.5));
    }

    [Fact]
    public void OtherOrdersAndSizesAreRefused()
    {
        var volume = NoiseVolume(1, 4, 5, 6);
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.Resize(volume, [6, 5, 5], 2));
        Assert.Throws<ArgumentException>(() => Resampler.Resize(volume, [6, 5]));
        Assert.Throws<ArgumentException>(() => Resampler.Resize(volume, [6, 0, 5]));
    }

    static void AssertClose((double X, double Y, double Z) a, (double X, double Y, double Z) b)
    {
        Assert.Equal(a.X, b.X, 1e-9);
        Assert.Equal(a.Y, b.Y, 1e-9);
        Assert.Equal(a.Z, b.Z, 1e-9);
    }
}
