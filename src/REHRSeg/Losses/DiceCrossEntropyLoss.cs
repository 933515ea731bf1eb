using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>
/// nnU-Net's loss, mean cross-entropy - Dice (METHOD.md 7; the HR term of eq. 11), float32. Dice is of softmax probabilities, over the
/// foreground, per sample then averaged (nnU-Net 2-D: over the whole batch), with 1e-5 in numerator and denominator; the loss can reach -1.
/// </summary>
/// <param name="CrossEntropy">Mean cross-entropy, a scalar.</param>
/// <param name="Dice">Mean soft Dice in [0, 1], a scalar.</param>
internal readonly record struct DiceCrossEntropyLoss(Tensor CrossEntropy, Tensor Dice)
{
    const double Smooth = 1e-5;

    /// <summary>Cross-entropy - Dice.</summary>
    public Tensor Loss => CrossEntropy - Dice;

    /// <summary>Both terms of logits <c>B x K x D x H x W</c>, K at least 2, for labels <c>B x D x H x W</c> int64.</summary>
    /// <param name="logits"><c>B x K x D x H x W</c>.</param>
    /// <param name="label"><c>B x D x H x W</c> int64.</param>
    /// <param name="batchDice">Dice of the whole batch as if it were one volume.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public static DiceCrossEntropyLoss Compute(Tensor logits, Tensor label, bool batchDice = false)
    {
        LossInput.RequireLabels(label, logits, nameof(label));
        long classes = logits.shape[1];
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2, nameof(logits));
        var logProbability = nn.functional.log_softmax(logits.to(float32), 1);
        var probability = logProbability.narrow(1, 1, classes - 1).exp();
        var target = LossInput.OneHotForeground(label, classes);
        long[] axes = batchDice ? [0, 2, 3, 4] : [2, 3, 4];
        var dice = (probability * target).sum(axes).Times(2).Plus(Smooth) / probability.sum(axes).Plus(target.sum(axes)).Plus(Smooth);
        return new(nn.functional.nll_loss(logProbability, label), dice.mean());
    }
}
