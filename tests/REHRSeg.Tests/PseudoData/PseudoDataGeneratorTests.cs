using REHRSeg.Imaging;

namespace REHRSeg.Tests.PseudoData;

public class PseudoDataGeneratorTests
{
    static MLVolume Make(VolumeGeometry geometry, Func<double, int, float> value)
    {
        var voxels = new float[geometry.VoxelCount];
        int at = 0;
        for (int z = 0; z < geometry.Depth; z++)
            for (int y = 0; y < geometry.Height; y++)
                for (int x = 0; x < geometry.Width; x++, at++) voxels[at] = value(geometry.ToPhysical(x, y, z).Y, at);
        return new(geometry, voxels);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void RampStaysInPlaceAndTruthIsExactlyTheThickExtent(int start)
    {
        var geometry = new VolumeGeometry([5, 25, 6], [1, 0.75, 1], [3, -8, 2]);
        var image = Make(geometry, (y, _) => (float)y);
        var label = Make(geometry, (y, _) => y > 2 ? 1 : 0);
        var uncertainty = Make(geometry, (y, _) => (float)(0.2 + y / 1000));
        var sample = PseudoDataGenerator.Create(image, label, uncertainty, SliceAxis.Y, SliceProfile.Gaussian(4), start);
        int slices = (25 - start) / 4;
        Assert.Equal(slices, sample.Image.Height);
        Assert.Equal(4 * slices, sample.HrLabel.Height);
        Assert.Equal(start, sample.Start);
        foreach (var volume in new[] { sample.Label, sample.Uncertainty }) Assert.True(volume.Geometry.IsSameGrid(sample.Image.Geometry));
        Assert.True(sample.Image.Geometry.Refine(4, SliceAxis.Y).IsSameGrid(sample.HrLabel.Geometry));
        for (int j = 2; j < slices - 2; j++) Assert.Equal(sample.Image.Geometry.ToPhysical(0, j, 0).Y, sample.Image[2, j, 3], 1e-4);
        for (int j = 0; j < 4 * slices; j++) Assert.Equal(label[1, start + j, 1], sample.HrLabel[1, j, 1]);
        for (int j = 0; j < slices; j++) Assert.Equal((start + 4 * j + 1.5) / 24, sample.Uncertainty[3, j, 2], 1e-4);
    }

    [Fact]
    public void UncertaintyIsNormalisedOverTheVolume()
    {
        var geometry = new VolumeGeometry([3, 8, 3], [1, 1, 1]);
        var random = new Random(1);
        var image = Make(geometry, (_, _) => random.NextSingle());
        var label = Make(geometry, (_, _) => 0);
        var constant = PseudoDataGenerator.Create(image, label, Make(geometry, (_, _) => 0.7f), SliceAxis.Y, SliceProfile.Gaussian(2), 0);
        Assert.All(constant.Uncertainty.Memory.ToArray(), u => Assert.Equal(0, u));
        var spread = PseudoDataGenerator.Create(image, label, Make(geometry, (y, _) => y < 4 ? 0.3f : 0.9f), SliceAxis.Y, SliceProfile.Gaussian(2), 0);
        Assert.Equal([0, 0, 1, 1], Enumerable.Range(0, 4).Select(j => spread.Uncertainty[1, j, 1]));
    }

    [Fact]
    public void WrongInputIsRefused()
    {
        var geometry = new VolumeGeometry([3, 8, 3], [1, 1, 1]);
        var volume = Make(geometry, (_, _) => 0);
        var other = Make(new([3, 9, 3], [1, 1, 1]), (_, _) => 0);
        Assert.Throws<GeometryMismatchException>(() => PseudoDataGenerator.Create(volume, other, volume, SliceAxis.Y, SliceProfile.Gaussian(2), 0));
        Assert.Throws<GeometryMismatchException>(() => PseudoDataGenerator.Create(volume, volume, other, SliceAxis.Y, SliceProfile.Gaussian(2), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => PseudoDataGenerator.Create(volume, volume, volume, SliceAxis.Y, SliceProfile.Gaussian(2), 2));
    }
}
