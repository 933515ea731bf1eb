using TorchSharp;

namespace REHRSeg.Tests;

public sealed class FlavrNetworkTests
{
    [Fact]
    public void PublishedNetworkMatchesGoldenNumbersAndNames()
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var network = new FlavrNetwork();
        Assert.Equal(Golden.StateDict("flavr_state_dict.tsv"), Golden.StateDict(network));
        Assert.Equal(42_084_297, network.parameters().Sum(p => p.numel()));
        Golden.SetFormulaWeights(network);
        var golden = Golden.Case("golden_flavr.json", "flavr4x");
        Golden.AssertEqual(golden.GetProperty("output"), network.forward(Golden.Input(golden)));
    }
}
