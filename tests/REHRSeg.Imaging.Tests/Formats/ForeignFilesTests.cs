using System.IO.Compression;
using System.Text.Json;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Files that ITK and nibabel wrote (tests/oracles/formats): voxels and geometry are those that they read, by every way of reading here.</summary>
public sealed class ForeignFilesTests : IDisposable
{
    static readonly Dictionary<string, JsonElement> s_cases = ((string[])["itk.json", "nibabel.json"])
        .SelectMany(file => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "oracles", "formats", file))).RootElement.EnumerateArray())
        .ToDictionary(c => c.GetProperty("name").GetString()!);
    readonly TempFolder _folder = new();

    public static TheoryData<string> Names => [.. s_cases.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Voxels_and_geometry_are_the_same(string name)
    {
        var expected = s_cases[name];
        string path = Unpack(expected);
        int channels = expected.GetProperty("channels").GetInt32();

        var volume = VolumeFile.Read(path);

        Assert.Equal(channels, volume.Channels);
        Assert.Equal(Numbers("size"), volume.Geometry.Size.Select(n => (double)n));
        NiftiFormatTests.AssertClose(Numbers("spacing"), volume.Geometry.Spacing, 1e-5);
        NiftiFormatTests.AssertClose(Numbers("origin"), volume.Geometry.Origin, 1e-5);
        NiftiFormatTests.AssertClose(Numbers("direction"), volume.Geometry.Direction, 2e-5);
        float[] values = [.. Numbers("values").Select(v => (float)v)];
        if (!expected.TryGetProperty("planar", out _)) values = [.. Enumerable.Range(0, channels).SelectMany(c => values.Where((_, i) => i % channels == c))];
        Assert.Equal(values, volume.Voxels.ToArray());
        Assert.Equal(volume.Geometry, VolumeFile.ReadGeometry(path));

        double[] Numbers(string field) => [.. expected.GetProperty(field).EnumerateArray().Select(v => v.GetDouble())];
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Slabs_streams_and_asynchronous_reading_give_the_same(string name)
    {
        string path = Unpack(s_cases[name]);
        var volume = VolumeFile.Read(path);

        AssertSame(volume, await VolumeFile.ReadAsync(path));
        Assert.Equal(volume.Geometry, await VolumeFile.ReadGeometryAsync(path));
        using (var reader = VolumeFile.OpenRead(path)) Assert.Equal(volume.Voxels, Slabs.Read(reader, 1));
        await using (var reader = await VolumeFile.OpenReadAsync(path)) Assert.Equal(volume.Voxels.ToArray(), await Slabs.ReadAsync(reader, 3));
        if (Directory.GetFiles(_folder.Path).Length > 1) return; // header and voxels apart: no stream

        using (var file = File.OpenRead(path)) AssertSame(volume, VolumeFile.Read(file, "upload"));
        await using (var forward = new ForwardOnly(File.OpenRead(path))) AssertSame(volume, await VolumeFile.ReadAsync(forward, "upload"));
        using (var file = File.OpenRead(path))
        using (var reader = VolumeFile.OpenRead(file, "upload"))
        {
            Assert.Equal(volume.Voxels, Slabs.Read(reader, 2));
            Assert.True(file.CanRead);
        }
    }

    /// <summary>Writes a case's files; returns the path of the one to open.</summary>
    string Unpack(JsonElement expected)
    {
        foreach (var file in expected.GetProperty("files").EnumerateObject())
        {
            using var deflated = new DeflateStream(new MemoryStream(file.Value.GetBytesFromBase64()), CompressionMode.Decompress);
            using var plain = File.Create(_folder[file.Name]);
            deflated.CopyTo(plain);
        }
        return _folder[expected.GetProperty("file").GetString()!];
    }

    static void AssertSame(MLVolume expected, MLVolume actual)
    {
        Assert.Equal(expected.Geometry, actual.Geometry);
        Assert.Equal(expected.Channels, actual.Channels);
        Assert.Equal(expected.Voxels, actual.Voxels);
    }
}
