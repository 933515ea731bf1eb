using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class OptimizerTests
{
    /// <summary>Regression: numbers given to a TorchScript function were freed during the call, and a training stopped after a thousand steps (here: some thousand calls).</summary>
    [Fact]
    public void FusedStepsSurviveTheGarbageCollector()
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor[] tensors = [torch.ones(2)];
        using (new BusyCollector())
            for (int i = 0; i < 15_000; i++) FusedKernels.Instance!.Scale(tensors, 1);
        Assert.Equal(1, tensors[0][1].item<float>());
    }

    [Fact]
    public void FusedKernelsCompileHere() => Assert.NotNull(FusedKernels.Instance);

    [Theory]
    [InlineData("adam", true)]
    [InlineData("adam", false)]
    [InlineData("adamw", true)]
    [InlineData("adamw", false)]
    [InlineData("sgd", true)]
    [InlineData("sgd", false)]
    public void TenStepsEqualPyTorch(string name, bool fused)
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("optimizers", name);
        var problem = new Problem();
        using IOptimizer optimizer = name == "sgd"
            ? new SgdOptimizer(problem.Parameters, 1, fused) { WeightDecay = 0.03 }
            : new AdamOptimizer(problem.Parameters, 1, fused) { WeightDecay = name == "adam" ? 0 : 0.1 };
        double[] rates = expected.Numbers("rates"), betas = expected.Numbers("betas");
        for (int i = 0; i < rates.Length; i++)
        {
            if (name == "sgd") optimizer.LearningRate = Schedules.Polynomial(i, 10, 0.01);
            else new OneCycle(10, 0.05).Apply(i, optimizer);
            Assert.Equal(rates[i], optimizer.LearningRate, 1e-12);
            Assert.Equal(betas[i], optimizer.Beta1, 1e-12);
            problem.Step(optimizer);
        }
        LossOracle.AssertClose(expected.Numbers("weight"), problem.Weight, 1e-6);
        LossOracle.AssertClose(expected.Numbers("bias"), problem.Bias, 1e-6);
        Assert.Equal([1f, 1f], LossOracle.Values(problem.Unused));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RestoredStateContinuesBitwise(bool adam)
    {
        using var scope = NewDisposeScope();
        var problem = new Problem();
        IOptimizer Make() => adam ? new AdamOptimizer(problem.Parameters, 0.03) : new SgdOptimizer(problem.Parameters, 0.003);
        using var first = Make();
        for (int i = 0; i < 3; i++) problem.Step(first);
        var state = first.StateDict().ToDictionary(s => s.Key, s => s.Value.clone());
        var (weight, bias) = (problem.Weight.detach().clone(), problem.Bias.detach().clone());
        for (int i = 0; i < 3; i++) problem.Step(first);
        var straight = LossOracle.Values(problem.Weight);
        using (no_grad())
        {
            problem.Weight.copy_(weight);
            problem.Bias.copy_(bias);
        }
        using var second = Make();
        second.LoadStateDict(state);
        for (int i = 0; i < 3; i++) problem.Step(second);
        Assert.Equal(straight, LossOracle.Values(problem.Weight));
        state.Remove(state.Keys.First());
        Assert.Throws<ArgumentException>(() => second.LoadStateDict(state));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FusedStepsEqualPlainOnesOnConvolutionsInBFloat16(bool adam)
    {
        using var scope = NewDisposeScope();
        float[] Train(bool fused)
        {
            manual_seed(1);
            var (down, norm, up) = (nn.Conv3d(1, 4, 3, padding: 1), nn.InstanceNorm3d(4, affine: true), nn.ConvTranspose3d(4, 2, 1, stride: 1));
            var net = nn.Sequential(("down", down), ("norm", norm), ("up", up));
            using IOptimizer optimizer = adam ? new AdamOptimizer(net.named_parameters(), 1e-2, fused) : new SgdOptimizer(net.named_parameters(), 1e-2, fused);
            for (int i = 0; i < 5; i++)
            {
                var x = LossOracle.Wave([2, 1, 3, 6, 6], i);
                var y = norm.forward(nn.functional.conv3d(x.bfloat16(), down.weight!.bfloat16(), down.bias!.bfloat16(), padding: [1, 1, 1]).@float());
                optimizer.ZeroGrad();
                DiceCrossEntropyLoss.Compute(up.forward(y), LossOracle.Label([2, 3, 6, 6], 2)).Loss.backward();
                optimizer.Step();
            }
            return [.. net.parameters().SelectMany(LossOracle.Values)];
        }
        Assert.All(Train(true).Zip(Train(false)), w => Assert.Equal(w.First, w.Second, 2e-5f));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1e6)]
    public void ClippingScalesToTheLimit(double limit)
    {
        using var scope = NewDisposeScope();
        var net = nn.Linear(3, 2);
        net.weight!.grad = full_like(net.weight, 3);
        net.bias!.grad = full_like(net.bias, 4);
        double norm = Math.Sqrt(6 * 9 + 2 * 16);
        Assert.Equal(norm, GradientClipping.ClipNorm(net, limit), 1e-5);
        float factor = (float)Math.Min(1, limit / norm);
        Assert.All(LossOracle.Values(net.weight.grad!), v => Assert.Equal(3 * factor, v, 1e-4f));
        Assert.All(LossOracle.Values(net.bias.grad!), v => Assert.Equal(4 * factor, v, 1e-4f));
    }

    [Fact]
    public void AverageFollowsAndSwaps()
    {
        using var scope = NewDisposeScope();
        var net = nn.Linear(1, 1, hasBias: false);
        using (no_grad()) net.weight!.fill_(1);
        using var average = new WeightAverage(net, 0.9);
        using (no_grad()) net.weight!.fill_(2);
        average.Update();
        average.Swap();
        Assert.Equal(1.1f, net.weight!.item<float>(), 1e-6f);
        average.Swap();
        Assert.Equal(2f, net.weight!.item<float>());
    }

    sealed class Problem
    {
        readonly Tensor _x = LossOracle.Wave([5, 3], 0.9), _y = LossOracle.Wave([5, 4], 1.4);

        public Parameter Weight { get; } = new(LossOracle.Wave([3, 4], 0.5));
        public Parameter Bias { get; } = new(LossOracle.Wave([4], 0.2));
        public Parameter Unused { get; } = new(ones(2));
        public IEnumerable<(string, Parameter)> Parameters => [("weight", Weight), ("bias", Bias), ("unused", Unused)];

        public void Step(IOptimizer optimizer)
        {
            optimizer.ZeroGrad();
            (_x.matmul(Weight) + Bias - _y).square().sum().backward();
            optimizer.Step();
        }
    }
}
