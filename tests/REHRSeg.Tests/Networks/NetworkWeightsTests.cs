using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests;

public sealed class NetworkWeightsTests
{
    private static readonly SelfSrArchitecture Small = new() { Width = 4 };

    [Fact]
    public void ExportThenLoadGivesTheSameOutput()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using SelfSrNetwork a = new(Small, seed: 1), b = new(Small, seed: 2);
        var window = Golden.Input(1, 2, 4, 8, 8);
        Assert.NotEqual(0, Golden.Maximum(a.forward(window).LabelLogits - b.forward(window).LabelLogits));
        NetworkWeights.Load(b, NetworkWeights.Export(a));
        Assert.Equal(0, Golden.Maximum(a.forward(window).LabelLogits - b.forward(window).LabelLogits));
    }

    [Fact]
    public void WhatDoesNotFitIsNamedAndNothingChanges()
    {
        using var network = new SelfSrNetwork(Small, seed: 1);
        var before = NetworkWeights.Export(network);
        var weights = NetworkWeights.Export(network).ToDictionary(w => w.Key, w => w.Value with { Values = new float[w.Value.Values.Length] });
        weights.Remove("encoder.stem.0.bias");
        weights["surplus"] = new([1], [0]);
        weights["decoder.0.conv.0.bias"] = new([3], [0, 0, 0]);
        string message = Assert.Throws<ModelFormatException>(() => NetworkWeights.Load(network, weights)).Message;
        Assert.Contains("encoder.stem.0.bias is missing", message);
        Assert.Contains("surplus is not part", message);
        Assert.Contains("decoder.0.conv.0.bias is 3 with 3 values, the network's is 16", message);
        Assert.All(NetworkWeights.Export(network), w => Assert.Equal(before[w.Key].Values, w.Value.Values));
    }

    [Fact]
    public void NetworksMadeInADisposeScopeOutliveIt()
    {
        SelfSrNetwork network;
        using (torch.NewDisposeScope())
        {
            network = new SelfSrNetwork(Small);
            network.to(torch.ScalarType.Float64);
        }
        Assert.All(network.parameters(), p => Assert.Equal(torch.ScalarType.Float64, p.dtype));
        network.to(torch.ScalarType.Float32);
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        NetworkWeights.Load(network, NetworkWeights.Export(network).ToDictionary(w => w.Key, w => w.Value with { Values = new float[w.Value.Values.Length] }));
        Assert.Equal(0, Golden.Maximum(network.forward(torch.ones([1, 2, 4, 8, 8])).LabelLogits)); // the layers see the moved parameters
        network.Dispose();
    }
}
