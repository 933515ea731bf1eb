using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Which terms eq. 11 has; the defaults are the method, all off is the plain segmenter on pseudo data.</summary>
internal sealed record RehrSegLossOptions
{
    /// <summary>True: the LR term is eq. 7. False: cross-entropy - Dice.</summary>
    public bool Uncertainty { get; init; } = true;
    /// <summary>Weight of a Dice term beside eq. 7; 0: none (paper).</summary>
    public double LrDiceWeight { get; init; }
    /// <summary>The HR head's cross-entropy - Dice.</summary>
    public bool HighResolution { get; init; } = true;
    /// <summary>How features are distilled; null: not at all.</summary>
    public DistillationKind? Distillation { get; init; } = DistillationKind.Structure;
    /// <summary>Weight of the LR term.</summary>
    public double LrWeight { get; init; } = 1;
    /// <summary>Weight of the HR term.</summary>
    public double HrWeight { get; init; } = 1;
    /// <summary>Weight of eq. 9 within distillation.</summary>
    public double CorrelationWeight { get; init; } = 1;
    /// <summary>Weight of eq. 10 within distillation.</summary>
    public double SpatialWeight { get; init; } = 1;
    /// <summary>Lambda of eq. 11.</summary>
    public double DistillationWeight { get; init; } = 1;

    /// <summary>True if eq. 9 is a term.</summary>
    public bool Correlation => Distillation is DistillationKind.Structure or DistillationKind.CorrelationOnly or DistillationKind.Published && CorrelationWeight != 0;
    /// <summary>True if eq. 10 is a term.</summary>
    public bool Spatial => Distillation is DistillationKind.Structure or DistillationKind.Published && SpatialWeight != 0;
    /// <summary>True if the teacher's feature is needed.</summary>
    public bool Distils => DistillationWeight != 0 && (Correlation || Spatial || Distillation is DistillationKind.Mimic or DistillationKind.MimicSmoothL1 or DistillationKind.Ifvd);
}

/// <summary>What a batch is compared with; real cases, which have no thin labels, come last and have an uncertainty of 0.</summary>
/// <param name="Label">Thick labels, <c>B x D x H x W</c> int64.</param>
/// <param name="HrLabel">Thin labels, <c>B x rD x H x W</c> int64, for the samples that the HR logits are of; null without the HR term.</param>
/// <param name="Uncertainty">Normalised, <c>B x D x H x W</c> or <c>B x 1 x D x H x W</c>; null without eq. 7.</param>
/// <param name="TeacherFeature">F^sr, <c>B x C1 x D' x H' x W'</c>, resized trilinearly to the student's grid; null without distillation.</param>
internal sealed record RehrSegTargets(Tensor Label, Tensor? HrLabel, Tensor? Uncertainty, Tensor? TeacherFeature);

/// <summary>Eq. 11: uncertainty-weighted LR loss + HR loss + lambda times distillation.</summary>
internal static class RehrSegLoss
{
    /// <summary>The loss; its terms go to <paramref name="metrics"/> as <c>ce_lr</c>, <c>dice_lr</c>, <c>ce_hr</c>, <c>dice_hr</c>, and those of <see cref="DistillationLoss"/>.</summary>
    /// <param name="output">With the outputs that the options need.</param>
    /// <param name="targets">With the targets that the options need.</param>
    /// <param name="adaptor">Of the student's feature; null where no term needs it.</param>
    /// <param name="options">Terms.</param>
    /// <param name="metrics">Receives detached scalars.</param>
    /// <exception cref="ArgumentException">Something that an asked-for term needs is missing, or shapes disagree.</exception>
    public static Tensor Compute(SegmentationOutput output, RehrSegTargets targets, FeatureAdaptor? adaptor, RehrSegLossOptions options, IDictionary<string, Tensor>? metrics = null)
    {
        var loss = LowResolution(Need(output.Lr, "LR logits"), targets, options, metrics).Times(options.LrWeight);
        if (options.HighResolution)
        {
            var hr = DiceCrossEntropyLoss.Compute(Need(output.Hr, "HR logits"), Need(targets.HrLabel, "HR labels"));
            metrics?.TryAdd("ce_hr", hr.CrossEntropy.detach());
            metrics?.TryAdd("dice_hr", hr.Dice.detach());
            loss = loss.Plus(hr.Loss.Times(options.HrWeight));
        }
        if (!options.Distils) return loss;

        var distillation = DistillationLoss.Compute(Need(output.Feature, "the student's feature"), Need(targets.TeacherFeature, "the teacher's feature"), targets.Label, output.Lr!.shape[1], adaptor, options, metrics);
        return loss.Plus(distillation.Times(options.DistillationWeight));
    }

    static Tensor LowResolution(Tensor logits, RehrSegTargets targets, RehrSegLossOptions options, IDictionary<string, Tensor>? metrics)
    {
        if (options.Uncertainty)
        {
            var weighted = UncertaintyWeightedCrossEntropy.Compute(logits, targets.Label, Need(targets.Uncertainty, "the uncertainty"));
            metrics?.TryAdd("ce_lr", weighted.detach());
            if (options.LrDiceWeight == 0) return weighted;
            var dice = DiceCrossEntropyLoss.Compute(logits, targets.Label).Dice;
            metrics?.TryAdd("dice_lr", dice.detach());
            return weighted - dice.Times(options.LrDiceWeight);
        }
        var plain = DiceCrossEntropyLoss.Compute(logits, targets.Label);
        metrics?.TryAdd("ce_lr", plain.CrossEntropy.detach());
        metrics?.TryAdd("dice_lr", plain.Dice.detach());
        return plain.Loss;
    }

    static Tensor Need(Tensor? tensor, string what) => tensor ?? throw new ArgumentException($"The loss needs {what}.");
}
