using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class SelfSrLossTests
{
    [Theory]
    [InlineData("L1", 1, 0)]
    [InlineData("L2", 2, 0)]
    [InlineData("L1u", 1, 1)]
    [InlineData("L2up", 2, 2)]
    public void ValueAndGradientEqualPyTorch(string name, int foreground, int form)
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("selfSr", name);
        long[] shape = [2, 1, 4, 3, 5];
        var image = LossOracle.Wave(shape, 0.3).sigmoid().requires_grad_();
        var logits = LossOracle.Wave([2, foreground, 4, 3, 5], 1.1, 2).requires_grad_();
        var uncertainty = (0.001 + 0.999 * LossOracle.Wave(shape, 2.1, 1, -1).sigmoid()).requires_grad_();
        var metrics = new Dictionary<string, Tensor>();
        var loss = SelfSrLoss.Compute(new(image, logits, form == 0 ? null : uncertainty), LossOracle.Wave(shape, 0.9).sigmoid(), LossOracle.Label([2, 4, 3, 5], foreground + 1), (SelfSrLossForm)form, metrics);
        loss.backward();
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Number("ce"), metrics["ce"]);
        LossOracle.AssertClose(expected.Number("dice"), metrics["dice"]);
        LossOracle.AssertClose(expected.Numbers("gradImage"), image.grad, 1e-5);
        LossOracle.AssertClose(expected.Numbers("gradLogits"), logits.grad, 1e-5);
        if (form != 0) LossOracle.AssertClose(expected.Numbers("gradUncertainty"), uncertainty.grad, 1e-5);
    }

    [Fact]
    public void AnEmptyTargetHasADiceLossOfOne()
    {
        using var scope = NewDisposeScope();
        var metrics = new Dictionary<string, Tensor>();
        SelfSrLoss.Compute(new(zeros([1, 1, 2, 3, 3]), zeros([1, 1, 2, 3, 3]), null), zeros([1, 1, 2, 3, 3]), zeros([1, 2, 3, 3], int64), SelfSrLossForm.Pixel, metrics);
        Assert.Equal(1f, metrics["dice"].item<float>());
    }

    [Fact]
    public void WrongInputIsRefused()
    {
        using var scope = NewDisposeScope();
        var output = new SelfSrOutput(zeros([2, 1, 4, 3, 3]), zeros([2, 1, 4, 3, 3]), null);
        var label = zeros([2, 4, 3, 3], int64);
        Assert.Throws<ArgumentException>(() => SelfSrLoss.Compute(output, zeros([2, 1, 4, 3, 1]), label, SelfSrLossForm.Pixel));
        Assert.Throws<ArgumentException>(() => SelfSrLoss.Compute(output, zeros([2, 1, 4, 3, 3]), label.unsqueeze(1), SelfSrLossForm.Pixel));
        Assert.Throws<ArgumentException>(() => SelfSrLoss.Compute(output, zeros([2, 1, 4, 3, 3]), label, SelfSrLossForm.Uncertainty));
    }
}
