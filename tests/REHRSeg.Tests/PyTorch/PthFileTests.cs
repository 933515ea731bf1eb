using System.Text.Json;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests.PyTorch;

/// <summary>Files that Python's PyTorch wrote (tests/oracles/pth/make_pth.py), in both forms.</summary>
public sealed class PthFileTests
{
    internal static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "oracles", "pth", name + ".pth");

    internal static PthFile Open(byte[] bytes, string name = "file.pth") => PthFile.Open(new MemoryStream(bytes), name);

    internal static Dictionary<string, WeightArray> ReadAll(byte[] bytes)
    {
        using var file = Open(bytes);
        return file.Read(file.StateDict("state_dict", "network_weights"));
    }

    [Theory]
    [InlineData("mixed_legacy")]
    [InlineData("mixed_zip")]
    public void EveryNumberTypeAndViewIsReadAsPyTorchSeesIt(string name)
    {
        var weights = ReadAll(File.ReadAllBytes(PathOf(name)));
        var expected = Golden.Case("pth/expected.json", "mixed").EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        Assert.Equal(expected.Keys.Order(), weights.Keys.Order());
        foreach (var (tensor, value) in expected)
        {
            Assert.Equal(Golden.Longs(value.GetProperty("shape")), weights[tensor].Shape.Select(s => (long)s));
            Assert.Equal(value.GetProperty("value").EnumerateArray().Select(v => v.GetSingle()), weights[tensor].Values);
        }
    }

    [Theory]
    [InlineData("mixed_legacy")]
    [InlineData("mixed_zip")]
    public void PlainValuesComeBack(string name)
    {
        using var file = Open(File.ReadAllBytes(PathOf(name)));
        var plain = (Dictionary<string, object?>)((Dictionary<string, object?>)file.Root!)["plain"]!;
        Assert.Null(plain["none"]);
        Assert.Equal(true, plain["true"]);
        Assert.Equal([3L, -70000L, 255L, 65535L, 1L << 40], new[] { "small", "negative", "byte", "word", "wide" }.Select(k => (long)plain[k]!));
        Assert.Equal(-System.Numerics.BigInteger.Pow(2, 70), plain["huge"]);
        Assert.Equal(0.1, plain["float"]);
        Assert.Equal("ä你", plain["text"]);
        Assert.Equal([1L, 2L, 3L, 4L], (object?[])plain["tuple"]!);
        Assert.Equal([2L, 3L, 4L], (object?[])plain["size"]!);
        Assert.Equal("seven", plain["7"]);
        Assert.Equal(1L, ((Dictionary<string, object?>)plain["ordered"]!)["a"]);
        Assert.Equal(Enumerable.Range(0, 1200).Select(i => (object?)(long)i), (List<object?>)plain["long"]!);
        var list = (List<object?>)plain["list"]!;
        Assert.Equal([2.5, "x"], (List<object?>)list[1]!);
        Assert.Empty((object?[])list[2]!);
    }

    [Theory]
    [InlineData("flavr_legacy")]
    [InlineData("flavr_zip")]
    public void ALoadedNetworkComputesWhatPyTorchComputes(string name)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var file = StateDictFile.Open(PathOf(name), "state_dict");
        Assert.Equal(FlavrStateDict.Published(width: 2).Select(t => t.Name).Order(), file.Shapes.Keys.Order());
        using var network = new FlavrNetwork(width: 2);
        NetworkWeights.Load(network, file.Read(file.Shapes.Keys));
        var golden = Golden.Case("pth/expected.json", name);
        Golden.AssertEqual(golden.GetProperty("output"), network.forward(Golden.Input(golden)), 1e-5);
    }

    [Fact]
    public void OnlyWantedStoragesAreReadAndSharedOnesOnce()
    {
        using var counted = new CountingStream(File.ReadAllBytes(PathOf("mixed_legacy")));
        using var file = PthFile.Open(counted, "file.pth");
        var tensors = file.StateDict("network_weights");
        counted.Total = 0;
        file.Read(tensors.Where(t => t.Key == "scalar").ToDictionary());
        Assert.Equal(4, counted.Total);
        counted.Total = 0;
        file.Read(tensors.Where(t => t.Key is "float" or "transposed" or "part").ToDictionary());
        Assert.Equal(24 * 4, counted.Total);
    }

    [Theory]
    [InlineData("evil_legacy")]
    [InlineData("evil_zip")]
    public void AFileThatWouldRunACommandIsRefusedByTheCommandsName(string name)
    {
        const string Marker = "/tmp/rehrseg-pickle-was-executed";
        File.Delete(Marker);
        string message = Assert.Throws<ModelFormatException>(() => StateDictFile.Open(PathOf(name), "state_dict")).Message;
        Assert.Contains("posix.system", message);
        Assert.Contains(name, message);
        Assert.False(File.Exists(Marker));
    }

    [Fact]
    public void FilesOfOtherKindsAreNamed()
    {
        using var folder = new TemporaryFolder();
        void Refused(string text, byte[] bytes)
        {
            File.WriteAllBytes(folder["x.pth"], bytes);
            string message = Assert.Throws<ModelFormatException>(() => StateDictFile.Open(folder["x.pth"])).Message;
            Assert.Contains(text, message);
            Assert.Contains("x.pth", message);
        }
        Refused("web page", "<!DOCTYPE html><html>"u8.ToArray());
        Refused("neither form", []);
        Refused("neither form", "weights"u8.ToArray());
        Refused("not one of torch.save", [0x80, 2, (byte)'}', (byte)'.']);
        Refused("no data.pkl", Pickles.Zip([("other", [1])]));
        Refused("more than one", Pickles.Zip([("a/data.pkl", [1]), ("b/data.pkl", [1])]));
        Assert.Contains("nothing.pth", Assert.Throws<FileNotFoundException>(() => StateDictFile.Open(folder["nothing.pth"])).Message);
    }

    sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long Total { get; set; }

        public override int Read(Span<byte> buffer)
        {
            int read = base.Read(buffer);
            Total += read;
            return read;
        }
    }
}
