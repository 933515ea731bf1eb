namespace REHRSeg;

/// <summary>Options of <c>RehrSegEstimator</c>: columns and every number of stage 2. Defaults are the paper's and nnU-Net's (METHOD.md sections 6-9).</summary>
public sealed record RehrSegOptions : TrainerOptions
{
    /// <summary>Column of thick images: real ones for the nnU-Net phase, and the input at scoring.</summary>
    public string ImageColumnName { get; init; } = "Image";
    /// <summary>Column of real thick label maps.</summary>
    public string LabelColumnName { get; init; } = "Label";
    /// <summary>Column of pseudo thick images.</summary>
    public string PseudoImageColumnName { get; init; } = "PseudoImage";
    /// <summary>Column of pseudo thick label maps.</summary>
    public string PseudoLabelColumnName { get; init; } = "PseudoLabel";
    /// <summary>Column of the thin labels of a pseudo pair.</summary>
    public string PseudoHrLabelColumnName { get; init; } = "PseudoHrLabel";
    /// <summary>Column of normalised uncertainty on the pseudo thick grid.</summary>
    public string PseudoUncertaintyColumnName { get; init; } = "PseudoUncertainty";
    /// <summary>Column of the start offset.</summary>
    public string StartColumnName { get; init; } = "Start";
    /// <summary>Added column: labels on the input's grid.</summary>
    public string LrSegmentationColumnName { get; init; } = "LrSegmentation";
    /// <summary>Added column: labels on the refined grid.</summary>
    public string HrSegmentationColumnName { get; init; } = "HrSegmentation";
    /// <summary>Added column: class probabilities (one channel a class) on the input's grid; null: none.</summary>
    public string? LrProbabilitiesColumnName { get; init; }
    /// <summary>Added column: class probabilities (one channel a class) on the refined grid; null: none.</summary>
    public string? HrProbabilitiesColumnName { get; init; }
    /// <summary>Distillation teacher; null: the one that travels with the HrImage column's annotation.</summary>
    public SelfSrModel? Teacher { get; init; }
}
