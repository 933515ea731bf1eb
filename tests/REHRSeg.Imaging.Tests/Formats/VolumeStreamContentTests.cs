using System.IO.Compression;

namespace REHRSeg.Imaging.Tests.Formats;

public sealed class VolumeStreamContentTests : IDisposable
{
    static readonly VolumeGeometry s_geometry = new([2, 3, 4], [0.5, 0.75, 4], [-12.5, 30, 7.25], [0, 0, 1, 1, 0, 0, 0, 1, 0]);
    static readonly MLVolume s_volume = new(s_geometry, Enumerable.Range(0, 48).Select(i => i * 1.5f).ToArray(), channels: 2);
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static byte[] Bytes(string name)
    {
        var stream = new MemoryStream();
        VolumeFile.Write(s_volume, stream, name);
        return stream.ToArray();
    }

    [Theory]
    [InlineData("a.nii")]
    [InlineData("a.NII.GZ")]
    public void A_stream_holds_the_bytes_of_the_file(string name)
    {
        VolumeFile.Write(s_volume, _folder[name]);
        Assert.Equal(File.ReadAllBytes(_folder[name]), Bytes(name));
        using var stream = new MemoryStream(Bytes(name));
        var back = VolumeFile.Read(stream, name);
        Assert.Equal(s_volume.Voxels, back.Voxels);
        Assert.Equal(2, back.Channels);
        Assert.Equal(VolumeFile.ReadGeometry(_folder[name]), back.Geometry);
        Assert.True(stream.CanRead);
    }

    [Theory]
    [InlineData("a.nii", new byte[0], "file length is 0 bytes")]
    [InlineData("a.nii", new byte[] { 1, 2, 3 }, "it ends within the header")]
    public void Damaged_content_is_refused_by_name_and_the_stream_stays_open(string name, byte[] content, string message)
    {
        using var stream = new MemoryStream(content);
        var e = Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(stream, name));
        Assert.StartsWith(name + ": ", e.Message);
        Assert.Contains(message, e.Message);
        Assert.True(stream.CanRead);
    }

    [Fact]
    public void Limits_apply_to_streams()
    {
        var e = Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(new MemoryStream(Bytes("a.nii.gz")), "a.nii.gz", new() { MaxVoxels = 47 }));
        Assert.Contains("more than the 47 voxels", e.Message);
    }

    [Fact]
    public void A_stream_that_cannot_seek_is_written()
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true)) VolumeFile.Write(s_volume, gzip, "a.nii");
        Assert.Equal(s_volume.Voxels, VolumeFile.Read(new MemoryStream(compressed.ToArray()), "a.nii.gz").Voxels);
    }

    [Fact]
    public void Labels_take_the_smallest_type_and_fractions_are_refused()
    {
        var stream = new MemoryStream();
        VolumeFile.WriteLabels(s_volume.WithVoxels(new float[24]), stream, "a.nii");
        Assert.Equal(352 + 24, stream.Length);
        Assert.StartsWith("b.nii: a label is 1.5", Assert.Throws<VolumeFormatException>(() => VolumeFile.WriteLabels(s_volume, new MemoryStream(), "b.nii")).Message);
    }

    [Fact]
    public void A_value_that_does_not_fit_is_told_with_the_name() =>
        Assert.StartsWith("c.nii: voxel", Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(s_volume.WithVoxels(new float[24].Select(_ => -1f).ToArray()), new MemoryStream(), "c.nii", VolumeDataType.UInt8)).Message);
}
