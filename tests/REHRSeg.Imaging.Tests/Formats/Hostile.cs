using System.Diagnostics;
using System.IO.Compression;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>What every refusal must be: one exception that names file, field and value, by every way of reading, quickly and with little memory.</summary>
static class Hostile
{
    const long MostBytes = 16 << 20;
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(20); // generous: test machines are shared

    /// <summary>Writes the bytes, reads them as file, as slabs, as stream and asynchronously; returns the message of the exception.</summary>
    public static string AssertRefused(TempFolder folder, string name, byte[] bytes, params string[] details)
    {
        string path = folder[name];
        File.WriteAllBytes(path, bytes);
        string message = Throws(() => VolumeFile.Read(path));
        foreach (string detail in details) Assert.Contains(detail, message);
        Assert.Contains(name.Split('.')[0], message);
        Assert.True(message.Length < 2000 + path.Length, $"{message.Length} characters");
        Assert.DoesNotContain(message, char.IsControl);
        Throws(() =>
        {
            using var reader = VolumeFile.OpenRead(path);
            Slabs.Read(reader, 1);
        });
        Throws(() => VolumeFile.ReadAsync(path).GetAwaiter().GetResult());
        if (!details.Contains("file content")) Throws(() => VolumeFile.Read(new MemoryStream(bytes), name));
        return message;
    }

    /// <summary>Reads the bytes by every way and returns the volume.</summary>
    public static MLVolume AssertRead(TempFolder folder, string name, byte[] bytes)
    {
        File.WriteAllBytes(folder[name], bytes);
        var volume = VolumeFile.Read(folder[name]);
        using (var reader = VolumeFile.OpenRead(folder[name])) Assert.Equal(volume.Voxels, Slabs.Read(reader, 1));
        var streamed = VolumeFile.Read(new ForwardOnly(new MemoryStream(bytes), 7), name);
        Assert.Equal(volume.Voxels, streamed.Voxels);
        Assert.Equal(volume.Geometry, streamed.Geometry);
        return volume;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    public static byte[] Zlib(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal)) zlib.Write(bytes);
        return packed.ToArray();
    }

    static string Throws(Action read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        var e = Assert.Throws<VolumeFormatException>(read);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, s_longest);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        return e.Message;
    }
}
