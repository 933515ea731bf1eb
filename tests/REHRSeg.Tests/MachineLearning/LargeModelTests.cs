using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;
using Xunit.Abstractions;

namespace REHRSeg.Tests;

/// <summary>A saved model with 300 MB of weights in a process of its own.</summary>
public sealed class LargeModelTests(FittedPipeline fitted, ITestOutputHelper log) : IClassFixture<FittedPipeline>
{
    [Fact]
    public void Loading_takes_less_memory_than_one_and_a_half_times_the_weights()
    {
        var small = fitted.Model.LastTransformer;
        var architecture = small.Model.Network.Architecture;
        architecture = architecture with { Features = [.. architecture.Features.Select((_, stage) => 96 << Math.Min(stage, 3))] };
        while (architecture.ParameterCount < 75_000_000) architecture = architecture with { Features = [.. architecture.Features.Select(f => f + 16)] };
        using var network = new SegmentationNetwork(architecture);
        using (torch.no_grad())
            foreach (var parameter in network.parameters()) parameter.fill_(0.01); // weights that the zip packs quickly
        using var large = new RehrSegTransformer(MlNetInternals.EnvironmentOf(fitted.Ml.Transforms), new(network, small.Model.Info, torch.CPU), new("Image", "LrSegmentation", "HrSegmentation", null, null), new());

        double weights = architecture.ParameterCount * 4 / 1e6, more = (Peak(large, "large") - Peak(small, "small")) / 1e6;
        log.WriteLine($"{weights:0} MB of weights, {more:0} MB more at the peak than with a small model");
        Assert.InRange(weights, 300, 400);
        Assert.True(more < 1.5 * weights, $"{weights:0} MB of weights took {more:0} MB more than a small model");
    }

    long Peak(RehrSegTransformer model, string name)
    {
        string file = Path.Combine(fitted.Folder, name + ".zip");
        fitted.Ml.Model.Save(new TransformerChain<ITransformer>(model), fitted.Cases.Schema, file);
        string error = Programs.RunWithErrors(Programs.LoadProbe, file).Error;
        return long.Parse(error.Split('\n').Single(line => line.StartsWith("peak ", StringComparison.Ordinal))[5..], CultureInfo.InvariantCulture);
    }
}
