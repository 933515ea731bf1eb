using System.IO.Compression;
namespace REHRSeg.Imaging.Tests.Datasets;

public class MedicalCaseTests
{
    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void A_voxel_that_is_not_finite_is_located(float value, string text)
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        var voxels = PhantomDataset.ImageVolume(PhantomDataset.Grid).Voxels.ToArray();
        voxels[(3 * 5 + 2) * 6 + 1] = voxels[^1] = value;
        VolumeFile.Write(new(PhantomDataset.Grid, voxels), files.Image("a"));
        var e = Assert.Throws<VolumeFormatException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadImage());
        Assert.StartsWith($"{files.Image("a")}: voxel (x, y, z) = (1, 2, 3) is {text} (2 voxel(s)", e.Message);
    }

    [Fact]
    public void Channels_on_different_grids_are_named()
    {
        using var files = PhantomDataset.NnUNet(2, "a");
        VolumeFile.Write(PhantomDataset.ImageVolume(new([6, 5, 4], [1, 1, 4.1])), files.Image("a", 1));
        var e = Assert.Throws<GeometryMismatchException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadImage());
        Assert.Contains(files.Image("a", 1), e.Message);
        Assert.Contains("4.1", e.Message);
    }

    [Fact]
    public void Unnamed_labels_are_counted_and_the_known_ones_listed()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        var voxels = PhantomDataset.LabelVolume(PhantomDataset.Grid).Voxels.ToArray();
        (voxels[4], voxels[5], voxels[20]) = (7, 7, -1);
        VolumeFile.WriteLabels(new(PhantomDataset.Grid, voxels), files.Label("a"));
        var e = Assert.Throws<DatasetException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadLabel(PhantomDataset.Labels));
        Assert.StartsWith($"{files.Label("a")}: 1 voxel(s) have the label -1 and 2 voxel(s) have the label 7, which dataset.json does not name (known: 0 background, 1 Anterior, 2 Posterior)", e.Message);
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(float.NaN)]
    [InlineData(1e20f)]
    public void A_label_that_is_no_integer_is_located(float value)
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        var voxels = new float[PhantomDataset.Grid.VoxelCount];
        voxels[7] = value;
        VolumeFile.Write(new(PhantomDataset.Grid, voxels), files.Label("a"));
        Assert.Contains("(1, 1, 0)", Assert.Throws<DatasetException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadLabel(PhantomDataset.Labels)).Message);
    }

    [Theory]
    [InlineData(255f, "label 255")]
    [InlineData(-1f, "label -1")]
    [InlineData(1e6f, "label 1000000")]
    [InlineData(1.0001f, null)]
    public void A_label_out_of_the_ordinary_is_named_or_rounded(float value, string? message)
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        var voxels = new float[PhantomDataset.Grid.VoxelCount];
        voxels[7] = value;
        VolumeFile.Write(new(PhantomDataset.Grid, voxels), files.Label("a"));
        var label = () => MedicalDataset.Open(files.Path).Cases[0].ReadLabel(PhantomDataset.Labels);
        if (message is null) Assert.Equal(1, label().Voxels[7]);
        else Assert.Contains(message, Assert.Throws<DatasetException>(label).Message);
    }

    [Fact]
    public void A_label_map_of_four_axes_is_refused()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        VolumeFile.Write(new(PhantomDataset.Grid, new float[2 * PhantomDataset.Grid.VoxelCount], 2), files.Label("a"), VolumeDataType.UInt8);
        Assert.Contains("one channel, not 2", Assert.Throws<VolumeFormatException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadLabel(PhantomDataset.Labels)).Message);
    }

    [Fact]
    public void A_label_map_of_five_axes_is_refused()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        VolumeFile.Write(new(PhantomDataset.Grid, new float[2 * PhantomDataset.Grid.VoxelCount], 2), files.Label("a"), VolumeDataType.UInt8);
        byte[] bytes;
        using (var inflated = new MemoryStream())
        {
            using (var gzip = new GZipStream(File.OpenRead(files.Label("a")), CompressionMode.Decompress)) gzip.CopyTo(inflated);
            bytes = inflated.ToArray();
        }
        (bytes[40], bytes[48], bytes[50]) = (5, 1, 2); // dim[0], dim[4], dim[5]
        File.WriteAllBytes(files.Label("a"), Formats.Hostile.Gzip(bytes));
        Assert.Contains("one channel, not 2", Assert.Throws<VolumeFormatException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadLabel(PhantomDataset.Labels)).Message);
    }

    [Theory]
    [InlineData(1e-8, 0, true)]
    [InlineData(1e-3, 0, true)]
    [InlineData(0.1, 0, false)]
    [InlineData(0, 1e-4, true)]
    [InlineData(0, 1e-3, false)]
    [InlineData(0, Math.PI / 2, false)]
    public void A_label_map_beside_its_image_is_taken_or_refused(double shift, double turn, bool same)
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        var (grid, c, s) = (PhantomDataset.Grid, Math.Cos(turn), Math.Sin(turn));
        VolumeFile.Write(PhantomDataset.ImageVolume(grid), files.Image("a"));
        VolumeFile.WriteLabels(PhantomDataset.LabelVolume(new(grid.Size.AsSpan(), grid.Spacing.AsSpan(), [grid.Origin[0] + shift, grid.Origin[1], grid.Origin[2]], [c, -s, 0, s, c, 0, 0, 0, 1])), files.Label("a"));
        var pair = () => { MedicalDataset.Open(files.Path).Cases[0].ReadPair(PhantomDataset.Labels); };
        if (same) pair();
        else Assert.Contains(files.Label("a"), Assert.Throws<GeometryMismatchException>(pair).Message);
    }

    [Theory]
    [InlineData(".nrrd")]
    [InlineData(".mha")]
    public void Cases_in_other_formats_are_read(string ending)
    {
        using var folder = new TempFolder();
        VolumeFile.Write(PhantomDataset.ImageVolume(PhantomDataset.Grid), folder["a_0000" + ending]);
        VolumeFile.WriteLabels(PhantomDataset.LabelVolume(PhantomDataset.Grid), folder["a" + ending]);
        var (image, label) = new MedicalCase("a", [folder["a_0000" + ending]], folder["a" + ending]).ReadPair(PhantomDataset.Labels);
        Assert.Equal(PhantomDataset.ImageVolume(PhantomDataset.Grid).Voxels, image.Voxels);
        Assert.Equal(PhantomDataset.LabelVolume(PhantomDataset.Grid).Voxels, label.Voxels);
    }

    [Fact]
    public void A_case_without_label_file_says_so()
        => Assert.Contains("no label file", Assert.Throws<DatasetException>(() => new MedicalCase("a", ["a.nii"], null).ReadLabel(PhantomDataset.Labels)).Message);

    [Fact]
    public void Image_and_label_on_different_grids_are_named()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        VolumeFile.WriteLabels(PhantomDataset.LabelVolume(new([6, 5, 3], [1, 1, 4])), files.Label("a"));
        var e = Assert.Throws<GeometryMismatchException>(() => MedicalDataset.Open(files.Path).Cases[0].ReadPair(PhantomDataset.Labels));
        Assert.Contains("size 6x5x4 against 6x5x3", e.Message);
        Assert.Contains(files.Label("a"), e.Message);
    }
}
