using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>With bfloat16 convolutions everything else stays float32: parameters, gradients, norms, losses, Gram matrices.</summary>
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

    [Fact]
    public void Norms_parameters_and_gradients_are_float32()
    {
        using var scope = NewDisposeScope();
        var architecture = new SegmentationArchitecture { Channels = 1, Classes = 2, Features = [4, 8], Kernels = [new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)], Factor = 2 };
        using var network = new SegmentationNetwork(architecture, seed: 1) { BFloat16 = true };
        var output = network.forward(LossOracle.Wave([2, 1, 4, 16, 16], 0.4), SegmentationOutputs.Lr | SegmentationOutputs.Hr | SegmentationOutputs.Feature);
        var feature = output.Feature!.detach(); // what norm and LReLU gave
        double rounded = feature.to(bfloat16).to(float32).eq(feature).to(float32).mean().item<float>();
        Assert.True(rounded < 0.1, $"{rounded:P0} of the normalised values are bfloat16 numbers");
        output.Lr!.sum().Plus(output.Hr!.sum()).backward();
        foreach (var (name, parameter) in network.named_parameters())
        {
            Assert.True(parameter.dtype == ScalarType.Float32, name);
            if (parameter.grad is { } gradient) Assert.True(gradient.dtype == ScalarType.Float32, name);
        }
    }
}
