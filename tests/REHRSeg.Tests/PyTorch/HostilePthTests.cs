using System.IO.Compression;
using System.Text;
using REHRSeg.Imaging;
using static REHRSeg.Tests.PyTorch.Pickles;

namespace REHRSeg.Tests.PyTorch;

/// <summary>Damaged and hostile files: refused with a ModelFormatException, fast, without memory, with nothing executed.</summary>
public sealed class HostilePthTests
{
    static string Refusal(byte[] bytes) => Assert.Throws<ModelFormatException>(() => PthFileTests.ReadAll(bytes)).Message;

    static byte[] WithTensor(string tensor, int storedElements = 4) => Legacy(Dict(("w", tensor)), ("0", storedElements, new byte[4 * storedElements]));

    [Fact]
    public void AHandMadeFileIsReadInBothForms()
    {
        string body = Dict(("w", Tensor(Storage("0", 4), 1, [3], [1])));
        float[] stored = [7, 1.5f, -2, 3];
        byte[] bytes = new byte[16];
        Buffer.BlockCopy(stored, 0, bytes, 0, 16);
        Assert.Equal([1.5f, -2, 3], PthFileTests.ReadAll(Legacy(body, ("0", 4, bytes)))["w"].Values);
        foreach (var level in (CompressionLevel[])[CompressionLevel.NoCompression, CompressionLevel.Optimal])
            Assert.Equal([1.5f, -2, 3], PthFileTests.ReadAll(Zip([("archive/data.pkl", Of(body)), ("archive/data/0", bytes)], level))["w"].Values);
    }

    [Theory]
    [InlineData("cposix\nsystem\n", "posix.system")]
    [InlineData("c__builtin__\neval\n", "__builtin__.eval")]
    [InlineData("ctorch\nload\n", "torch.load")]
    [InlineData("ctorch._utils\n_rebuild_tensor_v2.__globals__\n", "_rebuild_tensor_v2.__globals__")]
    [InlineData("cnumpy.core.multiarray\nscalar\n", "numpy.core.multiarray.scalar")]
    [InlineData("X\u0005\u0000\u0000\u0000posixX\u0006\u0000\u0000\u0000system\u0093", "posix.system")]
    [InlineData("(iposix\nsystem\n", "INST")]
    [InlineData("(cos\nsystem\no", "os.system")]
    [InlineData("ccollections\nOrderedDict\n)\u0081", "NEWOBJ 0x81")]
    [InlineData("\u00820", "EXT1")]
    [InlineData("I01\n", "INT")]
    [InlineData("Pid\n", "PERSID")]
    [InlineData("K\u0001Q", "outside")]
    [InlineData("K\u00012", "DUP")]
    [InlineData("\u00ff", "0xff")]
    [InlineData("ccollections\nOrderedDict\nK\u0001R", "REDUCE")]
    [InlineData("ccollections\nOrderedDict\nK\u0001\u0085R", "collections.OrderedDict")]
    [InlineData("ccollections\nOrderedDict\n}b", "BUILD")]
    [InlineData("}Nb", "no dict of tensors|state dict")]
    [InlineData("}NNs", "key")]
    [InlineData("(NN.", "recall|takes|value|MARK|dict")]
    public void WhateverIsNotATensorIsRefusedByName(string body, string named) =>
        Assert.Matches(named.Replace(".", "\\."), Refusal(Legacy(body)));

