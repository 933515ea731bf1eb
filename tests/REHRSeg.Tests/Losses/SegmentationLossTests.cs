using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class SegmentationLossTests
{
    static readonly long[] s_shape = [2, 3, 2, 4, 6];

    [Fact]
    public void DiceCrossEntropyEqualsPyTorch()
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("segmentation", "diceCe");
        var logits = LossOracle.Wave(s_shape, 0.7, 2).requires_grad_();
        var loss = DiceCrossEntropyLoss.Compute(logits, LossOracle.Label([2, 2, 4, 6], 3)).Loss;
        loss.backward();
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("grad"), logits.grad, 1e-5);
    }

    [Fact]
    public void PerfectPredictionReachesMinusOne()
    {
        using var scope = NewDisposeScope();
        var label = LossOracle.Label([2, 2, 4, 6], 3);
        var logits = 50 * nn.functional.one_hot(label, 3).movedim([-1], [1]).to(float32);
        LossOracle.AssertClose(-1, DiceCrossEntropyLoss.Compute(logits, label).Loss);
    }

    [Fact]
    public void DeepSupervisionEqualsPyTorch()
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("segmentation", "deep");
        var logits = LossOracle.Wave(s_shape, 0.7, 2).requires_grad_();
        var middle = LossOracle.Wave([2, 3, 2, 2, 3], 1.3, 2).requires_grad_();
        var loss = DeepSupervisionLoss.Compute(logits, [middle, LossOracle.Wave([2, 3, 1, 1, 2], 1.9, 2)], LossOracle.Label([2, 2, 4, 6], 3));
        loss.backward();
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("grad"), logits.grad, 1e-5);
        LossOracle.AssertClose(expected.Numbers("gradDeep"), middle.grad, 1e-5);
    }

    [Fact]
    public void DeepSupervisionWeightsAreNnUNets()
    {
        double[] five = [8 / 15.0, 4 / 15.0, 2 / 15.0, 1 / 15.0, 0];
        Assert.All(five.Zip(DeepSupervisionLoss.Weights(5)), w => Assert.Equal(w.First, w.Second, 1e-15));
        Assert.Equal([1.0], DeepSupervisionLoss.Weights(1));
        Assert.Equal([1.0, 0.0], DeepSupervisionLoss.Weights(2));
    }

    [Fact]
    public void UncertaintyWeightsItsOwnSample()
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("segmentation", "weightedCe");
        var label = LossOracle.Label([2, 2, 4, 6], 3);
        var uncertainty = (0.5 + 0.6 * LossOracle.Wave([2, 1, 2, 4, 6], 0.2)).clamp(0, 1);
        foreach (var map in new[] { uncertainty, uncertainty.squeeze(1) })
        {
            var logits = LossOracle.Wave(s_shape, 0.7, 2).requires_grad_();
            var loss = UncertaintyWeightedCrossEntropy.Compute(logits, label, map);
            loss.backward();
            LossOracle.AssertClose(expected.Number("loss"), loss);
            LossOracle.AssertClose(expected.Numbers("grad"), logits.grad, 1e-5);
        }
        var twoMaps = cat([uncertainty, uncertainty], 1);
        Assert.Throws<ArgumentException>(() => UncertaintyWeightedCrossEntropy.Compute(LossOracle.Wave(s_shape, 0.7), label, twoMaps));
        Assert.Throws<ArgumentException>(() => UncertaintyWeightedCrossEntropy.Compute(LossOracle.Wave(s_shape, 0.7), label, uncertainty.narrow(0, 0, 1)));
    }

    [Fact]
    public void CertainVoxelsWeighOneAndUncertainOnesAHundredth()
    {
        using var scope = NewDisposeScope();
        var label = zeros([1, 1, 2, 2], int64);
        var logits = zeros([1, 2, 1, 2, 2]);
        LossOracle.AssertClose(Math.Log(2), UncertaintyWeightedCrossEntropy.Compute(logits, label, zeros([1, 1, 2, 2])));
        LossOracle.AssertClose(0.01 * Math.Log(2), UncertaintyWeightedCrossEntropy.Compute(logits, label, ones([1, 1, 2, 2])), 1e-7);
    }
}
