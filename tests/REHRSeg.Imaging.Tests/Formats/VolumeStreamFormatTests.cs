using System.IO.Compression;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>What <see cref="IVolumeStreamFormat"/> asks of streams and formats.</summary>
public sealed class VolumeStreamFormatTests
{
    static readonly VolumeGeometry s_geometry = new([2, 3, 4], [0.5, 0.75, 4]);
    static readonly MLVolume s_volume = new(s_geometry, new float[24]);

    static byte[] Bytes(string name)
    {
        var stream = new MemoryStream();
        VolumeFile.Write(s_volume, stream, name);
        return stream.ToArray();
    }

    [Theory]
    [InlineData("a.nii.gz", new byte[] { 1, 2, 3 }, "not gzip")]
    [InlineData("a.nii", new byte[] { 0x1F, 0x8B, 3 }, "rename the file to .nii.gz")]
    public void Content_must_be_compressed_as_the_name_says(string name, byte[] content, string message)
        => Assert.Contains(message, Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(new MemoryStream(content), name)).Message);

    [Fact]
    public void A_stream_that_cannot_seek_or_has_been_read_is_refused()
    {
        using var once = new GZipStream(new MemoryStream(Bytes("a.nii.gz")), CompressionMode.Decompress);
        Assert.Contains("MemoryStream", Assert.Throws<ArgumentException>(() => VolumeFile.Read(once, "a.nii")).Message);
        using var read = new MemoryStream(Bytes("a.nii"));
        read.ReadByte();
        Assert.Contains("Position", Assert.Throws<ArgumentException>(() => VolumeFile.Read(read, "a.nii")).Message);
    }

    [Fact]
    public void A_format_of_files_alone_says_so()
    {
        VolumeFile.Register(new FileOnly());
        Assert.StartsWith("x.fileonly: .fileonly can be read and written as a file only", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(new MemoryStream(), "x.fileonly")).Message);
        Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(s_volume, new MemoryStream(), "x.fileonly"));
    }

    sealed class FileOnly : IVolumeFormat
    {
        public IReadOnlyList<string> Endings { get; } = [".fileonly"];
        public MLVolume Read(string path, VolumeReadLimits limits) => s_volume;
        public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => s_geometry;
        public void Write(MLVolume volume, string path, VolumeDataType dataType) => File.WriteAllText(path, "");
    }
}
