using System.Text;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Hostile NRRD files: refused with file, field and value, or read as ITK does where they are only unusual.</summary>
public sealed class HostileNrrdTests : IDisposable
{
    const string Header = "NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 3 4 5\nspace directions: (1,0,0) (0,2,0) (0,0,3)\nkinds: domain domain domain\nencoding: raw\nspace origin: (1,2,3)\n\n";
    static readonly byte[] s_voxels = [.. Enumerable.Range(0, 60).Select(i => (byte)(i * 37 % 101))];
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("NRRD0004", "NRRD0009", "magic is NRRD0009")]
    [InlineData("NRRD0004", "NRRDxxxx", "magic")]
    [InlineData("type: uint8", "type: block", "type is block")]
    [InlineData("type: uint8", "type: complex", "type is complex")]
    [InlineData("type: uint8\n", "", "type is missing")]
    [InlineData("type: uint8", "type: int16", "endian is missing")]
    [InlineData("type: uint8", "type: int16\nendian: middle", "endian is middle")]
    [InlineData("type: uint8", "type: int16\nendian: little", "file length")]
    [InlineData("dimension: 3", "dimension: 0", "dimension is 0")]
    [InlineData("dimension: 3", "dimension: 17", "dimension is 17")]
    [InlineData("dimension: 3", "dimension: 4", "sizes is 3 4 5")]
    [InlineData("dimension: 3", "dimension: x", "dimension is x")]
    [InlineData("dimension: 3\n", "", "dimension is missing")]
    [InlineData("sizes: 3 4 5", "sizes: 3 4 -5", "sizes is -5")]
    [InlineData("sizes: 3 4 5", "sizes: 3 4 0", "sizes is 0")]
    [InlineData("sizes: 3 4 5", "sizes: 1000000000 1000000000 1000000000", "MaxVoxels")]
    [InlineData("sizes: 3 4 5", "sizes: 1000 1000 1000", "file length")]
    [InlineData("sizes: 3 4 5", "sizes: 9223372036854775807 2 2", "sizes is 9223372036854775807")]
    [InlineData("sizes: 3 4 5", "sizes: 99999999999999999999 1 1", "sizes is 99999999999999999999")]
    [InlineData("sizes: 3 4 5\n", "", "sizes is missing")]
    [InlineData("encoding: raw", "encoding: bzip2", "encoding is bzip2")]
    [InlineData("encoding: raw", "encoding: hex", "encoding is hex")]
    [InlineData("encoding: raw", "encoding: gzip", "compressed data")]
    [InlineData("encoding: raw", "encoding: txt", "file length")]
    [InlineData("encoding: raw\n", "", "encoding is missing")]
    [InlineData("encoding: raw", "encoding: raw\nencoding: raw", "encoding is given twice")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0)", "space directions")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0) (0,0)", "space directions")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0) (0,0,3", "vectors are written")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0) (0,0,x)", "space directions is x")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0) (0,0,nan)", "space directions")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0) (0,0,0)", "no finite positive length")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) (0,2,0) (1,0,3)", "not perpendicular")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "none none none", "spatial axes")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "none none (0,0,3)", "spatial axes")]
    [InlineData("(1,0,0) (0,2,0) (0,0,3)", "(1,0,0) none (0,0,3)", "between the spatial axes")]
    [InlineData("space origin: (1,2,3)", "space origin: (1,2)", "space origin")]
    [InlineData("space origin: (1,2,3)", "space origin: (1,inf,3)", "origin is not finite")]
    [InlineData("space: left-posterior-superior", "space: left-posterior-superior-time", "space is left-posterior-superior-time")]
    [InlineData("space: left-posterior-superior", "space: mars", "space is mars")]
    [InlineData("space: left-posterior-superior", "space: left-posterior-superior\nspace units: \"mm\" \"mm\" \"m\"", "space units")]
    [InlineData("kinds: domain", "no field at all\nkinds: domain", "header line is no field at all")]
    [InlineData("encoding: raw", "encoding: raw\nbyte skip: -2", "byte skip is -2")]
    [InlineData("encoding: raw", "encoding: gzip\nbyte skip: -1", "byte skip is -1")]
    [InlineData("encoding: raw", "encoding: raw\nbyte skip: 1", "file length")]
    [InlineData("encoding: raw", "encoding: raw\nbyte skip: 9223372036854775807", "byte skip")]
    [InlineData("encoding: raw", "encoding: raw\nline skip: -1", "line skip is -1")]
    [InlineData("encoding: raw", "encoding: raw\nline skip: 1000", "line skip")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: ../../etc/passwd", "data file is ../../etc/passwd")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: a/../../x", "data file is a/../../x")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: ..\\\\x", "data file is ..")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: /etc/passwd", "data file is /etc/passwd")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: C:\\\\x.raw", "data file is C:")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: http://example.org/x.raw", "addresses are not followed")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: file:///etc/passwd", "addresses are not followed")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: LIST\na.raw\nb.raw", "several files")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: LIST 2", "several files")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: x%03d.raw 0 4 1", "several files")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: x.nrrd", "the header itself")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: ./x.nrrd", "the header itself")]
    [InlineData("encoding: raw", "encoding: raw\ndata file: none.raw", "there is no file")]
    [InlineData("encoding: raw", "encoding: raw\ndata file:", "data file is empty")]
    public void A_wrong_field_is_named(string from, string to, string detail)
    {
        string header = Header.Replace(from, to.Replace("\\\\", "\\"), StringComparison.Ordinal);
        Assert.NotEqual(Header, header);
        string path = _folder["x.nrrd"];
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes(header), .. s_voxels]);
        var e = Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(path));
        Assert.Contains(detail, e.Message);
        Hostile.AssertRefused(_folder, "x.nrrd", File.ReadAllBytes(path), detail);
    }

    [Theory]
    [InlineData("byte skip: 4", 4)]
    [InlineData("byte skip: -1", 9)]
    [InlineData("line skip: 2", 6)]
    [InlineData("line skip: 1\nbyte skip: 3", 6)]
    public void Skips_pass_over_what_is_before_the_voxels(string skip, int bytes)
    {
        byte[] junk = [.. Encoding.ASCII.GetBytes("ab\ncd\nefghijklm")[..bytes]];
        string header = Header.Replace("encoding: raw", "encoding: raw\n" + skip, StringComparison.Ordinal);
        if (skip.Contains("-1", StringComparison.Ordinal))
        {
            File.WriteAllBytes(_folder["x.nrrd"], [.. Encoding.UTF8.GetBytes(header), .. junk, .. s_voxels]);
            Assert.Equal(Values, VolumeFile.Read(_folder["x.nrrd"]).Voxels.ToArray());
            return;
        }
        Assert.Equal(Values, Hostile.AssertRead(_folder, "x.nrrd", [.. Encoding.UTF8.GetBytes(header), .. junk, .. s_voxels]).Voxels.ToArray());
    }

    [Fact]
    public void Other_forms_of_the_same_volume_are_read_alike()
    {
        var good = Hostile.AssertRead(_folder, "good.nrrd", [.. Encoding.UTF8.GetBytes(Header), .. s_voxels]);
        Assert.Equal(Values, good.Voxels.ToArray());
        Assert.Equal(new VolumeGeometry([3, 4, 5], [1, 2, 3], [1, 2, 3]), good.Geometry);
        string text = string.Join(' ', s_voxels);
        foreach (var (from, to, body) in ((string, string, byte[])[])
        [
            ("encoding: raw", "encoding: gz", Hostile.Gzip(s_voxels)),
            ("encoding: raw", "encoding: gzip\nbyte skip: 3", Hostile.Gzip([1, 2, 3, .. s_voxels])),
            ("encoding: raw", "encoding: gzip", [.. Hostile.Gzip(s_voxels[..7]), .. Hostile.Gzip(s_voxels[7..])]),
            ("encoding: raw", "encoding: ascii", Encoding.ASCII.GetBytes(text)),
            ("encoding: raw", "encoding: text", Encoding.ASCII.GetBytes(text.Replace(" ", ",\r\n  ", StringComparison.Ordinal) + "\n")),
            ("NRRD0004", "NRRD0005\n# a comment\nkey:=value: with colon\ncontent: anything", s_voxels),
            ("\n", "\r\n", s_voxels),
            ("space: left-posterior-superior", "space: LPS\nspace units: \"mm\" \"mm\" \"mm\"", s_voxels),
            ("space: left-posterior-superior", "space dimension: 3", s_voxels),
            ("(1,0,0) (0,2,0) (0,0,3)", "( 1 , 0,0)(0 ,2,0)  (0,0,3.0)", s_voxels),
            ("space: left-posterior-superior\nsizes: 3 4 5\nspace directions: (1,0,0) (0,2,0) (0,0,3)", "space: right-anterior-superior\nsizes: 3 4 5\nspace directions: (-1,0,0) (0,-2,0) (0,0,3)\n# origin below", null!),
            ("encoding: raw", "encoding: raw", [.. s_voxels, 1, 2, 3]),
        ])
        {
            string header = Header.Replace(from, to, StringComparison.Ordinal);
            if (to.StartsWith("space: right", StringComparison.Ordinal)) header = header.Replace("(1,2,3)", "(-1,-2,3)", StringComparison.Ordinal);
            var volume = Hostile.AssertRead(_folder, "y.nrrd", [.. Encoding.UTF8.GetBytes(header), .. body ?? s_voxels]);
            Assert.Equal(Values, volume.Voxels.ToArray());
            Assert.Equal(good.Geometry, volume.Geometry);
        }
    }

    [Theory]
    [InlineData("dimension: 4\nsizes: 3 4 5 1\nspace: LPS\nspace directions: (1,0,0) (0,2,0) (0,0,3) none", 1, false)]
    [InlineData("dimension: 4\nsizes: 3 2 2 5\nspace: LPS\nspace directions: none (1,0,0) (0,2,0) (0,0,3)\nkinds: vector domain domain domain", 3, true)]
    [InlineData("dimension: 4\nsizes: 3 2 2 5\nkinds: RGB-color domain domain domain", 3, true)]
    [InlineData("dimension: 4\nsizes: 3 2 2 5", 5, false)]
    [InlineData("dimension: 3\nsizes: 3 4 5\nkinds: domain domain list", 5, false)]
    [InlineData("dimension: 2\nsizes: 12 5", 1, false)]
    [InlineData("dimension: 2\nsizes: 12 5\nspace dimension: 3\nspace directions: (0,1,0) (0,0,2)\nspace origin: (1,2,3)", 1, false)]
    public void Axes_of_channels_are_found(string axes, int channels, bool interleaved)
    {
        var volume = Hostile.AssertRead(_folder, "x.nrrd", [.. Encoding.UTF8.GetBytes($"NRRD0004\ntype: uint8\nencoding: raw\n{axes}\n\n"), .. s_voxels]);
        Assert.Equal(channels, volume.Channels);
        Assert.Equal(interleaved ? Values[1] : Values[60 / channels % 60], volume.Channel(Math.Min(1, channels - 1))[0]);
    }

    [Fact]
    public void Compressed_voxels_that_are_damaged_cut_off_or_a_bomb_are_refused()
    {
        byte[] Head(string sizes) => Encoding.ASCII.GetBytes(Header.Replace("encoding: raw", "encoding: gzip", StringComparison.Ordinal).Replace("sizes: 3 4 5", sizes, StringComparison.Ordinal));
        byte[] good = [.. Head("sizes: 3 4 5"), .. Hostile.Gzip(s_voxels)];
        Assert.Equal(60, Hostile.AssertRead(_folder, "x.nrrd", good).Voxels.Length);
        foreach (int back in (int[])[1, 4, 5, 8])
        {
            byte[] wrong = [.. good];
            wrong[^back] ^= 1; // checksum or length
            Hostile.AssertRefused(_folder, "x.nrrd", wrong, "compressed data");
        }
        for (int left = 1; left < 20; left++) Hostile.AssertRefused(_folder, "x.nrrd", good[..^left]);
        byte[] zeros = Hostile.Gzip(new byte[50_000_000]);
        Assert.Equal(60, Hostile.AssertRead(_folder, "x.nrrd", [.. good, .. zeros, .. zeros]).Voxels.Length); // what follows the voxels is not inflated
        var noise = new byte[900_000];
        new Random(1).NextBytes(noise);
        Hostile.AssertRefused(_folder, "x.nrrd", [.. Head("sizes: 950 950 950"), .. Hostile.Gzip(noise)], "file length");
    }

    [Fact]
    public void Units_of_length_become_millimetres_and_axis_mins_an_origin()
    {
        VolumeGeometry Read(string fields) => Hostile.AssertRead(_folder, "x.nrrd", [.. Encoding.UTF8.GetBytes($"NRRD0004\ntype: uint8\nencoding: raw\ndimension: 3\nsizes: 3 4 5\n{fields}\n\n"), .. s_voxels]).Geometry;
        NiftiFormatTests.AssertClose([0.1, 0.2, 0.3], Read("space: LPS\nspace directions: (100,0,0) (0,200,0) (0,0,300)\nspace units: \"um\" \"microns\" \"µm\"\nspace origin: (1000,0,0)").Spacing, 1e-12);
        Assert.Equal(1, Read("space: LPS\nspace directions: (100,0,0) (0,200,0) (0,0,300)\nspace units: \"um\" \"um\" \"um\"\nspace origin: (1000,0,0)").Origin[0], 1e-12);
        NiftiFormatTests.AssertClose([1000, 2000, 3000], Read("spacings: 1 2 3\nunits: \"m\" \"m\" \"m\"").Spacing, 1e-9);
        NiftiFormatTests.AssertClose([1.5, 2, 3], Read("spacings: 1 2 3\naxis mins: 1 1 3\ncenterings: cell cell node").Origin, 1e-12);
        NiftiFormatTests.AssertClose([-1.5, -2, 3], Read("space: right-anterior-superior\nspacings: 1 2 3\naxis mins: 1 1 3\ncenterings: cell cell node").Origin, 1e-12);
        NiftiFormatTests.AssertClose([1, 2, 1], Read("spacings: 1 2 nan").Spacing, 1e-12);
    }

    [Fact]
    public void A_line_of_100_MB_and_a_header_without_end_are_refused_within_the_limit()
    {
        File.WriteAllText(_folder["x.nrrd"], "NRRD0004\n# ");
        using (var file = File.OpenWrite(_folder["x.nrrd"])) file.SetLength(100_000_000); // sparse, zeros
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("header length", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.nrrd"])).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Hostile.AssertRefused(_folder, "y.nrrd", Encoding.ASCII.GetBytes("NRRD0004\n" + string.Concat(Enumerable.Repeat("a:=b\n", 70_000))), "header length");
        Hostile.AssertRefused(_folder, "z.nrrd", Encoding.ASCII.GetBytes(Header.TrimEnd('\n')), "empty line");
        Hostile.AssertRefused(_folder, "e.nrrd", [], "0 bytes");
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        foreach (byte[] whole in (byte[][])[[.. Encoding.UTF8.GetBytes(Header), .. s_voxels], [.. Encoding.UTF8.GetBytes(Header.Replace("raw", "gzip", StringComparison.Ordinal)), .. Hostile.Gzip(s_voxels)]])
            for (int length = 0; length < whole.Length; length++)
            {
                File.WriteAllBytes(_folder["x.nrrd"], whole[..length]);
                Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.nrrd"]));
            }
    }

    [Theory]
    [InlineData("1 2 x", "voxel text is x")]
    [InlineData("1 2 3.5.5", "voxel text")]
    [InlineData("1 2 1e999", "voxel text is 1e999")]
    [InlineData("1 2", "file length")]
    public void Text_that_is_no_number_is_named(string text, string detail)
    {
        string header = "NRRD0004\ntype: float\nencoding: txt\ndimension: 3\nsizes: 3 1 1\n\n";
        Hostile.AssertRefused(_folder, "x.nrrd", Encoding.ASCII.GetBytes(header + text), detail);
        Hostile.AssertRefused(_folder, "x.nrrd", Encoding.ASCII.GetBytes(header + new string('1', 100_000)), "voxel text");
        Assert.Equal([float.NaN, float.PositiveInfinity, -2], Hostile.AssertRead(_folder, "y.nrrd", Encoding.ASCII.GetBytes(header + "nan inf -2")).Voxels.ToArray());
    }

    static float[] Values => [.. s_voxels.Select(v => (float)v)];
}
