using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using REHRSeg.Imaging;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class SafeTensorsTests
{
    [Fact]
    public void EveryTypeComesBack()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var tensors = new Dictionary<string, Tensor>
        {
            ["b.weight"] = LossOracle.Wave([2, 3, 4], 0.3).transpose(0, 2),
            ["a"] = tensor(new double[] { 1, double.NaN, -3 }),
            ["scalar"] = tensor(7L),
            ["empty"] = zeros([0, 3]),
            ["half"] = tensor(new[] { 1.5f, 2f }).to(ScalarType.BFloat16),
            ["flags"] = tensor(new[] { true, false }),
        };
        SafeTensors.Write(folder["x.safetensors"], tensors, new Dictionary<string, string> { ["note"] = "\"é\"" });
        using var read = SafeTensors.Read(folder["x.safetensors"]);
        Assert.Equal("\"é\"", read.Metadata["note"]);
        Assert.Equal(tensors.Count, read.Tensors.Count);
        foreach (var (name, tensor) in tensors)
        {
            Assert.Equal(tensor.dtype, read.Tensors[name].dtype);
            Assert.Equal(tensor.shape, read.Tensors[name].shape);
            Assert.Equal(tensor.contiguous().numel() == 0 ? [] : tensor.contiguous().bytes.ToArray(), read.Tensors[name].numel() == 0 ? [] : read.Tensors[name].bytes.ToArray());
        }
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void StreamsThatCannotSeekAreRead()
    {
        using var scope = NewDisposeScope();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) SafeTensors.Write(gzip, new Dictionary<string, Tensor> { ["w"] = ones(5) });
        packed.Position = 0;
        using var read = SafeTensors.Read(new GZipStream(packed, CompressionMode.Decompress), "packed");
        Assert.Equal([1f, 1f, 1f, 1f, 1f], LossOracle.Values(read.Tensors["w"]));
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}""", 12, "takes 8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at 4")]
    [InlineData("""{"w":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}""", 4, "F99")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "impossible")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}""", 4, "header")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}""", 4, "4000000000")]
    [InlineData("""{"w":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "header")]
    [InlineData("""{"w":5}""", 0, "header")]
    [InlineData("""[1]""", 0, "header")]
    [InlineData("""{"w":""", 0, "header")]
    public void DamageIsNamed(string header, int dataLength, string expected)
    {
        var bytes = new byte[8 + header.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.ASCII.GetBytes(header, bytes.AsSpan(8));
        var e = Assert.Throws<ModelFormatException>(() => SafeTensors.Read(new MemoryStream(bytes), "weights.safetensors"));
        Assert.Contains("weights.safetensors", e.Message);
        Assert.Contains(expected, e.Message);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 127, 123, 125 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123, 125 })]
    public void HeaderLengthsAreChecked(byte[] bytes) => Assert.Throws<ModelFormatException>(() => SafeTensors.Read(new MemoryStream(bytes), "x"));
}
