using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Eq. 7: cross-entropy of each thick voxel times <c>1 - norm(U)</c>, at least 0.01; mean over all voxels, float32.</summary>
internal static class UncertaintyWeightedCrossEntropy
{
    const double Floor = 0.01;

    /// <summary>The weighted mean.</summary>
    /// <param name="logits"><c>B x K x D x H x W</c>.</param>
    /// <param name="label"><c>B x D x H x W</c> int64.</param>
    /// <param name="uncertainty">Min-max normalised to [0, 1], <c>B x D x H x W</c> or <c>B x 1 x D x H x W</c>.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public static Tensor Compute(Tensor logits, Tensor label, Tensor uncertainty)
    {
        LossInput.RequireLabels(label, logits, nameof(label));
        if (uncertainty.dim() == 5 && uncertainty.shape[1] == 1) uncertainty = uncertainty.squeeze(1);
        LossInput.RequireShape(uncertainty, label.shape, nameof(uncertainty));
        var weight = uncertainty.detach().to(float32).OneMinus().Within(Floor, 1);
        return (weight * nn.functional.cross_entropy(logits.to(float32), label, reduction: nn.Reduction.None)).mean();
    }
}
