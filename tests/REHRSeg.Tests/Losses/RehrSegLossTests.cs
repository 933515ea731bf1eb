using System.Text.Json;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>The whole of eq. 11 on two samples with uncertainty maps of their own.</summary>
public class RehrSegLossTests
{
    static readonly JsonElement s_oracle = LossOracle.Read("distillation.json");

    [Theory]
    [InlineData("pseudo", 2, 0)]
    [InlineData("mixed", 1, 0.6)]
    public void Equation_11_equals_PyTorch(string name, int thin, double diceWeight)
    {
        using var scope = NewDisposeScope();
        var expected = s_oracle.GetProperty(name);
        var options = new RehrSegLossOptions { LrWeight = 1.5, LrDiceWeight = diceWeight, HrWeight = 0.8, DistillationWeight = 0.5, CorrelationWeight = 0.7, SpatialWeight = 0.4 };
        var (lr, hr) = (LossOracle.Wave([2, 3, 2, 8, 12], 0.7, 2).requires_grad_(), LossOracle.Wave([2, 3, 4, 8, 12], 0.9, 2).requires_grad_());
        var student = DistillationKindTests.Student();
        using var adaptor = DistillationKindTests.Adaptor();
        var targets = new RehrSegTargets(DistillationKindTests.Label(), LossOracle.Label([2, 4, 8, 12], 3).narrow(0, 0, thin), Uncertainty(thin), DistillationKindTests.Teacher());
        var metrics = new Dictionary<string, Tensor>();
        var loss = RehrSegLoss.Compute(new(lr, hr.narrow(0, 0, thin), [], student), targets, adaptor, options, metrics);
        loss.backward();

        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("gradLr"), lr.grad, 1e-4);
        LossOracle.AssertClose(expected.Numbers("gradHr"), hr.grad, 1e-4);
        LossOracle.AssertClose(expected.Numbers("gradStudent"), student.grad, 1e-4);
        foreach (var (parameter, value) in adaptor.named_parameters()) LossOracle.AssertClose(expected.Numbers(parameter.EndsWith("weight") ? "gradWeight" : "gradBias"), value.grad, 1e-4);

        // The released code weighs every sample by every sample's map.
        LossOracle.AssertClose(expected.Number("ce"), metrics["ce_lr"]);
        Assert.True(Math.Abs(metrics["ce_lr"].item<float>() - expected.Number("crossBroadcastCe")) > 1e-3);
    }

    [Fact]
    public void A_real_sample_has_the_gradient_of_plain_cross_entropy_and_dice()
    {
        using var scope = NewDisposeScope();
        var (lr, plain) = (LossOracle.Wave([2, 3, 2, 8, 12], 0.7, 2).requires_grad_(), LossOracle.Wave([2, 3, 2, 8, 12], 0.7, 2).requires_grad_());
        var label = DistillationKindTests.Label();
        var options = new RehrSegLossOptions { LrDiceWeight = 0.6, HighResolution = false, Distillation = null };
        RehrSegLoss.Compute(new(lr, null, [], null), new(label, null, Uncertainty(1), null), null, options).backward();
        var term = DiceCrossEntropyLoss.Compute(plain, label);
        (term.CrossEntropy - 0.6 * term.Dice).backward();
        Assert.True((lr.grad![1] - plain.grad![1]).abs().max().item<float>() < 1e-9);
        Assert.True((lr.grad[0] - plain.grad[0]).abs().max().item<float>() > 1e-4);
    }

    /// <summary>Of the first samples; the others are real, which are certain.</summary>
    static Tensor Uncertainty(int pseudo)
    {
        var map = (0.5 + 0.6 * LossOracle.Wave([2, 2, 8, 12], 0.2)).clamp(0, 1);
        return pseudo == 2 ? map : cat([map.narrow(0, 0, 1), zeros_like(map.narrow(0, 1, 1))]);
    }
}
