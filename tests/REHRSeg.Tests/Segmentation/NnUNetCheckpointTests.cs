using System.Text.Json;
using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using REHRSeg.Tests.PyTorch;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Checkpoints that Python's PyTorch wrote under nnU-Net's names (tests/oracles/nnunet/make_checkpoint.py), and what their networks compute there.</summary>
public sealed class NnUNetCheckpointTests
{
    internal static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "oracles", "nnunet", name + ".pth");

    static readonly DatasetFingerprint Data = new([new("a", new(10, 32, 32), [4, 1, 1], 1)]);
    static readonly RehrSegOptions Options = new() { PretrainedNnUNet = PathOf("plain"), NnUNetIterations = 0, FineTuneIterations = 0, BFloat16 = false };

    static NnUNetCheckpoint Read(string name) => NnUNetCheckpoint.Read(Options with { PretrainedNnUNet = PathOf(name) })!;

    static torch.Tensor Tensor(JsonElement golden) => torch.tensor([.. golden.GetProperty("value").EnumerateArray().Select(v => v.GetSingle())], Golden.Longs(golden.GetProperty("shape")));

    [Theory]
    [InlineData("plain", SliceAxis.Z, false)]
    [InlineData("swapped", SliceAxis.X, true)] // nnU-Net's axes x, z, y are ours with H and W exchanged
    public void The_loaded_network_computes_what_PyTorch_computes(string name, SliceAxis axis, bool swapped)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var checkpoint = Read(name);
        Assert.Equal((swapped, "3d_fullres"), (checkpoint.SwapsPlane(axis), checkpoint.Configuration));
        var plan = checkpoint.Plan(null)!.ToPlan(Data, axis, 1, 2, factor: 4);
        Assert.Equal(swapped ? new(6, 32, 24) : new(6, 24, 24), plan.Patch);
        using var network = new SegmentationNetwork(plan.Architecture, seed: 5);
        var (taken, random) = checkpoint.ApplyTo(network, swapped);
        Assert.Null(random);
        Assert.Contains("48 tensors", taken);

        var golden = Golden.Case("nnunet/expected.json", name);
        torch.Tensor Ours(torch.Tensor t) => swapped ? t.transpose(3, 4) : t;
        var output = network.forward(Ours(Tensor(golden.GetProperty("input"))).contiguous(), SegmentationOutputs.Lr | SegmentationOutputs.DeepSupervision);
        torch.Tensor[] expected = [.. golden.GetProperty("outputs_high_to_low").EnumerateArray().Select(Tensor)], found = [output.Lr!, .. output.Deep];
        Assert.Equal(expected.Length, found.Length);
        foreach (var (e, f) in expected.Zip(found))
        {
            Assert.Equal(e.shape, Ours(f).shape);
            Assert.InRange(Golden.Maximum(Ours(f) - e), 0, 1e-4);
            Assert.InRange(e.abs().max().item<float>(), 0.3, 100);
        }
    }

    [Fact]
    public void Everything_beside_the_weights_is_inert_data()
    {
        using var file = PthFile.Open(File.OpenRead(PathOf("plain")), "plain.pth", PthContent.Checkpoint);
        var root = (Dictionary<string, object?>)file.Root!;
        var log = (Dictionary<string, object?>)root["logging"]!;
        Assert.Equal([0.25, 0.5], (List<object?>)log["mean_fg_dice"]!);
        Assert.Equal([0.75, -0.25], (List<object?>)log["train_losses"]!);
        Assert.Equal(double.NaN, ((List<object?>)log["val_losses"]!)[1]);
        Assert.Equal([3L, 7L, true, 0.5], (List<object?>)log["counts"]!);
        Assert.Equal((0.275, 2L), (root["_best_ema"], root["current_epoch"]));
        var arguments = (Dictionary<string, object?>)root["init_args"]!;
        Assert.Equal("cuda:0", arguments["device"]);
        Assert.Equal([0L, 1L, 2L], (object?[])root["inference_allowed_mirroring_axes"]!);
        var golden = Golden.Case("nnunet/expected.json", "plain");
        Assert.Equal(golden.GetProperty("tensors").GetInt32(), ((Dictionary<string, object?>)root["network_weights"]!).Count);
        Assert.Equal(48, golden.GetProperty("distinct").GetInt32());
        // A file of weights alone stays strict.
        Assert.Contains("numpy.core.multiarray.scalar", Assert.Throws<ModelFormatException>(() => PthFile.Open(File.OpenRead(PathOf("plain")), "plain.pth")).Message);
    }

    static string Number(string format, string bytes, string module = "numpy.core.multiarray", string order = "<") =>
        $"c{module}\nscalar\n" + Pickles.Tuple($"cnumpy\ndtype\n{Pickles.Tuple(Pickles.Text(format), "\u0089", "\u0088")}R{Pickles.Tuple("K\u0003", Pickles.Text(order), "NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000")}b",
            $"c_codecs\nencode\n{Pickles.Tuple(Pickles.Text(bytes), Pickles.Text("latin1"))}R") + "R";

    static object? Value(string body) => new PickleReader(new MemoryStream(Pickles.Of(body)), "x", PthContent.Checkpoint).Read();

    [Fact]
    public void Numbers_of_numpy_2_are_read_too()
    {
        Assert.Equal(2L, Value(Number("i4", "\u0002\u0000\u0000\u0000", "numpy._core.multiarray")));
        string protocol3 = $"cnumpy._core.multiarray\nscalar\n" + Pickles.Tuple($"cnumpy\ndtype\n{Pickles.Tuple(Pickles.Text("i1"), "\u0089", "\u0088")}R", "C\u0001\u00ff") + "R";
        Assert.Equal(-1L, Value(protocol3));
    }

    [Theory]
    [InlineData("numpy\ndtype\n(X\u0002\u0000\u0000\u0000O8\u0089\u0088tR", "numpy.dtype")]
    [InlineData("numpy\nload\n", "numpy.load")]
    [InlineData("numpy.core.multiarray\n_reconstruct\n", "_reconstruct")]
    [InlineData("_codecs\ndecode\n", "_codecs.decode")]
    [InlineData("_codecs\nencode\n(X\u0001\u0000\u0000\u0000aX\u0003\u0000\u0000\u0000zlbtR", "_codecs.encode")]
    [InlineData("_codecs\nencode\n(NX\u0006\u0000\u0000\u0000latin1tR", "_codecs.encode")]
    [InlineData("torch\ndevice\n(NtR", "torch.device")]
    [InlineData("torch\nload\n", "torch.load")]
    [InlineData("builtins\neval\n", "builtins.eval")]
    [InlineData("posix\nsystem\n", "posix.system")]
    [InlineData("numpy.core.multiarray\nscalar\n(NNtR", "numpy.core.multiarray.scalar")]
    public void Other_names_and_arguments_stay_refused(string call, string named) => Assert.Contains(named, Assert.Throws<ModelFormatException>(() => Value("c" + call)).Message);

    [Fact]
    public void Damaged_numbers_are_refused()
    {
        Assert.Contains("little-endian", Assert.Throws<ModelFormatException>(() => Value(Number("f8", new string('\u0001', 8), order: ">"))).Message);
        Assert.Contains("8 bytes has 3", Assert.Throws<ModelFormatException>(() => Value(Number("f8", "abc"))).Message);
        Assert.Contains("BUILD", Assert.Throws<ModelFormatException>(() => Value("N}b")).Message);
    }

    [Fact]
    public void Every_truncation_of_a_checkpoint_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(PathOf("swapped"));
        for (int length = 0; length < whole.Length; length += 1999)
        {
            File.WriteAllBytes(folder["cut.pth"], whole[..length]);
            Assert.Contains("cut.pth", Assert.Throws<ModelFormatException>(() => NnUNetCheckpoint.Read(Options with { PretrainedNnUNet = folder["cut.pth"] })).Message);
        }
    }

    static SegmentationArchitecture Own => Read("plain").Plan(null)!.ToPlan(Data, SliceAxis.Z, 1, 2, 4).Architecture;

    [Fact]
    public void Another_number_of_classes_leaves_the_heads_at_random()
    {
        using var network = new SegmentationNetwork(Own with { Classes = 3 }, seed: 5);
        using var untouched = new SegmentationNetwork(Own with { Classes = 3 }, seed: 5);
        var (taken, random) = Read("plain").ApplyTo(network, false);
        Assert.Contains("44 tensors", taken);
        Assert.All((string[])["trained for 2 classes", "labels name 3", "decoder.seg_layers.0.weight", "decoder.seg_layers.1.bias"], part => Assert.Contains(part, random));
        var (loaded, fresh) = (NetworkWeights.Export(network), NetworkWeights.Export(untouched));
        Assert.All(loaded, w => Assert.Equal(w.Key.Contains("seg_layers", StringComparison.Ordinal) || w.Key.StartsWith("sr_head", StringComparison.Ordinal) || w.Value.Values.All(v => v == 0), w.Value.Values.SequenceEqual(fresh[w.Key].Values)));
    }

    [Fact]
    public void A_checkpoint_of_another_plan_is_refused_by_its_first_tensor()
    {
        string Refusal(SegmentationArchitecture network) => Assert.Throws<ModelFormatException>(() => Read("plain").Check(network, false)).Message;
        string wide = Refusal(Own with { Features = [4, 8, 12] });
        Assert.All((string[])["plain.pth", "another plan", "encoder.stages.2.0.convs.0.conv.weight is 8x8x3x3x3 there, and 12x8x3x3x3", "--nnunet-plans"], part => Assert.Contains(part, wide));
        Assert.Contains("encoder.stages.3.0.convs.0.conv.weight is missing", Refusal(Own with { Features = [4, 8, 8, 8], Kernels = [.. Own.Kernels, new(3, 3, 3)], Strides = [.. Own.Strides, new(1, 2, 2)] }));
        Assert.Contains("1x1x3x3", Refusal(Own with { Kernels = [new(3, 3, 3), .. Own.Kernels.Skip(1)] }));
        string channels = Refusal(Own with { Channels = 2 });
        Assert.All((string[])["1 image channel(s)", "cases have 2", "4x1x1x3x3"], part => Assert.Contains(part, channels));
        var shallow = Own with { Features = [4, 8], Kernels = [.. Own.Kernels.Take(2)], Strides = [.. Own.Strides.Take(2)] };
        Assert.Contains("another plan", Refusal(shallow));
    }

    [Fact]
    public void Shapes_are_those_of_the_network()
    {
        using var network = new SegmentationNetwork(Own with { ConvolutionsPerStage = 3 });
        Assert.Equal(Golden.StateDict(network).Where(t => !t.Key.StartsWith("sr_head", StringComparison.Ordinal)), SegmentationNetworkShapes.Of(Own with { ConvolutionsPerStage = 3 }).ToDictionary(t => t.Name, t => string.Join('x', t.Shape)).OrderBy(t => t.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Other_files_are_named()
    {
        string Refusal(string path) => Assert.ThrowsAny<Exception>(() => NnUNetCheckpoint.Read(Options with { PretrainedNnUNet = path })).Message;
        Assert.Contains("no checkpoint", Refusal("/nowhere/checkpoint_final.pth"));
        Assert.Contains("network_weights", Refusal(PthFileTests.PathOf("flavr_zip")));
        Assert.Contains("PlainConvUNet", Refusal(PthFileTests.PathOf("mixed_zip")));
        Assert.Contains("posix.system", Refusal(PthFileTests.PathOf("evil_zip")));
        Assert.Null(NnUNetCheckpoint.Read(new()));
        // An estimator says so when it is made, before the stages in front of it have run for hours.
        var transforms = new MLContext(1).Transforms;
        Assert.Throws<FileNotFoundException>(() => transforms.RehrSeg(Options with { PretrainedNnUNet = "/nowhere/checkpoint_final.pth" }));
        Assert.Throws<ModelFormatException>(() => transforms.RehrSeg(Options with { NnUNetConfiguration = "2d" }));
    }

    [Fact]
    public void Training_goes_on_from_the_checkpoint_and_its_plan()
    {
        var data = EllipsoidData.Dataset(2, pseudo: true);
        TrainingContext context = new() { Device = torch.CPU, Seed = 3 };
        using var expected = new SegmentationNetwork(Own, seed: 9);
        Read("plain").ApplyTo(expected, false);
        var loaded = NetworkWeights.Export(expected);
        IReadOnlyDictionary<string, WeightArray> Weights(RehrSegOptions options)
        {
            using var model = RehrSegTrainer.Train(data, options, context);
            Assert.Equal(new PatchShape(6, 24, 24), model.Info.Patch);
            return NetworkWeights.Export(model.Network);
        }
        Assert.All(Weights(Options), w => Assert.Equal(loaded[w.Key].Values, w.Value.Values)); // nothing trained: the checkpoint's own
        var after = Weights(Options with { NnUNetIterations = 2 });
        Assert.False(after["encoder.stages.0.0.convs.0.conv.weight"].Values.SequenceEqual(loaded["encoder.stages.0.0.convs.0.conv.weight"].Values));
        Assert.True(after["encoder.stages.0.0.convs.0.conv.weight"].Values.Zip(loaded["encoder.stages.0.0.convs.0.conv.weight"].Values, (a, b) => Math.Abs(a - b)).Max() < 0.2);
        var fineTuned = Weights(Options with { FineTuneIterations = 1 });
        Assert.True(fineTuned.Count > loaded.Count - 1 && fineTuned.Keys.Any(k => k.StartsWith("sr_head.", StringComparison.Ordinal)));
        string plan = Assert.Throws<ModelFormatException>(() => Weights(Options with { NnUNetPlans = Path.Combine(AppContext.BaseDirectory, "oracles", "nnunet", "plans_2_5.json") })).Message;
        Assert.Contains("another plan", plan);
        Assert.Contains("slice axis of the cases is Z", Assert.Throws<ModelFormatException>(() => Weights(Options with { PretrainedNnUNet = PathOf("swapped") })).Message);
    }
}
