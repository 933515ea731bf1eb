namespace REHRSeg;

/// <summary>Options of <c>SelfSrEstimator</c>: columns and every number of stage 1. Defaults are the paper's (METHOD.md sections 1-3).</summary>
public sealed record SelfSrOptions : TrainerOptions
{
    /// <summary>Column of thick images.</summary>
    public string ImageColumnName { get; init; } = "Image";
    /// <summary>Column of thick label maps.</summary>
    public string LabelColumnName { get; init; } = "Label";
    /// <summary>Added column of thin images.</summary>
    public string HrImageColumnName { get; init; } = "HrImage";
    /// <summary>Added column of thin label maps.</summary>
    public string HrLabelColumnName { get; init; } = "HrLabel";
    /// <summary>Added column of uncertainty maps.</summary>
    public string UncertaintyColumnName { get; init; } = "Uncertainty";
    /// <summary>Channels of the first encoder level (64 = paper).</summary>
    public int Width { get; init; } = 64;
    /// <summary>Iterations of phase 1a (without uncertainty loss).</summary>
    public int Iterations { get; init; } = 130_000;
    /// <summary>Iterations of phase 1b (eq. 6).</summary>
    public int UncertaintyIterations { get; init; } = 20_000;
    /// <summary>Samples per iteration.</summary>
    public int BatchSize { get; init; } = 64;
    /// <summary>Patch side H = W in thin voxels, a multiple of 8.</summary>
    public int PatchSize { get; init; } = 96;
    /// <summary>Peak of the OneCycle learning rate.</summary>
    public double LearningRate { get; init; } = 5e-4;
}
