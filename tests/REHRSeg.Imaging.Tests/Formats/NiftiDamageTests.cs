using System.Buffers.Binary;
using System.IO.Compression;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Damaged and hostile files: one clear message each, before memory is spent.</summary>
public sealed class NiftiDamageTests : IDisposable
{
    readonly TempFolder _folder = new();
    readonly byte[] _good;

    public NiftiDamageTests()
    {
        var values = Enumerable.Range(0, 60).Select(i => (float)(i * 37 % 101)).ToArray();
        VolumeFile.Write(new(new([3, 4, 5], [1, 2, 3]), values), _folder["good.nii"]);
        _good = File.ReadAllBytes(_folder["good.nii"]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 349, "sizeof_hdr", "349")]
    [InlineData(0, 540, "magic", "n+2")]
    [InlineData(40, 0, "dim[0]", "0")]
    [InlineData(40, 8, "dim[0]", "8")]
    [InlineData(40, -3, "dim[0]", "-3")]
    [InlineData(42, 0, "dim[1]", "0")]
    [InlineData(44, -4, "dim[2]", "-4")]
    [InlineData(70, 32, "datatype", "complex64")]
    [InlineData(70, 128, "datatype", "RGB24")]
    [InlineData(70, 2304, "datatype", "RGBA32")]
    [InlineData(70, 3, "datatype", "not defined")]
    [InlineData(72, 16, "bitpix", "16")]
    public void A_wrong_integer_field_is_named(int at, short value, string field, string detail)
    {
        var bytes = _good.ToArray();
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), value);
        AssertRefused(bytes, field, detail);
    }

    [Theory]
    [InlineData(108, 0f, "vox_offset")]
    [InlineData(108, -352f, "vox_offset")]
    [InlineData(108, 352.5f, "vox_offset")]
    [InlineData(108, float.NaN, "vox_offset")]
    [InlineData(108, 1e9f, "vox_offset")]
    [InlineData(116, float.PositiveInfinity, "scl_inter")]
    [InlineData(280, float.NaN, "sform")]
    [InlineData(292, float.NegativeInfinity, "sform")]
    [InlineData(284, 0.5f, "perpendicular")]
    public void A_wrong_real_field_is_named(int at, float value, string field)
    {
        var bytes = _good.ToArray();
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), value);
        AssertRefused(bytes, field);
    }

    [Fact]
    public void A_quaternion_longer_than_1_is_refused()
    {
        var bytes = _good.ToArray();
        bytes[254] = 0;
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(256), 2);
        AssertRefused(bytes, "quatern_b");
    }

    [Fact]
    public void A_pixdim_of_0_is_refused_where_it_counts()
    {
        var bytes = _good.ToArray();
        (bytes[252], bytes[254]) = (0, 0);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(84), 0);
        AssertRefused(bytes, "pixdim[2]");
    }

    [Fact]
    public void A_slight_shear_from_rounding_becomes_the_nearest_rotation()
    {
        var bytes = _good.ToArray();
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(284), 0.001f);
        File.WriteAllBytes(_folder["x.nii"], bytes);
        var direction = VolumeFile.ReadGeometry(_folder["x.nii"]).Direction;
        Assert.Equal(0, direction[0] * direction[1] + direction[3] * direction[4] + direction[6] * direction[7], 1e-12);
        Assert.NotEqual(0, direction[1]);
    }

    [Fact]
    public void A_header_without_its_image_and_Analyze_are_refused()
    {
        var bytes = _good.ToArray();
        "ni1\0"u8.CopyTo(bytes.AsSpan(344));
        AssertRefused(bytes, "magic", ".hdr");
        bytes.AsSpan(344, 4).Clear();
        AssertRefused(bytes, "magic", "Analyze");
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(4, "header")]
    [InlineData(347, "header")]
    [InlineData(348, "592")]
    [InlineData(591, "592")]
    public void A_truncated_file_is_refused(int length, string detail) => AssertRefused(_good[..length], "file length", detail);

    [Fact]
    public void Every_truncation_of_a_compressed_file_is_refused()
    {
        var packed = Gzip(_good);
        for (int length = 0; length < packed.Length; length++) AssertRefused(packed[..length], ending: ".nii.gz");
        Assert.Equal(60, Read(packed, ".nii.gz").Voxels.Length);
    }

    [Fact]
    public void A_flipped_byte_in_the_compressed_data_never_gives_another_exception()
    {
        var packed = Gzip(_good);
        for (int at = 0; at < packed.Length; at++)
        {
            var bytes = packed.ToArray();
            bytes[at] ^= 0x5A;
            try { Read(bytes, ".nii.gz"); }
            catch (VolumeFormatException e) { Assert.Contains("x.nii.gz", e.Message); }
        }
    }

    [Fact]
    public void A_flipped_byte_in_the_header_never_gives_another_exception()
    {
        for (int at = 0; at < 352; at++)
            foreach (byte mask in (byte[])[0x01, 0x80, 0xFF])
            {
                var bytes = _good.ToArray();
                bytes[at] ^= mask;
                try { Read(bytes); }
                catch (VolumeFormatException e) { Assert.Contains("x.nii", e.Message); }
            }
    }

    [Fact]
    public void A_huge_claim_is_refused_before_memory_is_spent()
    {
        var bytes = _good.ToArray();
        foreach (int at in (int[])[42, 44, 46]) BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(bytes, "file length", "1000x1000x1000");
        AssertRefused(Gzip(bytes), "file length", "1000x1000x1000", ".nii.gz");
        foreach (int at in (int[])[42, 44, 46]) BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), short.MaxValue);
        AssertRefused(bytes, "dim", "MaxVoxels");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
    }

    [Fact]
    public void A_compressed_file_that_claims_more_than_it_holds_costs_little_memory()
    {
        var noise = new byte[1 << 16];
        new Random(1).NextBytes(noise);
        var bytes = _good[..352].Concat(noise).ToArray();
        foreach (int at in (int[])[42, 44, 46]) BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), 250); // 62 MB, within 1032 times the file
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(Gzip(bytes), "file length", "ends within the voxels", ".nii.gz");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 12 << 20);
    }

    [Fact]
    public void Other_data_after_the_voxels_are_ignored_as_nibabel_and_ITK_do()
    {
        byte[] garbage = [.. _good, 1, 2, 3], padded = [.. _good, .. new byte[512]];
        foreach (byte[] content in (byte[][])[garbage, padded])
        {
            Assert.Equal(60, Read(content).Voxels.Length);
            Assert.Equal(60, Read(Gzip(content), ".nii.gz").Voxels.Length);
        }
        Assert.Equal(60, Read([.. Gzip(_good), 1, 2, 3, 4, 5], ".nii.gz").Voxels.Length);
        Assert.Equal(60, Read([.. Gzip(_good), .. new byte[700]], ".nii.gz").Voxels.Length);
    }

    [Fact]
    public void Concatenated_gzip_members_are_one_file()
    {
        foreach (int cut in (int[])[1, 348, 352, 400, 591])
            Assert.Equal(Read(_good).Voxels, Read([.. Gzip(_good[..cut]), .. Gzip([]), .. Gzip(_good[cut..])], ".nii.gz").Voxels);
        byte[] two = [.. Gzip(_good[..400]), .. Gzip(_good[400..])];
        for (int length = two.Length - 20; length < two.Length; length++) AssertRefused(two[..length], ending: ".nii.gz");
    }

    [Fact]
    public void A_wrong_checksum_and_a_wrong_length_are_refused()
    {
        foreach (int back in (int[])[1, 4, 5, 8])
        {
            var packed = Gzip(_good);
            packed[^back] ^= 1;
            AssertRefused(packed, "compressed data", ending: ".nii.gz");
        }
    }

    [Fact]
    public void A_compressed_file_without_gz_and_a_plain_one_with_it_are_named()
    {
        AssertRefused(Gzip(_good), "file content", "rename");
        AssertRefused(_good, "file content", "not gzip", ".nii.gz");
    }

    [Fact]
    public void Limits_bound_voxels_and_extensions()
    {
        File.WriteAllBytes(_folder["x.nii"], _good);
        Assert.Contains("59", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.nii"], new() { MaxVoxels = 59 })).Message);
        byte[] extended = [.. _good[..352], .. new byte[64], .. _good[352..]];
        BinaryPrimitives.WriteSingleLittleEndian(extended.AsSpan(108), 416);
        Assert.Equal(Read(_good).Voxels, Read(extended).Voxels);
        Assert.Contains("vox_offset", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.nii"], new() { MaxExtensionBytes = 63 })).Message);
    }

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(2, 1)]
    [InlineData(3, 0.001)]
    public void Units_of_length_become_millimetres(byte units, double millimetres)
    {
        var bytes = _good.ToArray();
        bytes[123] = units;
        File.WriteAllBytes(_folder["x.nii"], bytes);
        NiftiFormatTests.AssertClose([millimetres, 2 * millimetres, 3 * millimetres], VolumeFile.ReadGeometry(_folder["x.nii"]).Spacing, 1e-9);
    }

    static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    MLVolume Read(byte[] bytes, string ending = ".nii")
    {
        File.WriteAllBytes(_folder["x" + ending], bytes);
        return VolumeFile.Read(_folder["x" + ending]);
    }

    void AssertRefused(byte[] bytes, string field = "", string detail = "", string ending = ".nii")
    {
        var e = Assert.Throws<VolumeFormatException>(() => Read(bytes, ending));
        Assert.Contains("x" + ending, e.Message);
        Assert.Contains(field, e.Message);
        Assert.Contains(detail, e.Message);
    }
}
