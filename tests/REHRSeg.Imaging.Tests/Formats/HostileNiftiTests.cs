using System.Buffers.Binary;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Hostile NIfTI files (both versions): refused with file, field and value, or read as other programs do where they are only unusual.</summary>
public sealed class HostileNiftiTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Fields at (byte of NIfTI-1, byte of NIfTI-2).</summary>
    static readonly Dictionary<string, (int At1, int At2)> s_fields = new()
    {
        ["dim[0]"] = (40, 16), ["dim[1]"] = (42, 24), ["dim[2]"] = (44, 32), ["dim[3]"] = (46, 40), ["dim[4]"] = (48, 48), ["dim[5]"] = (50, 56), ["datatype"] = (70, 12), ["bitpix"] = (72, 14),
        ["pixdim[0]"] = (76, 104), ["pixdim[1]"] = (80, 112), ["pixdim[3]"] = (88, 128), ["vox_offset"] = (108, 168), ["scl_slope"] = (112, 176), ["scl_inter"] = (116, 184),
        ["qform_code"] = (252, 344), ["sform_code"] = (254, 348), ["quatern_b"] = (256, 352), ["quatern_c"] = (260, 360), ["quatern_d"] = (264, 368), ["srow_x[0]"] = (280, 400), ["srow_x[1]"] = (284, 408), ["srow_y[1]"] = (300, 440), ["srow_z[3]"] = (324, 488),
    };

    public static TheoryData<int, string, double, string> Refusals()
    {
        var data = new TheoryData<int, string, double, string>();
        foreach (int version in (int[])[1, 2])
            foreach (var (field, value, detail) in ((string, double, string)[])
            [
                ("dim[0]", 0, "dim[0] is 0"), ("dim[0]", 8, "dim[0] is 8"), ("dim[0]", -1, "dim[0] is -1"), ("dim[1]", 0, "dim[1] is 0"), ("dim[2]", -4, "dim[2] is -4"), ("dim[3]", short.MinValue, "dim[3]"),
                ("datatype", 0, "unknown"), ("datatype", 1, "binary"), ("datatype", 32, "complex64"), ("datatype", 128, "RGB24"), ("datatype", 9999, "9999"), ("datatype", -2, "-2"), ("bitpix", 17, "bitpix is 17"), ("bitpix", -8, "bitpix"),
                ("vox_offset", -1, "vox_offset is -1"), ("vox_offset", 0, "vox_offset is 0"), ("vox_offset", 100000, "file length"), ("vox_offset", 1e9, "vox_offset"),
                ("scl_slope", 1e38, "scl_slope"), ("scl_inter", double.NaN, "scl_inter"), ("scl_inter", double.PositiveInfinity, "scl_inter"),
                ("srow_x[0]", 0, "sform"), ("srow_x[0]", double.NaN, "sform"), ("srow_x[1]", 0.4, "perpendicular"), ("srow_z[3]", double.PositiveInfinity, "origin"), ("srow_z[3]", 1e30, "origin"), ("srow_x[0]", 1e-30, "sform"), ("srow_x[0]", 1e30, "sform"),
            ]) data.Add(version, field, value, detail);
        foreach (double value in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity, 352.5]) data.Add(1, "vox_offset", value, "vox_offset");
        foreach (double value in (double[])[long.MinValue, long.MaxValue, 2.0 * int.MaxValue]) data.Add(2, "dim[1]", value, "dim[1]");
        foreach (double value in (double[])[long.MinValue, long.MaxValue]) data.Add(2, "vox_offset", value, "vox_offset");
        return data;
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_field_out_of_its_range_is_named(int version, string field, double value, string detail)
    {
        var bytes = Good(version);
        if (field == "scl_inter") Put(bytes, version, "scl_slope", 2);
        Put(bytes, version, field, value);
        Hostile.AssertRefused(_folder, "x.nii", bytes, detail);
        Hostile.AssertRefused(_folder, "x.nii.gz", Hostile.Gzip(bytes), detail);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Where_only_the_qform_counts_its_fields_are_checked(int version)
    {
        foreach (var (field, value, detail) in ((string, double, string)[])[("pixdim[1]", 0, "pixdim[1] is 0"), ("pixdim[3]", double.NaN, "pixdim[3] is NaN"), ("pixdim[1]", double.PositiveInfinity, "pixdim[1]"), ("quatern_b", 1.5, "quatern_b"), ("quatern_c", double.NaN, "quatern_b")])
        {
            var bytes = Good(version);
            Put(bytes, version, "sform_code", 0);
            Put(bytes, version, field, value);
            Hostile.AssertRefused(_folder, "x.nii", bytes, detail);
        }
        var unused = Good(version);
        Put(unused, version, "pixdim[1]", double.NaN);
        Put(unused, version, "quatern_b", 99);
        Hostile.AssertRead(_folder, "x.nii", unused);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_only_unusual_is_read(int version)
    {
        var good = Hostile.AssertRead(_folder, "x.nii", Good(version));
        MLVolume With(params (string Field, double Value)[] changes)
        {
            var bytes = Good(version);
            foreach (var (field, value) in changes) Put(bytes, version, field, value);
            return Hostile.AssertRead(_folder, "y.nii", bytes);
        }
        Assert.Equal(good.Voxels, With(("scl_slope", 0), ("scl_inter", 55)).Voxels);
        Assert.Equal(good.Voxels, With(("scl_slope", double.NaN), ("scl_inter", 55)).Voxels);
        Assert.Equal(good.Voxels, With(("scl_slope", double.PositiveInfinity)).Voxels);
        Assert.Equal(2 * good.Voxels[5] - 3, With(("scl_slope", 2), ("scl_inter", -3)).Voxels[5]);
        Assert.Equal(good.Voxels, With(("bitpix", 0)).Voxels);
        // sform and qform in conflict: sform counts, as in nibabel.
        Assert.Equal(good.Geometry, With(("quatern_b", 0.6)).Geometry);
        // a quaternion that is too long by rounding counts as of length 1; a negative edge as its absolute value
        var turned = With(("sform_code", 0), ("quatern_d", 1.0001)).Geometry.Direction; // half a turn about z between RAS and LPS
        NiftiFormatTests.AssertClose([1, 1, 1], [turned[0], turned[4], turned[8]], 1e-6);
        Assert.Equal(2, With(("sform_code", 0), ("pixdim[1]", -2)).Geometry.Spacing[0], 1e-6);
        // both codes 0: nibabel's base affine, x to the left and the volume's centre at the origin of space
        var neither = With(("sform_code", 0), ("qform_code", 0)).Geometry;
        Assert.Equal((1.0, 0.0, 0.0), (neither.Direction[0], Math.Round(neither.ToPhysical(1, 1.5, 2).X, 9), Math.Round(neither.ToPhysical(1, 1.5, 2).Z, 9)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Axes_beyond_the_fourth_must_be_single(int version)
    {
        var bytes = Good(version);
        Put(bytes, version, "dim[0]", 5);
        Put(bytes, version, "dim[3]", 1);
        Put(bytes, version, "dim[4]", 5);
        Assert.Equal(5, Hostile.AssertRead(_folder, "x.nii", bytes).Channels);
        Put(bytes, version, "dim[4]", 1);
        Put(bytes, version, "dim[5]", 5);
        Assert.Equal(5, Hostile.AssertRead(_folder, "x.nii", bytes).Channels);
        Put(bytes, version, "dim[4]", 5);
        Put(bytes, version, "dim[3]", 1);
        Hostile.AssertRefused(_folder, "x.nii", bytes, "dim[5] is 5");
    }

    [Theory]
    [InlineData(1, 32767, 32767, 32767)]
    [InlineData(1, 32767, 32767, 1)]
    [InlineData(2, 2147483647, 2147483647, 2147483647)]
    [InlineData(2, 65536, 65536, 1)]
    [InlineData(2, 4294967296, 4294967296, 1)]
    [InlineData(2, 2097152, 2097152, 2097152)]
    public void Products_that_overflow_are_refused_before_memory_is_spent(int version, double x, double y, double z)
    {
        var bytes = Good(version);
        Put(bytes, version, "dim[1]", x);
        Put(bytes, version, "dim[2]", y);
        Put(bytes, version, "dim[3]", z);
        Hostile.AssertRefused(_folder, "x.nii", bytes, "dim", "voxels");
        File.WriteAllBytes(_folder["y.nii"], bytes[..377]);
        var limits = new VolumeReadLimits { MaxVoxels = long.MaxValue };
        Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["y.nii"], limits));
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(3, "file length is 3 bytes")]
    [InlineData(347, "file length is 347 bytes")]
    [InlineData(348, "file length is 348 bytes")]
    [InlineData(351, "file length is 351 bytes")]
    [InlineData(411, "file length is 411 bytes")]
    public void A_truncated_file_is_refused(int length, string detail)
    {
        var good = Good(1);
        Assert.Equal(412, good.Length);
        Hostile.AssertRefused(_folder, "x.nii", good[..length], detail);
        if (length > 0) Hostile.AssertRefused(_folder, "x.nii.gz", Hostile.Gzip(good[..length]), "x.nii.gz");
    }

    [Theory]
    [InlineData("x.nii")]
    [InlineData("x.nii.gz")]
    [InlineData("x.nrrd")]
    [InlineData("x.mha")]
    public void A_named_pipe_is_refused_and_not_waited_for(string name)
    {
        if (OperatingSystem.IsWindows()) File.WriteAllBytes(_folder[name], []);
        else
        {
            using var make = System.Diagnostics.Process.Start("mkfifo", _folder[name]);
            make.WaitForExit();
        }
        Assert.True(File.Exists(_folder[name]));
        Assert.Contains("no ordinary file", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder[name])).Message);
        File.WriteAllText(_folder["y.mhd"], $"NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = {name}\n");
        Assert.Contains("no ordinary file", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["y.mhd"])).Message);
    }

    [Fact]
    public void Magic_and_header_size_belong_together()
    {
        var bytes = Good(1);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, 540);
        Hostile.AssertRefused(_folder, "x.nii", [.. bytes, .. new byte[300]], "magic");
        BinaryPrimitives.WriteInt32BigEndian(bytes, 540);
        Hostile.AssertRefused(_folder, "x.nii", [.. bytes, .. new byte[300]], "magic");
        BinaryPrimitives.WriteInt32LittleEndian(bytes, 349);
        Hostile.AssertRefused(_folder, "x.nii", bytes, "sizeof_hdr is 349");
        bytes = Good(1);
        "n+9\0"u8.CopyTo(bytes.AsSpan(344));
        Hostile.AssertRefused(_folder, "x.nii", bytes, "magic is 0x6E2B3900");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(-16)]
    [InlineData(80)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue - 15)]
    public void An_extension_of_impossible_size_is_named(int size)
    {
        foreach (int version in (int[])[1, 2])
        {
            int header = version == 1 ? 352 : 544;
            var good = Good(version);
            byte[] bytes = [.. good[..header], .. new byte[64], .. good[header..]];
            Put(bytes, version, "vox_offset", header + 64);
            Assert.Equal(Hostile.AssertRead(_folder, "x.nii", good).Voxels, Hostile.AssertRead(_folder, "y.nii", bytes).Voxels);
            bytes[header - 4] = 1;
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(header), 64);
            Hostile.AssertRead(_folder, "y.nii", bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(header), size);
            Hostile.AssertRefused(_folder, "y.nii", bytes, $"esize is {size}");
        }
    }

    [Fact]
    public void Gzip_that_is_not_what_its_name_says_is_named()
    {
        var good = Good(1);
        Hostile.AssertRefused(_folder, "x.nii", Hostile.Gzip(good), "file content", "rename");
        Hostile.AssertRefused(_folder, "x.nii.gz", good, "file content", "not gzip");
        Hostile.AssertRefused(_folder, "x.nii.gz", Hostile.Gzip(Hostile.Gzip(good)), "sizeof_hdr");
        Assert.Equal(60, VolumeFile.Read(new MemoryStream(Hostile.Gzip(good)), "x.nii").Voxels.Length); // of streams, the content tells
    }

    [Fact]
    public void A_gzip_bomb_costs_neither_memory_nor_time()
    {
        var header = Good(1)[..352];
        var zeros = Hostile.Gzip(new byte[50_000_000]);
        byte[] bomb = [.. Hostile.Gzip(header), .. zeros, .. zeros, .. zeros, .. zeros]; // 200 MB in 0.2
        Assert.Equal(60, Hostile.AssertRead(_folder, "x.nii.gz", bomb).Voxels.Length); // what follows the voxels is not inflated
        foreach (string field in (string[])["dim[1]", "dim[2]", "dim[3]"]) Put(header, 1, field, 1000);
        Hostile.AssertRefused(_folder, "y.nii.gz", [.. Hostile.Gzip(header), .. Hostile.Gzip(new byte[1_000_000])], "file length");
        foreach (string field in (string[])["dim[1]", "dim[2]", "dim[3]"]) Put(header, 1, field, 950);
        var noise = new byte[900_000]; // of this length a file could hold 950^3 bytes, so that only reading tells
        new Random(1).NextBytes(noise);
        Hostile.AssertRefused(_folder, "z.nii.gz", [.. Hostile.Gzip(header), .. Hostile.Gzip(noise)], "file length");
    }

    [Fact]
    public void Voxels_that_are_not_finite_are_read_as_they_are()
    {
        float[] values = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1];
        foreach (string name in (string[])["x.nii", "x.nrrd", "x.mha"])
        {
            VolumeFile.Write(new(new([4, 1, 1], [1, 1, 1]), values), _folder[name]);
            Assert.Equal(values, VolumeFile.Read(_folder[name]).Voxels.ToArray());
        }
    }

    [Theory]
    [InlineData(1e-200, 0, "spacing")]
    [InlineData(1e200, 0, "spacing")]
    [InlineData(1, 1e200, "origin")]
    public void A_geometry_that_could_not_be_read_again_is_not_written(double spacing, double origin, string field)
    {
        // Found by fuzzing: a NIfTI-2 header may hold such doubles, whose squares and whose floats overflow.
        foreach (string name in (string[])["x.nii", "x.nrrd", "x.mha"])
            Assert.Contains(field, Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(new(new([2, 1, 1], [spacing, 1, 1], [origin, 0, 0]), new float[2]), _folder[name])).Message);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_double_beyond_float_is_named()
    {
        VolumeFile.Write(new(new([2, 1, 1], [1, 1, 1]), new float[] { 1, 2 }), _folder["x.nii"], VolumeDataType.Float64);
        var bytes = File.ReadAllBytes(_folder["x.nii"]);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(360), 1e300);
        Hostile.AssertRefused(_folder, "x.nii", bytes, "Float64 beyond");
    }

    static byte[] Good(int version)
    {
        using var stream = new MemoryStream();
        using var writer = ((IVolumeFormat)new NiftiFormat(nifti2: version == 2)).OpenWrite(stream, "good.nii", new([3, 4, 5], [1, 2, 3], [1, 2, 3]), 1, VolumeDataType.UInt8);
        writer.WriteSlices(Enumerable.Range(0, 60).Select(i => (float)(i * 37 % 101)).ToArray());
        writer.Complete();
        return stream.ToArray();
    }

    static void Put(byte[] bytes, int version, string field, double value)
    {
        var (at1, at2) = s_fields[field];
        var span = bytes.AsSpan(version == 1 ? at1 : at2);
        bool isShort = field is "datatype" or "bitpix" || (version == 1 && (field.StartsWith("dim", StringComparison.Ordinal) || field.EndsWith("code", StringComparison.Ordinal)));
        if (isShort) BinaryPrimitives.WriteInt16LittleEndian(span, (short)value);
        else if (field.EndsWith("code", StringComparison.Ordinal)) BinaryPrimitives.WriteInt32LittleEndian(span, (int)value);
        else if (version == 2 && (field.StartsWith("dim", StringComparison.Ordinal) || field == "vox_offset")) BinaryPrimitives.WriteInt64LittleEndian(span, (long)value);
        else if (version == 2) BinaryPrimitives.WriteDoubleLittleEndian(span, value);
        else BinaryPrimitives.WriteSingleLittleEndian(span, (float)value);
    }
}
