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

    /// <summary>PyTorch's numbers of the whole batch from its two samples, one at a time.</summary>
    [Theory]
    [InlineData("L1", 1, 0)]
    [InlineData("L2", 2, 0)]
    [InlineData("L2up", 2, 2)]
    public void MicroBatchesAddUpToPyTorchsWholeBatch(string name, int foreground, int form)
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("selfSr", name);
        long[] shape = [2, 1, 4, 3, 5];
        var image = LossOracle.Wave(shape, 0.3).sigmoid().requires_grad_();
        var logits = LossOracle.Wave([2, foreground, 4, 3, 5], 1.1, 2).requires_grad_();
        var uncertainty = 0.001 + 0.999 * LossOracle.Wave(shape, 2.1, 1, -1).sigmoid();
        var (target, label) = (LossOracle.Wave(shape, 0.9).sigmoid(), LossOracle.Label([2, 4, 3, 5], foreground + 1));
        Tensor Sample(Tensor of, int i) => of.narrow(0, i, 1);
        Tensor sum = zeros(1);
        for (int i = 0; i < 2; i++)
        {
            var rest = new DiceRest(SelfSrLoss.DiceSums(Sample(logits, 1 - i).detach(), Sample(label, 1 - i)), 2);
            var metrics = new Dictionary<string, Tensor>();
            var loss = SelfSrLoss.Compute(new(Sample(image, i), Sample(logits, i), form == 0 ? null : Sample(uncertainty, i)), Sample(target, i), Sample(label, i), (SelfSrLossForm)form, metrics, rest) / 2;
            loss.backward();
            LossOracle.AssertClose(expected.Number("dice"), metrics["dice"]);
            sum += loss.detach();
        }
        LossOracle.AssertClose(expected.Number("loss"), sum);
        LossOracle.AssertClose(expected.Numbers("gradImage"), image.grad, 1e-5);
        LossOracle.AssertClose(expected.Numbers("gradLogits"), logits.grad, 1e-5);
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
