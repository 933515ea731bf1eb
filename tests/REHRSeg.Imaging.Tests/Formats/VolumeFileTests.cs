using System.IO.Compression;
using System.Security.Cryptography;

namespace REHRSeg.Imaging.Tests.Formats;

public sealed class VolumeFileTests : IDisposable
{
    static readonly VolumeGeometry s_geometry = new([2, 3, 4], [0.5, 0.75, 4], [-12.5, 30, 7.25], [0, 0, 1, 1, 0, 0, 0, 1, 0]);
    const string s_sha256 = "254FFF306C4AC34A57458FEA72580C1DC9ACC1DA635EAB30336B5DB7E3749629";
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static MLVolume Volume(Func<int, float> value, int channels = 1) => new(s_geometry, Enumerable.Range(0, 24 * channels).Select(value).ToArray(), channels);

    [Theory]
    [InlineData(VolumeDataType.UInt8, 0f, 255f)]
    [InlineData(VolumeDataType.Int16, -32768f, 32767f)]
    [InlineData(VolumeDataType.UInt16, 0f, 65535f)]
    [InlineData(VolumeDataType.Int32, -16777216f, 16777216f)]
    [InlineData(VolumeDataType.Int8, -128f, 127f)]
    [InlineData(VolumeDataType.UInt32, 0f, 4294967040f)]
    [InlineData(VolumeDataType.Int64, -9223372036854775808f, 9223371487098961920f)]
    [InlineData(VolumeDataType.UInt64, 0f, 18446742974197923840f)]
    [InlineData(VolumeDataType.Float32, -1e30f, 1.25e-30f)]
    [InlineData(VolumeDataType.Float64, -1e30f, 1.25e-30f)]
    public void Each_data_type_comes_back_exactly(VolumeDataType type, float low, float high)
    {
        foreach (string ending in (string[])[".nii", ".nii.gz", ".hdr", ".nrrd", ".nhdr", ".mha", ".mhd"])
        {
            var volume = Volume(i => i % 2 == 0 ? low : high, channels: 2);
            VolumeFile.Write(volume, _folder["x" + ending], type);
            var back = VolumeFile.Read(_folder["x" + ending]);
            Assert.Equal(volume.Voxels, back.Voxels);
            Assert.Equal(2, back.Channels);
            Assert.Null(s_geometry.DescribeDifference(back.Geometry));
        }
    }

    [Fact]
    public void Integers_round_to_nearest()
    {
        VolumeFile.Write(Volume(i => i + 0.4f), _folder["x.nii"], VolumeDataType.UInt8);
        Assert.Equal(Volume(i => i).Voxels, VolumeFile.Read(_folder["x.nii"]).Voxels);
    }

    [Theory]
    [InlineData(VolumeDataType.UInt8, 256f)]
    [InlineData(VolumeDataType.UInt8, -1f)]
    [InlineData(VolumeDataType.Int16, 32768f)]
    [InlineData(VolumeDataType.UInt16, -0.6f)]
    [InlineData(VolumeDataType.Int32, 2147483648f)]
    [InlineData(VolumeDataType.Int8, 128f)]
    [InlineData(VolumeDataType.Int8, -128.6f)]
    [InlineData(VolumeDataType.UInt32, 4294967296f)]
    [InlineData(VolumeDataType.UInt32, -1f)]
    [InlineData(VolumeDataType.Int64, 9223372036854775808f)]
    [InlineData(VolumeDataType.UInt64, 18446744073709551616f)]
    [InlineData(VolumeDataType.UInt64, -1f)]
    [InlineData(VolumeDataType.Int16, float.NaN)]
    [InlineData(VolumeDataType.UInt8, float.PositiveInfinity)]
    public void A_value_that_does_not_fit_is_named_and_nothing_is_written(VolumeDataType type, float value)
    {
        var e = Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(Volume(i => i == 11 ? value : 1), _folder["x.nii.gz"], type));
        Assert.StartsWith(_folder["x.nii.gz"] + ": voxel (x, y, z) = (1, 2, 1) is ", e.Message);
        Assert.Contains(type.ToString(), e.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData(0, 255, 2)]
    [InlineData(0, 256, 4)]
    [InlineData(-1, 3, 4)]
    public void Labels_take_the_smallest_type(int low, int high, int datatype)
    {
        VolumeFile.WriteLabels(Volume(i => i == 0 ? low : high), _folder["x.nii"]);
        Assert.Equal(datatype, File.ReadAllBytes(_folder["x.nii"])[70]);
        Assert.Equal([low, high, high], VolumeFile.Read(_folder["x.nii"]).Voxels[..3].ToArray());
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(40000f)]
    [InlineData(float.NaN)]
    public void Labels_that_are_not_small_integers_are_refused(float value)
    {
        Assert.Contains("x.nii", Assert.Throws<VolumeFormatException>(() => VolumeFile.WriteLabels(Volume(_ => value), _folder["x.nii"])).Message);
        Assert.False(File.Exists(_folder["x.nii"]));
    }

