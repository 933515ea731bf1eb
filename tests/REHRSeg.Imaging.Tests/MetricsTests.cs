using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class MetricsTests
{
    static (MLVolume Prediction, MLVolume Reference) Images(int depth = 14)
    {
        var geometry = new VolumeGeometry([15, 13, depth], [1, 1, 1]);
        float[] a = Noise(2, geometry.VoxelCount), b = Noise(3, geometry.VoxelCount);
        var reference = new MLVolume(geometry, a.Select(v => 900 * v + 100).ToArray());
        return (new(geometry, reference.Voxels.ToArray().Zip(b, (v, d) => v + 200 * (d - 0.5f)).ToArray()), reference);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void DiceEqualsNumpy(int label) => Assert.Equal(Get("metrics", "dice", label.ToString()).GetDouble(), Metrics.Dice(Labels(1), Labels(), label), 1e-8);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void HausdorffDistance95EqualsMedPyInMillimetres(int label) =>
        Assert.Equal(Get("metrics", "hd95", label.ToString()).GetDouble(), Metrics.HausdorffDistance95(Labels(1), Labels(), label), 1e-6);

    [Fact]
    public void PsnrEqualsScikitImage()
    {
        var (p, r) = Images();
        Assert.Equal(Get("metrics", "psnr").GetDouble(), Metrics.Psnr(p, r), 1e-6);
    }

    [Fact]
    public void SsimEqualsScikitImage()
    {
        var (p, r) = Images();
        Assert.Equal(Get("metrics", "ssim").GetDouble(), Metrics.Ssim(p, r), 1e-6);
    }

    [Fact]
    public void SsimWindowShrinksToAShortAxis()
    {
        var (p, r) = Images(6);
        Assert.Equal(Get("metrics", "ssimShrunk").GetDouble(), Metrics.Ssim(p, r), 1e-6);
    }

    [Fact]
    public void EqualVolumesArePerfect()
    {
        var (_, r) = Images();
        Assert.Equal(1, Metrics.Ssim(r, r), 1e-12);
        Assert.Equal(double.PositiveInfinity, Metrics.Psnr(r, r));
        Assert.Equal(1, Metrics.Dice(Labels(), Labels(), 1));
        Assert.Equal(0, Metrics.HausdorffDistance95(Labels(), Labels(), 1));
    }

    [Fact]
    public void EmptyMasksAreNamedByNaNAndInfinity()
    {
        MLVolume some = Labels(), none = some.WithVoxels(new float[some.Voxels.Length]);
        Assert.Equal(double.NaN, Metrics.Dice(none, none, 1));
        Assert.Equal(0, Metrics.Dice(none, some, 1));
        Assert.Equal(double.NaN, Metrics.HausdorffDistance95(none, none, 1));
        Assert.Equal(double.PositiveInfinity, Metrics.HausdorffDistance95(none, some, 1));
        Assert.Equal(double.PositiveInfinity, Metrics.HausdorffDistance95(some, none, 1));
    }

    [Fact]
    public void DistanceFollowsTheSpacingOfItsAxis()
    {
        // Single voxels, 3 apart along x (0.8 mm) or along z (4 mm).
        var geometry = new VolumeGeometry([9, 9, 9], [0.8, 1.5, 4]);
        MLVolume Voxel(int z, int x) => FromFunction(geometry, (vz, vy, vx) => vz == z && vy == 4 && vx == x ? 1 : 0);
        Assert.Equal(2.4, Metrics.HausdorffDistance95(Voxel(4, 1), Voxel(4, 4), 1), 1e-5);
        Assert.Equal(12, Metrics.HausdorffDistance95(Voxel(1, 4), Voxel(4, 4), 1), 1e-5);
    }

    [Fact]
    public void OtherGridsAndSeveralChannelsAreRefused()
    {
        var (p, r) = Images();
        var moved = new MLVolume(r.Geometry.Coarsen(2, SliceAxis.Z), r.Voxels[..(r.Voxels.Length / 2)].ToArray());
        Assert.Throws<GeometryMismatchException>(() => Metrics.Psnr(p, moved));
        Assert.Throws<GeometryMismatchException>(() => Metrics.Dice(p, moved, 1));
        var two = p.WithVoxels((float[])[.. p.Voxels, .. p.Voxels], 2);
        Assert.Throws<ArgumentException>(() => Metrics.Ssim(two, two));
    }
}
