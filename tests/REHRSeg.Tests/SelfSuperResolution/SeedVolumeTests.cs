using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SeedVolumeTests
{
    static readonly SelfSrModelInfo Info = new() { Factor = 4, Labels = [new(0, "background"), new(3, "a"), new(7, "b")], RobustRange = (0, 1) };

    static TrainingCase Ramp(VolumeGeometry geometry, SliceAxis axis)
    {
        var (image, label) = (new float[geometry.VoxelCount], new float[geometry.VoxelCount]);
        int at = 0;
        for (int z = 0; z < geometry.Depth; z++)
            for (int y = 0; y < geometry.Height; y++)
                for (int x = 0; x < geometry.Width; x++, at++)
                {
                    int along = axis switch { SliceAxis.X => x, SliceAxis.Y => y, _ => z };
                    image[at] = 100 + 50 * along;
                    label[at] = along < 3 ? 7 : along < 6 ? 0 : 3;
                }
        return new("ramp", new(geometry, image), new(geometry, label));
    }

    [Theory]
    [InlineData(SliceAxis.X, SeedMode.SplineSignedDistance)]
    [InlineData(SliceAxis.Y, SeedMode.SplineSignedDistance)]
    [InlineData(SliceAxis.Z, SeedMode.SplineSignedDistance)]
    [InlineData(SliceAxis.Z, SeedMode.SplineNearest)]
    [InlineData(SliceAxis.Y, SeedMode.SplineMorphological)]
    public void RampBecomesAThinRampInUnitRange(SliceAxis axis, SeedMode mode)
    {
        int[] size = [6, 7, 8];
        double[] spacing = [1, 1, 1];
        size[(int)axis] = 11;
        spacing[(int)axis] = 4;
        var item = Ramp(new(size, spacing), axis);
        var seed = SeedVolume.Create(item, axis, Info, mode);
        Assert.Equal(44, seed.Depth);
        int plane = seed.Height * seed.Width;
        for (int z = 12; z < 32; z++) Assert.Equal(((z + 0.5) / 4 - 0.5) / 10, seed.Image[z * plane + 9], 2e-3);
        Assert.All(seed.Image, v => Assert.InRange(v, 0, 1));
        Assert.Equal(2, seed.Label[0]);
        Assert.Equal(0, seed.Label[18 * plane]);
        Assert.Equal(1, seed.Label[40 * plane]);
    }

    [Fact]
    public void InPlaneSpacingIsBroughtToTheThinSpacing()
    {
        Assert.Null(SeedVolume.IsotropicSize(new VolumeGeometry([40, 50, 10], [1, 1.04, 4]), 4));
        Assert.Equal((50, 80), SeedVolume.IsotropicSize(new VolumeGeometry([40, 50, 10], [2, 1, 4]), 4));
        var geometry = new VolumeGeometry([10, 12, 11], [0.5, 0.5, 4]);
        var seed = SeedVolume.Create(Ramp(geometry, SliceAxis.Z), SliceAxis.Z, Info, SeedMode.SplineNearest);
        Assert.Equal((88, 12, 5), (seed.Depth, seed.Height, seed.Width));
        Assert.Equal((88, 6, 10), (seed.AlongY!.Depth, seed.AlongY.Height, seed.AlongY.Width));
        Assert.Null(SeedVolume.Create(Ramp(new([10, 12, 11], [1, 1.04, 4]), SliceAxis.Z), SliceAxis.Z, Info, SeedMode.SplineNearest).AlongY);
        var one = SeedVolume.Create(Ramp(new([10, 12, 11], [1, 2, 4]), SliceAxis.Z), SliceAxis.Z, Info, SeedMode.SplineNearest);
        Assert.Equal((44, 12, 10), (one.Depth, one.Height, one.Width));
        Assert.Equal((22, 24, 10), (one.AlongY!.Depth, one.AlongY.Height, one.AlongY.Width));
    }
}
