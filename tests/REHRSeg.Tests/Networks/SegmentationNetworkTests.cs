using System.Text.Json;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests;

public sealed class SegmentationNetworkTests
{
    private static readonly SegmentationArchitecture Small = new()
    {
        Classes = 3,
        Features = [8, 12, 16],
        Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)],
        Strides = [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2)],
        Factor = 4,
        HighResolutionWidth = 6,
    };
    private const SegmentationOutputs All = SegmentationOutputs.Lr | SegmentationOutputs.Hr | SegmentationOutputs.DeepSupervision | SegmentationOutputs.Feature;

    [Fact]
    public void MatchesGoldenNumbersWithDeepSupervision()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var golden = Golden.Case("golden_unet.json", "plainconvunet5");
        using var network = new SegmentationNetwork(new()
        {
            Classes = golden.GetProperty("classes").GetInt32(),
            Features = [.. Golden.Longs(golden.GetProperty("features")).Select(f => (int)f)],
            Kernels = [.. Shapes(golden.GetProperty("kernels"))],
            Strides = [.. Shapes(golden.GetProperty("strides"))],
            Factor = 0,
        });
        Assert.Equal(golden.GetProperty("tensor_names").EnumerateArray().Select(e => e.GetString()!), Golden.StateDict(network).Keys);
        Golden.SetFormulaWeights(network);
        var output = network.forward(Golden.Input(golden), SegmentationOutputs.Lr | SegmentationOutputs.DeepSupervision);
        JsonElement[] expected = [.. golden.GetProperty("outputs_high_to_low").EnumerateArray()];
        Assert.Equal(expected.Length, output.Deep.Count + 1);
        Golden.AssertEqual(expected[0], output.Lr!);
        Assert.All(expected.Skip(1).Zip(output.Deep), p => Golden.AssertEqual(p.First, p.Second));
    }

    [Fact]
    public void NamesAndShapesAreThePrimaryOnesOfThePublishedNetwork()
    {
        using var network = new SegmentationNetwork(new()
        {
            Classes = 2,
            Features = [32, 64, 128, 256, 320, 320],
            Kernels = [new(1, 3, 3), new(1, 3, 3), new(3, 3, 3), new(3, 3, 3), new(3, 3, 3), new(3, 3, 3)],
            Strides = [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2), new(2, 2, 2), new(2, 2, 2), new(2, 2, 2)],
            Factor = 4,
        });
        var published = Golden.StateDict("segmodel_6stage_state_dict.tsv").Where(t => !t.Key.Contains("all_modules") && !t.Key.StartsWith("decoder.encoder.", StringComparison.Ordinal));
        Assert.Equal(published, Golden.StateDict(network));
        Assert.Equal(30_766_396, network.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void ComputesWhatIsAskedFor()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new SegmentationNetwork(Small with { Channels = 2 }, seed: 1);
        torch.Tensor patch = Golden.Input(2, 2, 6, 8, 16), before = patch.clone();
        var all = network.forward(patch, All);
        Assert.Equal(0, Golden.Maximum(patch - before));
        Assert.Equal([2, 3, 6, 8, 16], all.Lr!.shape);
        Assert.Equal([2, 3, 24, 8, 16], all.Hr!.shape);
        Assert.Equal([2, 12, 6, 4, 8], all.Feature!.shape);
        Assert.Equal([2, 3, 6, 4, 8], Assert.Single(all.Deep).shape);
        var feature = network.forward(patch, SegmentationOutputs.Feature);
        Assert.Equal(0, Golden.Maximum(feature.Feature! - all.Feature));
        Assert.True(feature is { Lr: null, Hr: null, Deep.Count: 0 });
        var hr = network.forward(patch, SegmentationOutputs.Hr);
        Assert.Equal(0, Golden.Maximum(hr.Hr! - all.Hr));
        Assert.True(hr is { Lr: null, Feature: null, Deep.Count: 0 });
    }

    [Fact]
    public void BFloat16IsCloseToFloat32()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new SegmentationNetwork(Small, seed: 1);
        var patch = Golden.Input(2, 1, 6, 32, 32);
        var full = network.forward(patch, All);
        network.BFloat16 = true;
        var half = network.forward(patch, All);
        foreach (var (h, f) in new[] { (half.Lr!, full.Lr!), (half.Hr!, full.Hr!), (half.Deep[0], full.Deep[0]), (half.Feature!, full.Feature!) })
        {
            Assert.Equal(torch.ScalarType.Float32, h.dtype);
            Assert.InRange(Golden.RelativeDifference(h, f), OneDnnTails.AreWrong ? 0 : 1e-7, 3e-2);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GradientReachesEveryParameter(bool bfloat16)
    {
        using var scope = torch.NewDisposeScope();
        using var network = new SegmentationNetwork(Small, seed: 1) { BFloat16 = bfloat16 };
        var output = network.forward(Golden.Input(2, 1, 6, 16, 16), All);
        (output.Lr!.square().sum() + output.Hr!.square().sum() + output.Deep[0].square().sum()).backward();
        // A bias before an instance norm is subtracted again: its gradient is zero but for rounding.
        Assert.DoesNotContain(Golden.WithoutGradient(network), name => !name.EndsWith(".conv.bias", StringComparison.Ordinal));
    }

    [Fact]
    public void ForwardLeavesNoTensorsBehind()
    {
        using var noGradient = torch.no_grad();
        using var network = new SegmentationNetwork(Small);
        using var patch = Golden.Input(1, 1, 6, 16, 16);
        Run();
        long before = LiveTensors.Count();
        Run();
        Assert.Equal(before, torch.Tensor.TotalCount);

        void Run()
        {
            var output = network.forward(patch, All);
            foreach (var tensor in output.Deep.Concat([output.Lr!, output.Hr!, output.Feature!]))
            {
                tensor.Dispose();
            }
        }
    }

    [Fact]
    public void WrongPatchesAndArchitecturesAreRefused()
    {
        using var network = new SegmentationNetwork(Small with { Factor = 0 });
        Assert.Contains("2x4x4", Assert.Throws<ArgumentException>(() => network.forward(torch.zeros([1, 1, 3, 8, 8]), SegmentationOutputs.Lr)).Message);
        Assert.Contains("no high-resolution head", Assert.Throws<ArgumentException>(() => network.forward(torch.zeros([1, 1, 4, 8, 8]), SegmentationOutputs.Hr)).Message);
        Assert.Throws<ArgumentException>(() => new SegmentationNetwork(Small with { Strides = Small.Kernels }));
        Assert.Throws<ArgumentException>(() => new SegmentationNetwork(Small with { Kernels = [new(2, 3, 3), new(3, 3, 3), new(3, 3, 3)] }));
    }

    private static IEnumerable<PatchShape> Shapes(JsonElement array) =>
        array.EnumerateArray().Select(Golden.Longs).Select(s => new PatchShape((int)s[0], (int)s[1], (int)s[2]));
}
