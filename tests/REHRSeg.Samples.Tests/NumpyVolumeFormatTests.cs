using System.IO.Compression;
using Intro;
using REHRSeg.Imaging;

namespace REHRSeg.Samples.Tests;

/// <summary>The sample's file format against archives that numpy wrote (tests/oracles/npz.py).</summary>
public sealed class NumpyVolumeFormatTests : IDisposable
{
    static readonly VolumeGeometry s_geometry = new([2, 3, 4], [0.5, 0.75, 4], [-12.5, 30, 7.25], [0, 0, 1, 1, 0, 0, 0, 1, 0]);
    static readonly float[] s_voxels = [.. Enumerable.Range(0, 24).Select(i => i * 1.5f - 7)];
    readonly TemporaryFolder _folder = new();
    readonly NumpyVolumeFormat _format = new();

    public void Dispose() => _folder.Dispose();

    MLVolume Read(string name, VolumeReadLimits? limits = null) => _format.Read(TestData.Oracle("npz", name), limits ?? new());

    [Fact]
    public void Numpys_arrays_are_read()
    {
        var volume = Read("float32.npz");
        Assert.Equal(s_geometry, volume.Geometry);
        Assert.Equal(s_voxels, volume.Voxels.ToArray());
        Assert.Equal(s_geometry, _format.ReadGeometry(TestData.Oracle("npz", "float32.npz"), new()));
        Assert.Equal(s_voxels.Select(v => MathF.Round(v)), Read("int16.npz").Voxels.ToArray());
        Assert.Equal(s_voxels.Select(v => MathF.Round(v)), Read("int64.npz").Voxels.ToArray());
        Assert.Equal(new VolumeGeometry([2, 3, 4], [1, 2, 3]), Read("int64.npz").Geometry);
        Assert.Equal(s_voxels.Select(v => v > 0 ? 1f : 0), Read("mask.npz").Voxels.ToArray());
        var channels = Read("channels.npz");
        Assert.Equal(2, channels.Channels);
        Assert.Equal(s_voxels, channels.Channel(0).ToArray());
        Assert.Equal(s_voxels.Select(v => v + 100), channels.Channel(1).ToArray());
    }

    [Theory]
    [InlineData("float32.npz", VolumeDataType.Float32)]
    [InlineData("int16.npz", VolumeDataType.Int16)]
    public void What_is_written_are_the_bytes_that_numpy_writes(string name, VolumeDataType type)
    {
        _format.Write(new(s_geometry, s_voxels), _folder["x.npz"], type);
        using ZipArchive ours = ZipFile.OpenRead(_folder["x.npz"]), numpys = ZipFile.OpenRead(TestData.Oracle("npz", name));
        Assert.Equal(numpys.Entries.Select(e => e.Name), ours.Entries.Select(e => e.Name));
        foreach (var entry in numpys.Entries) Assert.Equal(Bytes(entry), Bytes(ours.GetEntry(entry.Name)!));

        static byte[] Bytes(ZipArchiveEntry entry)
        {
            using var stream = entry.Open();
            var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy.ToArray();
        }
    }

    [Fact]
    public void Channels_and_every_type_come_back()
    {
        foreach (var type in Enum.GetValues<VolumeDataType>())
        {
            var volume = new MLVolume(s_geometry, Enumerable.Range(0, 48).Select(i => (float)i).ToArray(), channels: 2);
            _format.Write(volume, _folder[type + ".npz"], type);
            var back = _format.Read(_folder[type + ".npz"], new());
            Assert.Equal(volume.Voxels, back.Voxels);
            Assert.Equal((2, s_geometry), (back.Channels, back.Geometry));
        }
    }

    [Theory]
    [InlineData(VolumeDataType.UInt8, 256f)]
    [InlineData(VolumeDataType.Int16, float.NaN)]
    public void A_value_that_does_not_fit_is_refused(VolumeDataType type, float value)
        => Assert.Contains("cannot hold", Assert.Throws<VolumeFormatException>(() => _format.Write(new(s_geometry, (float[])[.. s_voxels[1..].Select(Math.Abs), value]), _folder["x.npz"], type)).Message);

    [Theory]
    [InlineData("fortran.npz", "voxels.npy is in Fortran order; save np.ascontiguousarray")]
    [InlineData("complex.npz", "values of type <c16")]
    [InlineData("plane.npz", "voxels has 2 axes")]
    [InlineData("no_spacing.npz", "spacing")]
    [InlineData("other.npz", "no array 'voxels'")]
    public void What_is_no_volume_is_refused_by_name(string name, string message)
    {
        var e = Assert.Throws<VolumeFormatException>(() => Read(name));
        Assert.StartsWith(TestData.Oracle("npz", name) + ": ", e.Message);
        Assert.Contains(message, e.Message);
    }

    [Fact]
    public void Limits_apply() => Assert.Contains("24 values; at most 23", Assert.Throws<VolumeFormatException>(() => Read("float32.npz", new() { MaxVoxels = 23 })).Message);

    /// <summary>A file that claims terabytes, or is cut off or damaged anywhere, costs an exception, not memory.</summary>
    [Fact]
    public void Every_truncation_and_a_thousand_mutations_give_a_volume_or_a_clear_exception()
    {
        byte[] whole = File.ReadAllBytes(TestData.Oracle("npz", "float32.npz"));
        var random = new Random(3);
        int refused = 0;
        for (int i = 0; i < whole.Length + 1000; i++)
        {
            byte[] damaged = i < whole.Length ? whole[..i] : [.. whole];
            if (i >= whole.Length) for (int k = 0; k < 3; k++) damaged[random.Next(whole.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(_folder["x.npz"], damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try { _format.Read(_folder["x.npz"], new()); }
            catch (VolumeFormatException) { refused++; }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16 << 20);
            if (i < whole.Length) Assert.Equal(i + 1, refused);
        }
    }
}