    [Fact]
    public void A_written_file_is_the_one_that_nibabel_was_shown_to_read()
    {
        // tests/oracles/nifti/check_written.py reads this file with nibabel and finds these values and this affine.
        VolumeFile.Write(Volume(i => i * 1.5f - 7), _folder["x.nii"]);
        if (Environment.GetEnvironmentVariable("REHRSEG_KEEP_WRITTEN") is { Length: > 0 } keep) File.Copy(_folder["x.nii"], keep, overwrite: true);
        Assert.Equal(s_sha256, Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(_folder["x.nii"]))));
        VolumeFile.Write(Volume(i => i * 1.5f - 7), _folder["x.nii.gz"]);
        using var unpacked = new GZipStream(File.OpenRead(_folder["x.nii.gz"]), CompressionMode.Decompress);
        Assert.Equal(s_sha256, Convert.ToHexString(SHA256.HashData(unpacked)));
    }

    [Fact]
    public void The_folder_is_created_and_no_temporary_file_is_left()
    {
        string path = Path.Combine(_folder["a"], "b", "x.nii.gz");
        VolumeFile.Write(Volume(i => i), path);
        VolumeFile.Write(Volume(i => 2 * i), path);
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!));
        Assert.Equal(2, VolumeFile.Read(path).Voxels[1]);
    }

    [Fact]
    public void A_failed_write_keeps_the_previous_file()
    {
        VolumeFile.Write(Volume(i => i), _folder["x.nii"]);
        Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(Volume(_ => 1e9f), _folder["x.nii"], VolumeDataType.Int16));
        Assert.Equal(3, VolumeFile.Read(_folder["x.nii"]).Voxels[3]);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named_with_a_remedy()
    {
        File.WriteAllText(_folder["file"], "");
        string path = Path.Combine(_folder["file"], "out", "x.nii.gz");
        var e = Assert.Throws<IOException>(() => VolumeFile.Write(Volume(i => i), path));
        Assert.StartsWith(path + " cannot be written: ", e.Message);
        Assert.Contains("Choose another output folder", e.Message);
    }

    [Fact]
    public void A_folder_in_place_of_the_file_is_named()
    {
        Directory.CreateDirectory(_folder["x.nii"]);
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => VolumeFile.Write(Volume(i => i), _folder["x.nii"])).Message);
        Assert.Contains("is a folder", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.nii"])).Message);
    }

    [Fact]
    public void A_missing_file_and_an_unknown_ending_are_named()
    {
        Assert.Contains("none.nii", Assert.Throws<FileNotFoundException>(() => VolumeFile.Read(_folder["none.nii"])).Message);
        Assert.Contains(".nii.gz", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.dcm"])).Message);
    }

    [Fact]
    public void A_registered_format_reads_and_writes_its_ending()
    {
        VolumeFile.Register(new RawFloats());
        VolumeFile.Write(Volume(i => i), _folder["x.floats"]);
        Assert.Equal(Volume(i => i).Voxels, VolumeFile.Read(_folder["x.floats"]).Voxels);
        Assert.Equal("x", VolumeFile.NameWithoutEnding(_folder["x.floats"]));
        Assert.Throws<ArgumentException>(() => VolumeFile.Register(new RawFloats("floats")));
    }

    [Theory]
    [InlineData("a/b/CASE_0000.nii.gz", ".nii.gz", "CASE_0000")]
    [InlineData("CASE.v2.NII", ".nii", "CASE.v2")]
    [InlineData("x.gz", null, "x")]
    public void Endings_are_found(string path, string? ending, string name)
    {
        Assert.Equal(ending, VolumeFile.EndingOf(path));
        Assert.Equal(name, VolumeFile.NameWithoutEnding(path));
    }

    sealed class RawFloats(string ending = ".floats") : IVolumeFormat
    {
        public IReadOnlyList<string> Endings => [ending];
        public MLVolume Read(string path, VolumeReadLimits limits) => new(s_geometry, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray());
        public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => s_geometry;
        public void Write(MLVolume volume, string path, VolumeDataType dataType) => File.WriteAllBytes(path, System.Runtime.InteropServices.MemoryMarshal.AsBytes(volume.Voxels));
    }
}
