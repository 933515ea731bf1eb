using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg.Tests.Segmentation;

public class GroupedOptimizerTests
{
    [Fact]
    public void Each_group_steps_with_its_multiple_of_the_rate_and_state_survives()
    {
        using var scope = torch.NewDisposeScope();
        Parameter a = new(torch.ones(3)), b = new(torch.ones(3));
        GroupedOptimizer Make() => new(
            (new SgdOptimizer([("a", a)], 0.1) { Beta1 = 0.5, WeightDecay = 0 }, 1),
            (new SgdOptimizer([("b", b)], 0.1) { Beta1 = 0.5, WeightDecay = 0 }, 10));
        using var optimizer = Make();
        optimizer.LearningRate = 0.01;
        optimizer.ZeroGrad();
        (a.sum() + b.sum()).backward();
        optimizer.Step();
        // Nesterov, first step: x - lr (g + 0.5 g).
        Assert.Equal(1 - 0.015, a[0].item<float>(), 5);
        Assert.Equal(1 - 0.15, b[0].item<float>(), 5);
        Assert.Equal(["momentum_buffer.a", "momentum_buffer.b"], optimizer.StateDict().Keys.Order());
        using var resumed = Make();
        resumed.LoadStateDict(optimizer.StateDict());
        Assert.Equal(1, resumed.StateDict()["momentum_buffer.b"][0].item<float>());
    }
}
