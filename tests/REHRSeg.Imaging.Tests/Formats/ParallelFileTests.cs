namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Plain files of many blocks are read and written at several places at once.</summary>
public class ParallelFileTests
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

    [Theory]
    [InlineData(".nii", VolumeDataType.Int16)]
    [InlineData(".nii", VolumeDataType.Float64)]
    [InlineData(".hdr", VolumeDataType.Float32)]
    [InlineData(".mha", VolumeDataType.Int32)]
    public async Task TheBytesAreThoseOfWritingInOrder(string ending, VolumeDataType type)
    {
        using var folder = new TempFolder();
        VolumeFile.Write(s_volume, folder["a" + ending], type);
        await VolumeFile.WriteAsync(s_volume, folder["b" + ending], type);
        using (var slabs = VolumeFile.OpenWrite(folder["c" + ending], s_volume.Geometry, 1, type))
        {
            slabs.WriteSlices(s_volume.Memory[..(31 * 130 * 120)]);
            slabs.WriteSlices(s_volume.Memory.Slice(31 * 130 * 120, 1 * 130 * 120));
            slabs.WriteSlices(s_volume.Memory[(32 * 130 * 120)..]);
            slabs.Complete();
        }
        foreach (string other in (string[])["b", "c"])
        {
            Assert.Equal(File.ReadAllBytes(folder["a" + ending]), File.ReadAllBytes(folder[other + ending]));
            if (ending == ".hdr") Assert.Equal(File.ReadAllBytes(folder["a.img"]), File.ReadAllBytes(folder[other + ".img"]));
        }
    }

    [Fact]
    public void TheFirstValueThatDoesNotFitIsNamed()
    {
        using var folder = new TempFolder();
        float[] voxels = [.. s_volume.Voxels];
        (voxels[^1], voxels[300_000], voxels[300_001]) = (1e6f, 70_000, 80_000);
        var error = Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(s_volume.WithVoxels(voxels), folder["a.nii"], VolumeDataType.Int16));
        Assert.Contains("is 70000", error.Message);
        Assert.Contains($"({300_000 % 130}, {300_000 / 130 % 120}, {300_000 / 130 / 120})", error.Message);
        Assert.Empty(Directory.GetFiles(folder.Path));
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
