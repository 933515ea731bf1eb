using System.Text;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Hostile MetaImage files: refused with file, field and value, or read as ITK does where they are only unusual.</summary>
public sealed class HostileMetaImageTests : IDisposable
{
    const string Header = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 1 2 3\nDimSize = 3 4 5\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n";
    static readonly byte[] s_voxels = [.. Enumerable.Range(0, 60).Select(i => (byte)(i * 37 % 101))];
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ObjectType = Image", "ObjectType = Tube", "ObjectType is Tube")]
    [InlineData("NDims = 3", "NDims = 9", "NDims is 9")]
    [InlineData("NDims = 3", "NDims = 1", "NDims is 1")]
    [InlineData("NDims = 3", "NDims = -3", "NDims is -3")]
    [InlineData("NDims = 3", "NDims = 2", "DimSize is 3 4 5")]
    [InlineData("NDims = 3\n", "", "NDims is missing")]
    [InlineData("DimSize = 3 4 5\n", "", "DimSize is missing")]
    [InlineData("DimSize = 3 4 5", "DimSize = 3 4", "DimSize is 3 4")]
    [InlineData("DimSize = 3 4 5", "DimSize = 3 4 0", "DimSize is 0")]
    [InlineData("DimSize = 3 4 5", "DimSize = 3 4 -5", "DimSize is -5")]
    [InlineData("DimSize = 3 4 5", "DimSize = 3 4 x", "DimSize is x")]
    [InlineData("DimSize = 3 4 5", "DimSize = 1000000000 1000000000 1000000000", "MaxVoxels")]
    [InlineData("DimSize = 3 4 5", "DimSize = 1000 1000 1000", "file length")]
    [InlineData("DimSize = 3 4 5", "DimSize = 4294967296 4294967296 1", "DimSize is 4294967296")]
    [InlineData("MET_UCHAR", "MET_STRING", "ElementType is MET_STRING")]
    [InlineData("MET_UCHAR", "MET_SHORT", "file length")]
    [InlineData("ElementType = MET_UCHAR\n", "", "ElementType is missing")]
    [InlineData("ElementType", "ElementNumberOfChannels = 0\nElementType", "ElementNumberOfChannels is 0")]
    [InlineData("ElementType", "ElementNumberOfChannels = 2\nElementType", "file length")]
    [InlineData("ElementType", "ElementNumberOfChannels = 9999999\nElementType", "ElementNumberOfChannels is 9999999")]
    [InlineData("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0 0 1 0 0 0", "8 values instead of 9")]
    [InlineData("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0 0 1 0 0 0 x", "TransformMatrix is x")]
    [InlineData("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0 0 1 0 0 0 nan", "TransformMatrix")]
    [InlineData("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0 0 1 0 0 0 2", "has length 2")]
    [InlineData("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0 0 1 0 0 1 0", "not perpendicular")]
    [InlineData("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 0 0 0 0 0 0 0 0 0", "has length 0")]
    [InlineData("Offset = 1 2 3", "Offset = 1 2", "2 values instead of 3")]
    [InlineData("Offset = 1 2 3", "Offset = 1 2 inf", "origin is not finite")]
    [InlineData("ElementSpacing = 1 2 3", "ElementSpacing = 1 2 0", "ElementSpacing")]
    [InlineData("ElementSpacing = 1 2 3", "ElementSpacing = 1 2 -3", "ElementSpacing")]
    [InlineData("ElementSpacing = 1 2 3", "ElementSpacing = 1 2 nan", "ElementSpacing")]
    [InlineData("BinaryData = True", "BinaryData = False", "file length")]
    [InlineData("BinaryData = True", "BinaryData = perhaps", "BinaryData is perhaps")]
    [InlineData("CompressedData = False", "CompressedData = True", "compressed data")]
    [InlineData("CompressedData = False", "CompressedData = True\nCompressedDataSize = 1000", "CompressedDataSize is 1000")]
    [InlineData("CompressedData = False", "CompressedData = True\nCompressedDataSize = -1", "CompressedDataSize is -1")]
    [InlineData("CompressedData = False", "CompressedData = False\nCompressedData = False", "CompressedData is given twice")]
    [InlineData("CompressedData = False", "no field at all\nCompressedData = False", "header line is no field at all")]
    [InlineData("CompressedData = False", "HeaderSize = -2", "HeaderSize is -2")]
    [InlineData("CompressedData = False", "HeaderSize = 61", "HeaderSize is 61")]
    [InlineData("CompressedData = False", "HeaderSize = 1", "file length")]
    [InlineData("CompressedData = False", "HeaderSize = 9223372036854775807", "HeaderSize")]
    [InlineData("ElementDataFile = LOCAL\n", "", "ElementDataFile is missing")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = ", "ElementDataFile is empty")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = x.mha", "the header itself")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = ../../etc/passwd", "ElementDataFile is ../../etc/passwd")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = /etc/passwd", "ElementDataFile is /etc/passwd")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = https://example.org/x.raw", "addresses are not followed")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = LIST\nx.raw", "several files")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = x%03d.raw 1 5 1", "several files")]
    [InlineData("ElementDataFile = LOCAL", "ElementDataFile = none.raw", "there is no file")]
    public void A_wrong_field_is_named(string from, string to, string detail)
    {
        string header = Header.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(Header, header);
        Hostile.AssertRefused(_folder, "x.mha", [.. Encoding.UTF8.GetBytes(header), .. s_voxels], detail.Contains("missing", StringComparison.Ordinal) && from.StartsWith("ElementDataFile", StringComparison.Ordinal) ? "x.mha" : detail);
    }

    [Fact]
    public void Compressed_voxels_are_those_of_their_size()
    {
        byte[] packed = Hostile.Zlib(s_voxels);
        byte[] With(string fields, byte[] data) => [.. Encoding.UTF8.GetBytes(Header.Replace("CompressedData = False", "CompressedData = True" + fields, StringComparison.Ordinal)), .. data];
        foreach (byte[] good in (byte[][])[With("", packed), With($"\nCompressedDataSize = {packed.Length}", packed), With($"\nCompressedDataSize = {packed.Length:D19}", [.. packed, 1, 2, 3]), With("\nCompressedDataSize = 0", packed), With("", Hostile.Gzip(s_voxels)), With("", [.. packed, 9, 9])])
            Assert.Equal(Values, Hostile.AssertRead(_folder, "x.mha", good).Voxels.ToArray());
        Hostile.AssertRefused(_folder, "x.mha", With($"\nCompressedDataSize = {packed.Length - 1}", packed), "compressed data");
        Hostile.AssertRefused(_folder, "x.mha", With($"\nCompressedDataSize = {packed.Length + 1}", packed), "CompressedDataSize");
        var wrong = packed.ToArray();
        wrong[^1] ^= 1;
        Hostile.AssertRefused(_folder, "x.mha", With("", wrong), "compressed data");
        for (int length = 0; length < packed.Length; length++) Hostile.AssertRefused(_folder, "x.mha", With("", packed[..length]));
        Hostile.AssertRefused(_folder, "x.mha", With("", [0x78, 0x20, 1, 2, 3, 4, .. packed[2..]]), "compressed data"); // asks for a preset dictionary; found by mutation
        Hostile.AssertRefused(_folder, "x.mha", Encoding.UTF8.GetBytes(Header.Replace("False\nTransform", "True\nTransform", StringComparison.Ordinal).Replace("3 4 5", "900 900 900", StringComparison.Ordinal)).Concat(Hostile.Zlib(new byte[1_000_000])).ToArray(), "file length");
    }

    [Fact]
    public void Other_forms_of_the_same_volume_are_read_alike()
    {
        var good = Hostile.AssertRead(_folder, "good.mha", [.. Encoding.UTF8.GetBytes(Header), .. s_voxels]);
        Assert.Equal(Values, good.Voxels.ToArray());
        Assert.Equal(new VolumeGeometry([3, 4, 5], [1, 2, 3], [1, 2, 3]), good.Geometry);
        foreach (var (from, to, body) in ((string, string, byte[])[])
        [
            ("ObjectType = Image\n", "", s_voxels),
            ("\n", "\r\n", s_voxels),
            (" = ", "=", s_voxels),
            ("BinaryData = True", "BinaryData = False", Encoding.ASCII.GetBytes(string.Join(' ', s_voxels))),
            ("CompressedData = False", "HeaderSize = 3", [1, 2, 3, .. s_voxels]),
            ("TransformMatrix", "Orientation", s_voxels),
            ("Offset", "Position", s_voxels),
            ("ElementSpacing", "ElementSize", s_voxels),
            ("Offset", "AnatomicalOrientation = RAI\nComment = a = b\nComment = c\nOffset", s_voxels),
            ("MET_UCHAR", "MET_UCHAR_ARRAY", s_voxels),
            ("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", "", s_voxels),
            ("NDims", "NDims", [.. s_voxels, 1, 2, 3]),
            ("ElementDataFile = LOCAL", "ElementDataFile = Local", s_voxels),
        ])
        {
            var volume = Hostile.AssertRead(_folder, "y.mha", [.. Encoding.UTF8.GetBytes(Header.Replace(from, to, StringComparison.Ordinal)), .. body]);
            Assert.Equal(Values, volume.Voxels.ToArray());
            Assert.Equal(good.Geometry, volume.Geometry);
        }
        byte[] last = [.. Encoding.UTF8.GetBytes(Header.Replace("CompressedData = False", "HeaderSize = -1", StringComparison.Ordinal)), 1, 2, 3, .. s_voxels];
        File.WriteAllBytes(_folder["z.mha"], last);
        Assert.Equal(Values, VolumeFile.Read(_folder["z.mha"]).Voxels.ToArray());
    }

    [Fact]
    public void Two_and_four_axes_are_read()
    {
        MLVolume Read(params (string From, string To)[] changes) => Hostile.AssertRead(_folder, "x.mha", [.. Encoding.UTF8.GetBytes(changes.Aggregate(Header, (h, c) => h.Replace(c.From, c.To, StringComparison.Ordinal))), .. s_voxels]);
        var plane = Read(("NDims = 3", "NDims = 2"), ("DimSize = 3 4 5", "DimSize = 12 5"), ("1 0 0 0 1 0 0 0 1", "0 1 -1 0"), ("Offset = 1 2 3", "Offset = 1 2"), ("ElementSpacing = 1 2 3", "ElementSpacing = 1 2"));
        Assert.Equal(new VolumeGeometry([12, 5, 1], [1, 2, 1], [1, 2, 0], [0, -1, 0, 1, 0, 0, 0, 0, 1]), plane.Geometry);
        (string, string)[] four = [("NDims = 3", "NDims = 4"), ("DimSize = 3 4 5", "DimSize = 3 4 1 5"), ("1 0 0 0 1 0 0 0 1", "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"), ("Offset = 1 2 3", "Offset = 1 2 3 9"), ("ElementSpacing = 1 2 3", "ElementSpacing = 1 2 3 9")];
        Assert.Equal((5, 12f * 37 % 101), (Read(four).Channels, Read(four).Channel(1)[0]));
        Assert.Equal((5, 37f), (Read(("DimSize = 3 4 5", "DimSize = 3 4 1\nElementNumberOfChannels = 5")).Channels, Read(("DimSize = 3 4 5", "DimSize = 3 4 1\nElementNumberOfChannels = 5")).Channel(1)[0]));
        four[2].Item2 = "1 0 0 0 0 1 0 0 0 0 0 1 0 0 1 0";
        Assert.Contains("fourth axis", Assert.Throws<VolumeFormatException>(() => Read(four)).Message);
    }

    [Fact]
    public void Lengths_in_other_units_become_millimetres() =>
        NiftiFormatTests.AssertClose([0.001, 0.002, 0.003], Hostile.AssertRead(_folder, "x.mha", [.. Encoding.UTF8.GetBytes(Header.Replace("DimSize", "DistanceUnits = um\nDimSize", StringComparison.Ordinal)), .. s_voxels]).Geometry.Spacing, 1e-12);

    [Fact]
    public void A_line_of_100_MB_is_refused_within_the_limit()
    {
        File.WriteAllText(_folder["x.mha"], "ObjectType = Image\nComment = ");
        using (var file = File.OpenWrite(_folder["x.mha"])) file.SetLength(100_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("header length", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.mha"])).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Hostile.AssertRefused(_folder, "e.mha", [], "0 bytes");
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = [.. Encoding.UTF8.GetBytes(Header), .. s_voxels];
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder["x.mha"], whole[..length]);
            Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(_folder["x.mha"]));
        }
    }

    static float[] Values => [.. s_voxels.Select(v => (float)v)];
}
