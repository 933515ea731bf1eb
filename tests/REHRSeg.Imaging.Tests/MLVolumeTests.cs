using CsCheck;

namespace REHRSeg.Imaging.Tests;

public class MLVolumeTests
{
    static readonly Gen<MLVolume> s_volumes =
        from geometry in VolumeGeometryTests.Geometries
        from channels in Gen.Int[1, 3]
        from voxels in Gen.Single.Array[channels * geometry.VoxelCount]
        select new MLVolume(geometry, voxels, channels);

    [Fact]
    public void Swapping_axes_twice_restores_every_bit() => Gen.Select(s_volumes, VolumeGeometryTests.Axes, VolumeGeometryTests.Axes).Sample((v, a, b) =>
    {
        var back = v.SwapAxes(a, b).SwapAxes(a, b);
        Assert.Equal(v.Geometry, back.Geometry);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.AsBytes(v.Voxels).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(back.Voxels)));
    });

    [Fact]
    public void Swapping_axes_moves_each_voxel() => Gen.Select(s_volumes, VolumeGeometryTests.Axes, VolumeGeometryTests.Axes).Sample((v, a, b) =>
    {
        var swapped = v.SwapAxes(a, b);
        for (int c = 0; c < v.Channels; c++)
            for (int z = 0; z < v.Depth; z++)
                for (int y = 0; y < v.Height; y++)
                    for (int x = 0; x < v.Width; x++)
                    {
                        int[] index = [x, y, z];
                        (index[(int)a], index[(int)b]) = (index[(int)b], index[(int)a]);
                        Assert.Equal(v.Channel(c)[(z * v.Height + y) * v.Width + x], swapped.Channel(c)[(index[2] * swapped.Height + index[1]) * swapped.Width + index[0]]);
                    }
    }, iter: 30);

    [Fact]
    public void A_volume_survives_its_file() => s_volumes.Sample(v =>
    {
        using var folder = new TempFolder();
        VolumeFile.Write(v, folder["x.nii.gz"]);
        var back = VolumeFile.Read(folder["x.nii.gz"]);
        Assert.True(v.Voxels.SequenceEqual(back.Voxels));
        Assert.Equal(v.Channels, back.Channels);
        Assert.Null(v.Geometry.DescribeDifference(back.Geometry));
    }, iter: 100);

    [Fact]
    public void The_number_of_voxels_is_checked()
    {
        Assert.Throws<ArgumentException>(() => new MLVolume(new([2, 2, 2], [1, 1, 1]), new float[9]));
        Assert.Throws<ArgumentException>(() => new MLVolume(new([2, 2, 2], [1, 1, 1]), new float[8], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MLVolume(new([2, 2, 2], [1, 1, 1]), new float[0], 0));
    }

    [Fact]
    public void A_different_grid_is_named_with_both_volumes()
    {
        var a = new MLVolume(new([2, 2, 2], [1, 1, 1]), new float[8]);
        var b = new MLVolume(new([2, 2, 2], [1, 1, 2]), new float[8]);
        var e = Assert.Throws<GeometryMismatchException>(() => a.RequireSameGrid(b, "image.nii", "label.nii"));
        Assert.StartsWith("image.nii and label.nii do not lie on the same grid: spacing (1, 1, 1) against (1, 1, 2) mm", e.Message);
    }

    [Fact]
    public void One_line_tells_shape_spacing_and_orientation() => Assert.Equal("MLVolume 2 x 10x20x30 voxels of 1x1x3.5 mm, LPS; 0.0 MB", new MLVolume(new([10, 20, 30], [1, 1, 3.5]), new float[12000], 2).ToString());
}
