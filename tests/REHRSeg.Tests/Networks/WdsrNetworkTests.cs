using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests;

public sealed class WdsrNetworkTests
{
    [Fact]
    public void HasThePublishedNumberOfParameters()
    {
        using var network = new WdsrNetwork(new());
        Assert.Equal(241_232, network.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData("binary")]
    [InlineData("channels")]
    public void MatchesGoldenNumbers(string name)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var golden = Golden.Case("golden_wdsr.json", name);
        int Number(string key) => golden.GetProperty(key).GetInt32();
        using var network = new WdsrNetwork(new() { ImageChannels = Number("images"), LabelChannels = Number("labels"), Factor = Number("factor"), Width = Number("width"), Blocks = Number("blocks") });
        Assert.Equal(golden.GetProperty("tensor_names").EnumerateArray().Select(e => e.GetString()!), Golden.StateDict(network).Keys);
        Golden.SetFormulaWeights(network);
        var input = Golden.Input(golden);
        var before = input.clone();
        var (image, logits) = network.forward(input);
        Golden.AssertEqual(golden.GetProperty("image"), image);
        Golden.AssertEqual(golden.GetProperty("logits"), logits);
        Assert.Equal(0, Golden.Maximum(input - before));
    }

    [Fact]
    public void FirstWeightsAreTheirOwnNormalisedForm()
    {
        using var scope = torch.NewDisposeScope();
        using var network = new WdsrNetwork(new() { Width = 8, Blocks = 1 }, seed: 3);
        var tensors = network.state_dict();
        foreach (var (name, gain) in tensors.Where(t => t.Key.EndsWith("gain", StringComparison.Ordinal)))
            Assert.True(Golden.Maximum(gain.flatten() - tensors[name.Replace("gain", "weight", StringComparison.Ordinal)].flatten(1).norm(1)) < 1e-6, name);
    }

    [Fact]
    public void EveryParameterLearns()
    {
        using var scope = torch.NewDisposeScope();
        using var network = new WdsrNetwork(new() { Width = 8, Blocks = 2 }, seed: 1);
        var (image, logits) = network.forward(Golden.Input(2, 2, 6, 8));
        (image.square().sum() + logits.square().sum()).backward();
        Assert.Empty(Golden.WithoutGradient(network));
    }

    [Fact]
    public void ResidualFormAddsTheInterpolationOfTheRows()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var architecture = new WdsrArchitecture { Width = 8, Blocks = 1, Factor = 3, ImageChannels = 2 };
        using var plain = new WdsrNetwork(architecture, 5);
        using var residual = new WdsrNetwork(architecture with { GlobalResidual = true }, 5);
        var input = Golden.Input(2, 3, 4, 5);
        var (plainImage, plainLogits) = plain.forward(input);
        var (image, logits) = residual.forward(input);
        Assert.Equal(0, Golden.Maximum(logits - plainLogits));
        float[][] weights = SubSliceInterpolation.Weights(SliceProfile.Gaussian(3), -2, 5);
        for (int row = 0; row < 12; row++)
        {
            int centre = row / 3;
            torch.Tensor Row(int i) => input.narrow(1, 0, 2).select(2, Math.Clamp(i, 0, 3));
            var expected = weights[row % 3].Select((w, k) => w * Row(centre - 2 + k)).Aggregate((a, b) => a + b) + SubSliceInterpolation.InitialDifference * plainImage.select(2, row);
            Assert.True(Golden.Maximum(image.select(2, row) - expected) < 1e-5, $"row {row}");
        }
    }

    [Fact]
    public void BFloat16IsClose()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new WdsrNetwork(new() { Width = 16, Blocks = 4 }, 2);
        var input = Golden.Input(2, 2, 8, 16);
        var exact = network.forward(input).Image;
        network.BFloat16 = true;
        var rounded = network.forward(input).Image;
        Assert.Equal(torch.ScalarType.Float32, rounded.dtype);
        Assert.InRange(Golden.RelativeDifference(rounded, exact), OneDnnTails.AreWrong ? 0 : 1e-6, 3e-2);
    }

    [Theory]
    [InlineData("2 3 4 4")]
    [InlineData("2 2 0 4")]
    [InlineData("2 2 4")]
    public void WrongShapesAreRefused(string text)
    {
        using var scope = torch.NewDisposeScope();
        using var network = new WdsrNetwork(new() { Width = 8, Blocks = 1 });
        Assert.Contains("B x 2 x H x W", Assert.Throws<ArgumentException>(() => network.forward(torch.zeros([.. text.Split(' ').Select(long.Parse)]))).Message);
    }
}
