using System.IO.Compression;

namespace REHRSeg.Imaging.Tests.Formats;

public class ParallelGzipTests
{
    static byte[] Bytes(int count)
    {
        var random = new Random(count);
        var bytes = new byte[count];
        for (int i = 0; i < count; i++) bytes[i] = (byte)(i / 700 % 3 == 0 ? random.Next(256) : i >> 4);
        return bytes;
    }

    static byte[] Pack(byte[] bytes, CompressionLevel level, int piece)
    {
        using var target = new MemoryStream();
        using (var gzip = new ParallelGzipStream(target, level))
            for (int i = 0; i < bytes.Length; i += piece) gzip.Write(bytes.AsSpan(i, Math.Min(piece, bytes.Length - i)));
        return target.ToArray();
    }

    [Theory]
    [InlineData(0, CompressionLevel.Fastest)]
    [InlineData(1, CompressionLevel.Fastest)]
    [InlineData(1 << 19, CompressionLevel.Fastest)]
    [InlineData((1 << 19) + 1, CompressionLevel.Optimal)]
    [InlineData(5_000_000, CompressionLevel.Fastest)]
    [InlineData(3_000_000, CompressionLevel.NoCompression)]
    [InlineData(3_000_000, CompressionLevel.SmallestSize)]
    public void OneMemberComesBackWhole(int count, CompressionLevel level)
    {
        byte[] bytes = Bytes(count), packed = Pack(bytes, level, 100_003);
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress)) gzip.CopyTo(unpacked);
        Assert.Equal(bytes, unpacked.ToArray());
        Assert.Equal(packed, Pack(bytes, level, 1 << 20));
        // The whole of it in one deflate stream: a reader that knows single members only gets everything.
        using var inflated = new MemoryStream();
        using (var deflate = new DeflateStream(new MemoryStream(packed, 10, packed.Length - 18), CompressionMode.Decompress)) deflate.CopyTo(inflated);
        Assert.Equal(bytes, inflated.ToArray());
        // Checksum and length of the whole are those of an ordinary writer.
        using var plain = new MemoryStream();
        using (var gzip = new GZipStream(plain, level, leaveOpen: true)) gzip.Write(bytes);
        if (count > 0) Assert.Equal(plain.ToArray()[^8..], packed[^8..]);
        else Assert.Equal(new byte[8], packed[^8..]);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void BytesThatCannotBeCompressedComeBackToo(CompressionLevel level)
    {
        var bytes = new byte[1_200_000];
        new Random(1).NextBytes(bytes);
        byte[] packed = Pack(bytes, level, 65_536);
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress)) gzip.CopyTo(unpacked);
        Assert.Equal(bytes, unpacked.ToArray());
        Assert.InRange(packed.Length, bytes.Length, bytes.Length * 1.001);
    }

    [Fact]
    public async Task AsynchronousWritesGiveTheSameBytes()
    {
        byte[] bytes = Bytes(2_500_000);
        using var target = new MemoryStream();
        await using (var gzip = new ParallelGzipStream(target, CompressionLevel.Fastest))
            for (int i = 0; i < bytes.Length; i += 300_000) await gzip.WriteAsync(bytes.AsMemory(i, Math.Min(300_000, bytes.Length - i)));
        Assert.Equal(Pack(bytes, CompressionLevel.Fastest, 77_777), target.ToArray());
    }

    [Theory]
    [InlineData(".nii.gz")]
    [InlineData(".nrrd")]
    public async Task VolumesOfSeveralBlocksComeBack(string ending)
    {
        using var folder = new TempFolder();
        var volume = new MLVolume(new([130, 120, 90], [1, 1, 2]), (float[])[.. Enumerable.Range(0, 130 * 120 * 90).Select(i => (float)(i * 7919L % 4001 - 2000))]);
        string first = folder["a" + ending], second = folder["b" + ending];
        VolumeFile.Write(volume, first, VolumeDataType.Int16);
        await VolumeFile.WriteAsync(volume, second, VolumeDataType.Int16);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.Equal(volume.Voxels, VolumeFile.Read(first).Voxels);
    }

    [Fact]
    public void AFailingDiskIsReportedByTheWriter()
    {
        var gzip = new ParallelGzipStream(new FullDisk(), CompressionLevel.Fastest);
        Assert.Throws<IOException>(() => { for (int i = 0; i < 200; i++) gzip.Write(Bytes(1 << 19)); });
    }

    sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Length + buffer.Length > 1 << 20) throw new IOException("No space left on device");
            base.Write(buffer);
        }
    }
}
