namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Plain files of many blocks are read at several places at once.</summary>
public class ParallelReadTests
{
    static readonly MLVolume s_volume = new(new([130, 120, 40], [1, 1, 2]), (float[])[.. Enumerable.Range(0, 130 * 120 * 40).Select(i => (float)(i * 7919L % 4001 - 2000))]);

    [Theory]
    [InlineData(".nii", VolumeDataType.Int16)]
    [InlineData(".nii", VolumeDataType.Float64)]
    [InlineData(".hdr", VolumeDataType.Float32)]
    [InlineData(".mha", VolumeDataType.Int32)]
    public async Task EqualsReadingInOrder(string ending, VolumeDataType type)
    {
        using var folder = new TempFolder();
        VolumeFile.Write(s_volume, folder["a" + ending], type);
        Assert.Equal(s_volume.Voxels, VolumeFile.Read(folder["a" + ending]).Voxels);
        var inOrder = await VolumeFile.ReadAsync(folder["a" + ending]);
        Assert.Equal(s_volume.Voxels, inOrder.Voxels);
    }

    [Fact]
    public void ACallersFileStandsBehindTheVoxelsAfterwards()
    {
        using var folder = new TempFolder();
        VolumeFile.Write(s_volume, folder["a.nii"], VolumeDataType.Int16);
        File.AppendAllText(folder["a.nii"], "more");
        using var file = File.OpenRead(folder["a.nii"]);
        Assert.Equal(s_volume.Voxels, VolumeFile.Read(file, "a.nii").Voxels);
        Assert.Equal("more", new StreamReader(file).ReadToEnd());
    }

    [Fact]
    public void AValueBeyondFloatIsNamedAsWhenReadInOrder()
    {
        using var folder = new TempFolder();
        VolumeFile.Write(s_volume, folder["a.nii"], VolumeDataType.Float64);
        using (var file = File.OpenWrite(folder["a.nii"]))
        {
            file.Position = file.Length - 8000;
            file.Write(BitConverter.GetBytes(1e300));
        }
        Assert.Contains("beyond", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(folder["a.nii"])).Message);
    }

    [Fact]
    public void ATruncatedFileIsRefused()
    {
        using var folder = new TempFolder();
        VolumeFile.Write(s_volume, folder["a.nii"], VolumeDataType.Int16);
        using (var file = File.OpenWrite(folder["a.nii"])) file.SetLength(file.Length - 1);
        Assert.Contains("truncated", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(folder["a.nii"])).Message);
    }
}