    [Theory]
    [InlineData("t", "MARK")]
    [InlineData("a", "takes more values")]
    [InlineData("h\u0005", "recalls")]
    [InlineData("q\u0000", "remembers")]
    [InlineData("r\u0000\u0000\u0000\u0000", "remembers")]
    [InlineData("Nr\u00ff\u00ff\u00ff\u00ff", "memo index")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ff", "text of 4294967295")]
    [InlineData("X\u00ff\u00ff\u00ff\u0000", "ends within")]
    [InlineData("X\u0002\u0000\u0000\u0000\u00c3\u0028", "UTF-8")]
    [InlineData("(N(\u0085", "takes more values")]
    [InlineData("(N)(u", "list or dict")]
    [InlineData("}(Nu", "without a value")]
    public void BrokenPicklesAreNamed(string body, string named) => Assert.Contains(named, Refusal(Legacy(body)));

    [Theory]
    [InlineData(0, new long[] { 5 }, new long[] { 1 }, "outside")]
    [InlineData(2, new long[] { 3 }, new long[] { 1 }, "outside")]
    [InlineData(-1, new long[] { 1 }, new long[] { 1 }, "impossible")]
    [InlineData(0, new long[] { -1 }, new long[] { 1 }, "impossible")]
    [InlineData(3, new long[] { 3 }, new long[] { -1 }, "impossible")]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 1 }, "2 axes and 1 strides")]
    [InlineData(0, new long[] { 2000000000 }, new long[] { 0 }, "repeats")]
    [InlineData(0, new long[] { 2, 2, 2 }, new long[] { 0, 0, 1 }, "repeats")]
    [InlineData(0, new long[] { 2000000000, 2000000000, 2000000000, 2000000000 }, new long[] { 0, 0, 0, 0 }, "repeats")]
    [InlineData(0, new long[] { 2, 1 }, new long[] { long.MaxValue, 1 }, "outside")]
    [InlineData(long.MaxValue, new long[] { 1 }, new long[] { 1 }, "outside")]
    [InlineData(0, new long[] { 1L << 40, 0 }, new long[] { 1, 1 }, "impossible")]
    public void ViewsOutsideTheirStorageAreRefused(long offset, long[] shape, long[] strides, string named) =>
        Assert.Contains(named, Refusal(WithTensor(Tensor(Storage("0", 4), offset, shape, strides))));

    [Fact]
    public void AStrideOfAnAxisOfLengthOneDoesNotMatter() =>
        Assert.Equal(4, PthFileTests.ReadAll(WithTensor(Tensor(Storage("0", 4), 0, [1, 4, 1], [long.MaxValue, 1, 77])))["w"].Values.Length);

    [Fact]
    public void DeclaredSizesAreCheckedBeforeMemoryIsTaken()
    {
        long huge = 1L << 40;
        string body = Dict(("w", Tensor(Storage("0", huge), 0, [1 << 30], [1])));
        byte[] bomb = Zip([("a/data.pkl", Of(Dict(("w", Tensor(Storage("0", 1 << 24), 0, [1 << 24], [1]))))), ("a/data/0", new byte[1 << 26])], CompressionLevel.Optimal);
        Assert.True(bomb.Length < 1 << 20);
        (string Named, byte[] File)[] files =
        [
            ("ends within storage", Legacy(body, ("0", huge, new byte[16]))),
            ("4 elements where its tensors say", Legacy(body, ("0", 4, new byte[16]))),
            ("missing", Legacy(body)),
            ("elements", WithTensor(Tensor(Storage("0", -1), 0, [0], [1]))),
            ("elements", WithTensor(Tensor(Storage("0", long.MaxValue), 0, [1], [1]))),
            ("16 bytes where", Zip([("a/data.pkl", Of(body)), ("a/data/0", new byte[16])])),
            ("missing", Zip([("a/data.pkl", Of(body))])),
            ("inflate", bomb),
            ("inflate", Zip([("a/data.pkl", Of(new string('N', 1 << 25)))], CompressionLevel.Optimal)),
            ("two sizes", WithTensor(Tuple(Storage("0", 4), Storage("0", 5)))),
            ("twice", Legacy(Dict(("w", Tensor(Storage("0", 1), 0, [1], [1]))), ("0", 1, new byte[4]), ("0", 1, new byte[4]))),
            ("view of another", WithTensor(Tuple(Text("storage"), "ctorch\nFloatStorage\n", Text("0"), Text("cpu"), Long(4), Tuple(Text("1"), Long(0), Long(2))) + "Q")),
            ("little-endian", Zip([("a/data.pkl", Of("}")), ("a/byteorder", "big"u8.ToArray())])),
        ];
        foreach (var (named, file) in files)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains(named, Refusal(file));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    [Fact]
    public void SmallFilesThatUnfoldAreRefused()
    {
        string tensor = Tensor(Storage("0", 1000), 0, [1000], [1]) + "q\u0001";
        string shared = "}(" + Text("first") + tensor + string.Concat(Enumerable.Range(0, 20).Select(i => Text($"w{i}") + "h\u0001")) + "u";
        Assert.Contains("share", Refusal(Legacy(shared, ("0", 1000, new byte[4000]))));
        Assert.Contains("values", Refusal(Legacy(new string('N', PickleReader.MaximumValues + 1))));
        Assert.Contains("values", Refusal(Legacy(new string('(', PickleReader.MaximumValues + 1))));
        string pairs = "](" + string.Concat(Enumerable.Repeat("(NNt", 1000)).Replace("NN", Text("k") + "N") + "eq\u0002";
        Assert.Contains("values", Refusal(Legacy(pairs + string.Concat(Enumerable.Repeat("ccollections\nOrderedDict\nh\u0002\u0085R", 2000)))));
        byte[] text = new byte[PickleReader.MaximumBytes + (2 << 20)];
        for (int at = 0; at < text.Length; at += 1 << 20) Encoding.Latin1.GetBytes("X" + Int((1 << 20) - 5), text.AsSpan(at));
        Assert.Contains("MB", Assert.Throws<ModelFormatException>(() => new PickleReader(new MemoryStream(text), "x").Read()).Message);
    }

    [Fact]
    public void DeepAndCyclicValuesAreHarmless()
    {
        string deep = new string('N', 1) + string.Concat(Enumerable.Repeat("\u0085", 200_000));
        Assert.Contains("no dict", Refusal(Legacy(deep)));
        string cyclic = "}q\u0001" + Text("self") + "h\u0001s" + Text("w") + Tensor(Storage("0", 4), 0, [4], [1]) + "s";
        Assert.Equal(4, PthFileTests.ReadAll(Legacy(cyclic, ("0", 4, new byte[16])))["w"].Values.Length);
    }

    [Theory]
    [InlineData("mixed_legacy", 7)]
    [InlineData("mixed_zip", 11)]
    [InlineData("flavr_legacy", 997)]
    [InlineData("flavr_zip", 997)]
    public void EveryTruncationIsRefused(string name, int step)
    {
        byte[] whole = File.ReadAllBytes(PthFileTests.PathOf(name));
        for (int length = 0; length < whole.Length; length += step) Refusal(whole[..length]);
        Refusal(whole[..^1]);
    }

    [Theory]
    [InlineData("mixed_legacy", 1)]
    [InlineData("mixed_zip", 2)]
    public void ChangedBytesAreReadOrRefused(string name, int seed)
    {
        byte[] whole = File.ReadAllBytes(PthFileTests.PathOf(name));
        var random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < 1500; round++)
        {
            byte[] changed = [.. whole];
            for (int k = random.Next(1, 4); k > 0; k--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            try
            {
                PthFileTests.ReadAll(changed);
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 300, 1499);
    }
}
