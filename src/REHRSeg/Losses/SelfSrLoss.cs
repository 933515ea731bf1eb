using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Which terms the self-SR loss has.</summary>
internal enum SelfSrLossForm
{
    /// <summary>Phase 1a: <c>mean|e|</c> + label terms.</summary>
    Pixel,
    /// <summary>Phase 1b, eq. 6: <c>mean(|e|/U + ln U)</c> + label terms.</summary>
    Uncertainty,
    /// <summary>Phase 1b as published in code (METHOD.md 2): eq. 6 plus <c>mean|e| + mean|U - |e||</c>, the last without gradient to e.</summary>
    PublishedUncertainty,
}

/// <summary>
/// Loss of the self-SR stage (METHOD.md section 2, eq. 6), float32: image term, cross-entropy against the implicit background logit of 0,
/// and V-Net Dice with squared denominators over the whole batch, weights 1, 1, 1. Label terms are never divided by U.
/// </summary>
internal static class SelfSrLoss
{
    /// <summary>The loss; its terms go to <paramref name="metrics"/> as <c>l1</c>, <c>eq6</c>, <c>uncertainty</c>, <c>ce</c>, <c>dice</c>.</summary>
    /// <param name="output">Image <c>B x C x r x H x W</c>, logits <c>B x L x r x H x W</c>, uncertainty <c>B x 1 x r x H x W</c> in (0, 1].</param>
    /// <param name="image">Thin truth, <c>B x C x r x H x W</c>.</param>
    /// <param name="label">Thin truth, <c>B x r x H x W</c> int64, 0 (background) to L.</param>
    /// <param name="form">Terms.</param>
    /// <param name="metrics">Receives detached scalars.</param>
    /// <param name="rest">What the batch's other micro-batches add to the sums of Dice; null: this is the whole batch.</param>
    /// <param name="labels">False: without the label terms, for images without labels.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or the uncertainty is asked for and missing.</exception>
    public static Tensor Compute(SelfSrOutput output, Tensor image, Tensor label, SelfSrLossForm form, IDictionary<string, Tensor>? metrics = null, DiceRest? rest = null, bool labels = true)
    {
        LossInput.RequireShape(image, output.Image.shape, nameof(image));
        var error = (output.Image.to(float32) - image).abs();
        var pixel = error.mean();
        metrics?.TryAdd("l1", pixel.detach());
        if (form != SelfSrLossForm.Pixel)
        {
            var uncertainty = (output.Uncertainty ?? throw new ArgumentException("Eq. 6 needs the uncertainty of the UASR head.", nameof(output))).to(float32).AtLeast(1e-6);
            metrics?.TryAdd("uncertainty", uncertainty.detach().mean());
            var weighted = (error / uncertainty).Plus(uncertainty.log()).mean();
            metrics?.TryAdd("eq6", weighted.detach());
            pixel = form == SelfSrLossForm.Uncertainty ? weighted : pixel.Plus(weighted).Plus((uncertainty - error.detach()).abs().mean());
        }
        if (!labels) return pixel;
        var (crossEntropy, dice) = LabelTerms(output.LabelLogits.to(float32), label, rest);
        metrics?.TryAdd("ce", crossEntropy.detach());
        metrics?.TryAdd("dice", dice.detach());
        return pixel.Plus(crossEntropy).Plus(dice);
    }

    /// <summary>Sums of a Dice over the whole batch that this part of it adds, <c>2 x L</c>: overlap, then squares of probability and target.</summary>
    public static Tensor DiceSums(Tensor logits, Tensor label)
    {
        LossInput.RequireLabels(label, logits, nameof(label));
        return Sums(Probability(logits.to(float32), LogProbability(logits.to(float32))), LossInput.OneHotForeground(label, logits.shape[1] + 1));
    }

    static (Tensor CrossEntropy, Tensor Dice) LabelTerms(Tensor logits, Tensor label, DiceRest? rest)
    {
        LossInput.RequireLabels(label, logits, nameof(label));
        var target = LossInput.OneHotForeground(label, logits.shape[1] + 1);
        var logProbability = LogProbability(logits);
        var crossEntropy = logProbability is null ? nn.functional.binary_cross_entropy_with_logits(logits, target) : nn.functional.nll_loss(logProbability, label);
        var sums = Sums(Probability(logits, logProbability), target);
        if (rest is null) return (crossEntropy, Dice(sums));
        var dice = Dice(sums.Plus(rest.Sums));
        return (crossEntropy, dice.detach().Plus((dice - dice.detach()).Times(rest.Parts)));
    }

    // Null for one foreground class, which has a sigmoid.
    static Tensor? LogProbability(Tensor logits) =>
        logits.shape[1] == 1 ? null : nn.functional.log_softmax(cat([zeros_like(logits.narrow(1, 0, 1)), logits], 1), 1);

    static Tensor Probability(Tensor logits, Tensor? logProbability) => logProbability is null ? logits.sigmoid() : logProbability.narrow(1, 1, logits.shape[1]).exp();

    static Tensor Sums(Tensor probability, Tensor target)
    {
        long[] axes = [0, 2, 3, 4];
        return stack([(probability * target).sum(axes), probability.Squared().sum(axes).Plus(target.sum(axes))]);
    }

    static Tensor Dice(Tensor sums) => (sums[0].Times(2) / sums[1].AtLeast(1e-6)).OneMinus().mean();
}

/// <summary>
/// The other micro-batches of a batch, for a loss whose Dice is over the whole batch: with their sums as constants each part has exactly its share of the batch's gradient,
/// which <paramref name="Parts"/> scales so that the mean over the parts is the whole.
/// </summary>
/// <param name="Sums"><see cref="SelfSrLoss.DiceSums(Tensor, Tensor)"/> of the others, added up, without gradient.</param>
/// <param name="Parts">Micro-batches.</param>
internal sealed record DiceRest(Tensor Sums, int Parts);
