using TorchSharp;

namespace REHRSeg.Tests;

public sealed class SelfSrNetworkTests
{
    private static readonly SelfSrArchitecture Published = new() { RestoreMean = false, ClampUncertainty = false, PublishedUnusedModules = true };
    private static readonly SelfSrArchitecture Small = new() { Width = 8, LabelChannels = 1 };

    [Theory]
    [InlineData(false, "selfsr_base_r4", "rehrseg_sr_base_state_dict.tsv")]
    [InlineData(true, "selfsr_uasr_r4", "rehrseg_sr_uasr_state_dict.tsv")]
    public void PublishedNetworksMatchGoldenNumbersAndNames(bool uasr, string name, string reference)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new SelfSrNetwork(Published with { Head = uasr ? SelfSrHead.Uasr : SelfSrHead.Base });
        var golden = Golden.Case("golden_uasr.json", name);
        Assert.Equal(Golden.StateDict(reference), Golden.StateDict(network));
        Assert.Equal(golden.GetProperty("parameters").GetInt64(), network.parameters().Sum(p => p.numel()));
        Golden.SetFormulaWeights(network);
        var window = Golden.Input(golden);
        var output = network.forward(window);
        Golden.AssertEqual(golden.GetProperty("output"), torch.cat([output.Image, output.LabelLogits], 1));
        Golden.AssertEqual(golden.GetProperty("feature_x1"), network.Feature(window));
        if (uasr)
        {
            Golden.AssertEqual(golden.GetProperty("uncertainty"), output.Uncertainty!);
        }
        else
        {
            Assert.Null(output.Uncertainty);
        }
    }

    [Fact]
    public void UnusedModulesAreLeftOutByDefault()
    {
        using var network = new SelfSrNetwork(new() { Head = SelfSrHead.Base });
        Assert.Equal(42_235_784 - 32_896, network.parameters().Sum(p => p.numel()));
        using var uasr = new SelfSrNetwork(new());
        Assert.Equal(42_694_809 - 25_096, uasr.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(1, 2, 4)]
    [InlineData(2, 3, 3)]
    [InlineData(1, 5, 2)]
    public void AnyChannelsClassesAndFactor(int images, int labels, int factor)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var head in new[] { SelfSrHead.Base, SelfSrHead.Uasr })
        {
            using var network = new SelfSrNetwork(Small with { Head = head, ImageChannels = images, LabelChannels = labels, Factor = factor });
            var output = network.forward(Golden.Input(2, images + labels, 4, 16, 24));
            Assert.Equal([2, images, factor, 16, 24], output.Image.shape);
            Assert.Equal([2, labels, factor, 16, 24], output.LabelLogits.shape);
            Assert.Equal(head == SelfSrHead.Uasr ? [2, 1, factor, 16, 24] : null, output.Uncertainty?.shape);
        }
    }

    /// <summary>Channel t(C+L)N + (C+L)j + m, by a loop over branches and sub-slices as in the paper's figure.</summary>
    [Fact]
    public void BranchesAreMixedAsTheLoopDoes()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var architecture = Small with { LabelChannels = 2, Branches = 5, Factor = 3 };
        using var network = new SelfSrNetwork(architecture, seed: 3);
        var window = Golden.Input(2, 3, 4, 16, 16);
        var mean = window.narrow(1, 0, 1).mean([2, 3, 4]).view(2, 1, 1);
        var weights = network.state_dict();
        torch.Tensor Conv(string name, torch.Tensor x, int padding) => torch.nn.functional.conv2d(x, weights[name + ".weight"], weights[name + ".bias"], padding: [padding, padding]);
        var fused = torch.nn.functional.leaky_relu(Conv("feature_fuse.conv.0", network.Features(window).Merge(), 1), 0.2);
        torch.Tensor branches = Conv("feature_fuse1.conv.0", fused, 0), attention = Conv("uncertainty_early.conv.0", fused, 0);
        var output = network.forward(window);
        for (int t = 0; t < 3; t++)
        {
            var p = attention.narrow(1, t * 5, 5).softmax(1);
            for (int m = 0; m < 3; m++)
            {
                var sum = torch.zeros(2, 16, 16);
                for (int j = 0; j < 5; j++)
                {
                    var z = branches[.., t * 15 + 3 * j + m];
                    sum += p[.., j] * (m == 0 ? torch.tanh(z + mean) : z);
                }
                var actual = m == 0 ? output.Image[.., 0, t] : output.LabelLogits[.., m - 1, t];
                Assert.True(Golden.Maximum(actual - sum) < 1e-5);
            }
        }
    }

    [Fact]
    public void EarlyExitsAreTheBackbonesMapsAndTheInputStaysAsItIs()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new SelfSrNetwork(Small, seed: 1);
        torch.Tensor window = Golden.Input(2, 2, 4, 16, 16), before = window.clone();
        var features = network.Features(window);
        Assert.Equal(0, Golden.Maximum(network.Feature(window) - features.X1));
        torch.Tensor[] maps = [features.X0, features.X1, features.X2, features.X3, features.X4, features.Decoded];
        foreach (var layer in Enum.GetValues<TeacherLayer>()) Assert.Equal(0, Golden.Maximum(network.Feature(window, layer) - maps[(int)layer]));
        Assert.Equal([2, 8, 4, 8, 8], features.X0.shape);
        Assert.Equal([2, 16, 4, 4, 4], features.X2.shape);
        Assert.Equal([2, 32, 4, 2, 2], features.X3.shape);
        Assert.Equal([2, 64, 4, 2, 2], features.X4.shape);
        Assert.Equal([2, 8, 4, 16, 16], features.Decoded.shape);
        network.forward(window);
        Assert.Equal(0, Golden.Maximum(window - before));
    }

    [Fact]
    public void BFloat16IsCloseToFloat32()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var head in new[] { SelfSrHead.Base, SelfSrHead.Uasr })
        {
            using var network = new SelfSrNetwork(Small with { Width = 16, Head = head }, seed: 1);
            var window = Golden.Input(2, 2, 4, 32, 32);
            var full = network.forward(window);
            network.BFloat16 = true;
            var half = network.forward(window);
            Assert.Equal(torch.ScalarType.Float32, half.Image.dtype);
            Assert.Equal(torch.ScalarType.Float32, half.LabelLogits.dtype);
            double image = Golden.RelativeDifference(half.Image, full.Image);
            Assert.InRange(image, OneDnnTails.AreWrong ? 0 : 1e-7, 3e-2);
            Assert.InRange(Golden.RelativeDifference(half.LabelLogits, full.LabelLogits), OneDnnTails.AreWrong ? 0 : 1e-7, 3e-2);
            if (full.Uncertainty is not null)
            {
                Assert.InRange(Golden.RelativeDifference(half.Uncertainty!, full.Uncertainty), 0, 3e-2);
            }
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void GradientReachesEveryParameter(bool uasr, bool bfloat16)
    {
        using var scope = torch.NewDisposeScope();
        using var network = new SelfSrNetwork(Small with { Head = uasr ? SelfSrHead.Uasr : SelfSrHead.Base }, seed: 1) { BFloat16 = bfloat16 };
        var output = network.forward(Golden.Input(2, 2, 4, 16, 16));
        var loss = output.Image.square().sum() + output.LabelLogits.square().sum();
        (output.Uncertainty is null ? loss : loss + output.Uncertainty.log().sum()).backward();
        Assert.Empty(Golden.WithoutGradient(network));
    }

    [Fact]
    public void MeanIsRestoredAndUncertaintyClampedByDefault()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new SelfSrNetwork(Small, seed: 1);
        var weights = NetworkWeights.Export(network).ToDictionary(w => w.Key, w => w.Value with { Values = [.. w.Value.Values.Select(_ => 0f)] });
        weights["uncertainty_out.bias"] = weights["uncertainty_out.bias"] with { Values = [-100f] };
        NetworkWeights.Load(network, weights);
        var window = Golden.Input(1, 2, 4, 16, 16);
        var output = network.forward(window);
        Assert.Equal(Math.Tanh(window.narrow(1, 0, 1).mean().item<float>()), output.Image.mean().item<float>(), 1e-5);
        Assert.Equal(1e-3, output.Uncertainty!.max().item<float>(), 1e-6);
    }

    [Fact]
    public void TheGlobalResidualStartsAtTheInterpolation()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var head in new[] { SelfSrHead.Base, SelfSrHead.Uasr })
        {
            using var network = new SelfSrNetwork(Small with { Head = head, GlobalResidual = true }, seed: 1);
            var window = Golden.Input(2, 2, 4, 16, 16);
            var interpolated = SubSliceInterpolation.Interpolate(window.narrow(1, 0, 1), network.Architecture.InterpolationWeights()!);
            Assert.InRange(Golden.Maximum(network.forward(window).Image - interpolated), 1e-6, 0.02);
        }
    }

    [Fact]
    public void TheSeedFixesTheWeights()
    {
        using SelfSrNetwork a = new(Small, seed: 5), b = new(Small, seed: 5), c = new(Small, seed: 6);
        var (first, same, other) = (NetworkWeights.Export(a), NetworkWeights.Export(b), NetworkWeights.Export(c));
        Assert.All(first, w => Assert.Equal(w.Value.Values, same[w.Key].Values));
        Assert.NotEqual(first["encoder.stem.0.weight"].Values, other["encoder.stem.0.weight"].Values);
        float[] stem = first["encoder.layer1.0.conv1.0.weight"].Values;
        Assert.Equal(2.0 / (8 * 27), stem.Average(v => v * v), 0.1 * 2.0 / (8 * 27));
        Assert.All(first["encoder.stem.0.bias"].Values, v => Assert.Equal(0, v));
        Assert.Contains(first["decoder.0.conv.0.bias"].Values, v => v != 0);
    }

    [Fact]
    public void ForwardLeavesNoTensorsBehind()
    {
        using var noGradient = torch.no_grad();
        using var network = new SelfSrNetwork(Small with { GlobalResidual = true });
        using var window = Golden.Input(1, 2, 4, 16, 16);
        Dispose(network.forward(window));
        long before = LiveTensors.Count();
        Dispose(network.forward(window));
        network.Feature(window).Dispose();
        Assert.Equal(before, torch.Tensor.TotalCount);

        static void Dispose(SelfSrOutput output)
        {
            output.Image.Dispose();
            output.LabelLogits.Dispose();
            output.Uncertainty!.Dispose();
        }
    }

    [Theory]
    [InlineData(2, 4, 16, 12)]
    [InlineData(2, 3, 16, 16)]
    [InlineData(3, 4, 16, 16)]
    public void WrongWindowsAreRefused(int channels, int slices, int height, int width)
    {
        using var network = new SelfSrNetwork(Small);
        Assert.Contains("B x 2 x 4 x H x W", Assert.Throws<ArgumentException>(() => network.forward(torch.zeros([1, channels, slices, height, width]))).Message);
    }
}
