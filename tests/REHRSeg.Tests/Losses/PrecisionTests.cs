using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>With bfloat16 convolutions the rest is computed in float32: parameters, gradients, statistics of norms, losses, Gram matrices.</summary>
public class PrecisionTests
{
    [Fact]
    public void Losses_of_bfloat16_logits_are_computed_in_float32()
    {
        using var scope = NewDisposeScope();
        var logits = LossOracle.Wave([2, 3, 2, 4, 6], 0.7, 2).to(bfloat16);
        var label = LossOracle.Label([2, 2, 4, 6], 3);
        Equal(DiceCrossEntropyLoss.Compute(logits, label).Loss, DiceCrossEntropyLoss.Compute(logits.to(float32), label).Loss);
        Equal(DeepSupervisionLoss.Compute(logits, [logits], label), DeepSupervisionLoss.Compute(logits.to(float32), [logits.to(float32)], label));
        Tensor student = LossOracle.Wave([2, 4, 3, 8, 8], 0.3).to(bfloat16), teacher = LossOracle.Wave([2, 4, 3, 8, 8], 1.1).to(bfloat16);
        foreach (var graph in Enum.GetValues<CorrelationGraph>())
            Equal(CorrelationDistillationLoss.Compute(student, teacher, graph), CorrelationDistillationLoss.Compute(student.to(float32), teacher.to(float32), graph));

        static void Equal(Tensor half, Tensor full)
        {
            Assert.Equal(ScalarType.Float32, half.dtype);
            Assert.Equal(full.item<float>(), half.item<float>());
        }
    }

    /// <summary>Values of 64 and a deviation of 1: sums in bfloat16 would be far off.</summary>
    [Fact]
    public void Norms_of_bfloat16_values_have_float32_statistics()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var norm = new InstanceNormLayer(3);
        var x = LossOracle.Wave([2, 3, 8, 16, 16], 0.4, scale: 1, shift: 64).to(bfloat16);
        Tensor half = norm.forward(x), full = norm.forward(x.to(float32));
        Assert.Equal(ScalarType.BFloat16, half.dtype);
        Assert.InRange((half.to(float32) - full).abs().max().item<float>(), 0, full.abs().max().item<float>() / 256);
    }

    [Fact]
    public void Parameters_and_gradients_are_float32()
    {
        using var scope = NewDisposeScope();
        var architecture = new SegmentationArchitecture { Channels = 1, Classes = 2, Features = [4, 8], Kernels = [new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)], Factor = 2 };
        using var network = new SegmentationNetwork(architecture, seed: 1) { BFloat16 = true };
        var output = network.forward(LossOracle.Wave([2, 1, 4, 16, 16], 0.4), SegmentationOutputs.Lr | SegmentationOutputs.Hr);
        output.Lr!.sum().Plus(output.Hr!.sum()).backward();
        foreach (var (name, parameter) in network.named_parameters())
        {
            Assert.True(parameter.dtype == ScalarType.Float32, name);
            Assert.True(parameter.grad is null || parameter.grad.dtype == ScalarType.Float32, name);
        }
    }
}
