using REHRSeg.Imaging;
using REHRSeg.Tests.PyTorch;
using TorchSharp;

namespace REHRSeg.Tests.SelfSuperResolution;

public sealed class PretrainedFlavrTests
{
    static readonly SelfSrOptions s_tiny = SelfSrTrainerTests.Tiny with { Iterations = 1, UncertaintyIterations = 0, ValidationInterval = 0, LearningRate = 1e-12 };

    static void Save(string path, FlavrNetwork network, string prefix = "", Action<Dictionary<string, torch.Tensor>>? change = null)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = ModuleTensors.Of(network).ToDictionary(t => prefix + t.Key, t => t.Value);
        change?.Invoke(tensors);
        SafeTensors.Write(path, tensors, new Dictionary<string, string> { [FlavrStateDict.KindKey] = FlavrStateDict.Flavr });
    }

    static SelfSrNetwork Start(string path, PretrainedStem stem = PretrainedStem.Fresh, int width = 8, int images = 1, int labels = 1)
    {
        var network = new SelfSrNetwork(new() { Width = width, ImageChannels = images, LabelChannels = labels, Branches = 4 }, seed: 5);
        PretrainedFlavr.Read(new() { PretrainedWeights = path, PretrainedStem = stem, Width = width })!.ApplyTo(network);
        return network;
    }

    static Dictionary<string, float[]> Weights(torch.nn.Module network) => NetworkWeights.Export(network).ToDictionary(w => w.Key, w => w.Value.Values);

    [Fact]
    public void NamesAndShapesAreThePublishedOnes()
    {
        Assert.Equal(Golden.StateDict("flavr_state_dict.tsv"), new SortedDictionary<string, string>(FlavrStateDict.Published().ToDictionary(t => t.Name, t => string.Join('x', t.Shape)), StringComparer.Ordinal));
        Assert.Equal(71, FlavrStateDict.Backbone(64).Count());
        var uasr = Golden.StateDict("rehrseg_sr_uasr_state_dict.tsv");
        Assert.Equal(uasr.Keys.Where(n => !FlavrStateDict.IsTaskLayer(n)), FlavrStateDict.Backbone(64).Select(t => t.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    public void TheBackboneIsTakenAndTheRestStaysRandom(string prefix)
    {
        using var folder = new TemporaryFolder();
        using var flavr = new FlavrNetwork(width: 8, seed: 1);
        Save(folder["flavr.safetensors"], flavr, prefix);
        using var network = Start(folder["flavr.safetensors"]);
        using var untouched = new SelfSrNetwork(network.Architecture, seed: 5);
        var (own, published, random) = (Weights(network), Weights(flavr), Weights(untouched));
        Assert.Equal(81, own.Count);
        Assert.All(own, w => Assert.Equal(FlavrStateDict.IsTaskLayer(w.Key) ? random[w.Key] : published[w.Key], w.Value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WithSummedColoursAGreyImageGivesWhatItGaveAsVideo(int images)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var flavr = new FlavrNetwork(width: 8, seed: 1);
        Save(folder["flavr.safetensors"], flavr);
        using var network = Start(folder["flavr.safetensors"], PretrainedStem.SumOfRgb, images: images, labels: 2);
        var grey = Golden.Input(2, 1, 4, 16, 24);
        var labels = (Golden.Input(2, 2, 4, 16, 24) > 0.5).to(torch.float32);
        var weights = ModuleTensors.Of(flavr);
        var expected = torch.nn.functional.conv3d((grey - grey.mean([2, 3, 4], keepdim: true)).expand(2, 3, 4, 16, 24), weights[FlavrStateDict.StemWeight], weights[FlavrStateDict.StemBias], strides: [1, 2, 2], padding: [1, 3, 3]).relu();
        var stem = network.Features(torch.cat([grey.expand(2, images, 4, 16, 24), labels], 1)).X0;
        Assert.InRange(expected.std().item<float>(), 0.05f, 10f);
        Assert.InRange(Golden.Maximum(stem - expected), 0, 1e-5);
    }

    [Theory]
    [InlineData("flavr_legacy")]
    [InlineData("flavr_zip")]
    public void PyTorchFilesStartANetwork(string name)
    {
        using var network = Start(PthFileTests.PathOf(name), PretrainedStem.SumOfRgb, width: 2);
        using var file = StateDictFile.Open(PthFileTests.PathOf(name), "state_dict");
        var stored = file.Read(FlavrStateDict.Backbone(2).Select(t => t.Name));
        var own = Weights(network);
        Assert.All(stored, w => Assert.Equal(w.Value.Values, own[w.Key]));
    }

    [Fact]
    public void TheSameWeightsHaveTheSameHashInEveryFormat()
    {
        using var folder = new TemporaryFolder();
        using var flavr = new FlavrNetwork(width: 2);
        using (var file = StateDictFile.Open(PthFileTests.PathOf("flavr_legacy"), "state_dict")) NetworkWeights.Load(flavr, file.Read(file.Shapes.Keys));
        Save(folder["a.safetensors"], flavr);
        static string Hash(string path, PretrainedStem stem = PretrainedStem.Fresh) => PretrainedFlavr.Read(new() { Width = 2, PretrainedWeights = path, PretrainedStem = stem })!.Hash;
        Assert.Equal(Hash(PthFileTests.PathOf("flavr_legacy")), Hash(folder["a.safetensors"]));
        Assert.NotEqual(Hash(PthFileTests.PathOf("flavr_zip")), Hash(folder["a.safetensors"]));
        Assert.NotEqual(Hash(folder["a.safetensors"], PretrainedStem.SumOfRgb), Hash(folder["a.safetensors"]));
    }

    [Fact]
    public void WhatDoesNotFitIsNamedBeforeTheWorkStarts()
    {
        using var folder = new TemporaryFolder();
        using var flavr = new FlavrNetwork(width: 8);
        string path = folder["x.safetensors"];
        void Refused(string[] named, Action<Dictionary<string, torch.Tensor>>? change = null, SelfSrOptions? options = null)
        {
            Save(path, flavr, change: change);
            var lines = new List<string>();
            string message = Assert.Throws<ModelFormatException>(() => SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), (options ?? s_tiny) with { PretrainedWeights = path }, SelfSrTrainerTests.Context() with { Log = lines.Add })).Message;
            Assert.Empty(lines);
            Assert.All([path, .. named], n => Assert.Contains(n, message));
        }
        Refused(["width 8", "Width is 16", "selfsr.width=8"], options: s_tiny with { Width = 16 });
        Refused(["decoder.2.upconv.0.bias is missing"], w => w.Remove("decoder.2.upconv.0.bias"));
        Refused(["bn1.weight is not part of FLAVR"], w => w.Add("bn1.weight", torch.zeros(3)));
        Refused(["decoder.0.conv.0.bias is 3, FLAVR's is 32"], w => w["decoder.0.conv.0.bias"] = torch.zeros(3));
        Refused(["and 60 more"], w => { foreach (string n in w.Keys.Where(n => !n.StartsWith("encoder.layer1.0", StringComparison.Ordinal)).ToArray()) w.Remove(n); });
        Refused(["not FLAVR's", "conv1.weight"], w => { w.Clear(); w.Add("conv1.weight", torch.zeros(3)); });
        Refused(["encoder.layer1.0.conv2.0.bias holds NaN"], w => w["encoder.layer1.0.conv2.0.bias"] = torch.full([8], float.NaN));
        Refused(["encoder.stem.0.weight is 8x2x3x7x7"], w => w["encoder.stem.0.weight"] = torch.zeros([8, 2, 3, 7, 7]), s_tiny with { PretrainedStem = PretrainedStem.SumOfRgb });
        Assert.Throws<FileNotFoundException>(() => SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), s_tiny with { PretrainedWeights = folder["no"] }, SelfSrTrainerTests.Context()));
        Assert.Throws<ArgumentException>(() => (s_tiny with { PretrainedWeights = "" }).Validate());
    }

    [Fact]
    public void TrainingStartsFromTheWeightsSaysSoAndCanBeExportedAgain()
    {
        using var folder = new TemporaryFolder();
        using FlavrNetwork a = new(width: 8, seed: 1), b = new(width: 8, seed: 2);
        Save(folder["a.safetensors"], a);
        Save(folder["b.safetensors"], b);
        var lines = new List<string>();
        var options = s_tiny with { PretrainedWeights = folder["a.safetensors"], CheckpointDirectory = folder.Path };
        using var model = SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), options, SelfSrTrainerTests.Context(folder.Path) with { Log = lines.Add });
        Assert.Contains(lines, l => l.Contains("71 of 81 tensors") && l.Contains("a.safetensors") && l.Contains("Fresh"));

        using (var file = File.Create(folder["out.safetensors"])) model.SaveWeights(file);
        using var again = Start(folder["out.safetensors"], labels: 2);
        var (start, end) = (Weights(a), Weights(again));
        foreach (var (name, _) in FlavrStateDict.Backbone(8)) Assert.All(start[name].Zip(end[name]), w => Assert.Equal(w.First, w.Second, 1e-6f));
        Assert.Contains("self-SR", Assert.Throws<ModelFormatException>(() => Start(folder["out.safetensors"], PretrainedStem.SumOfRgb)).Message);

        using var plain = SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), s_tiny, SelfSrTrainerTests.Context());
        using var other = SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), s_tiny with { PretrainedWeights = folder["b.safetensors"] }, SelfSrTrainerTests.Context());
        File.Copy(folder["a.safetensors"], folder["copy.safetensors"]);
        using var copy = SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), s_tiny with { PretrainedWeights = folder["copy.safetensors"] }, SelfSrTrainerTests.Context());
        Assert.Equal(3, new[] { model, plain, other, copy }.Select(m => m.Info.TrainingFingerprint).Distinct().Count());
        Assert.Equal(model.Info.TrainingFingerprint, copy.Info.TrainingFingerprint);

        lines.Clear();
        using var resumed = SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), options with { Resume = true, PretrainedWeights = folder["b.safetensors"] }, SelfSrTrainerTests.Context(folder.Path, resume: true) with { Log = lines.Add });
        Assert.DoesNotContain(lines, l => l.Contains("tensors from"));
        using var stream = new MemoryStream();
        resumed.SaveWeights(stream);
        Assert.Equal(File.ReadAllBytes(folder["out.safetensors"]), stream.ToArray());
    }
}
