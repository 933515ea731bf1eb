namespace REHRSeg;

/// <summary>What stage 2 learns from.</summary>
internal sealed record RehrSegTrainingData
{
    /// <summary>Real annotated thick cases, for planning and the nnU-Net phase.</summary>
    public required IReadOnlyList<TrainingCase> Real { get; init; }
    /// <summary>Pseudo pairs for fine-tuning; empty: the nnU-Net phase alone.</summary>
    public required IReadOnlyList<PseudoSample> Pseudo { get; init; }
    /// <summary>Self-SR model for distillation; null: none.</summary>
    public SelfSrModel? Teacher { get; init; }
    /// <summary>Receives the plain nnU-Net when its phase ends (the baseline). The model is disposed after the call.</summary>
    public Action<RehrSegModel>? BaselineReady { get; init; }
}

/// <summary>Stage 2: plan, nnU-Net phase, fine-tuning on pseudo pairs (METHOD.md sections 6-9).</summary>
internal static class RehrSegTrainer
{
    /// <summary>Plans, pre-trains, fine-tunes.</summary>
    public static RehrSegModel Train(RehrSegTrainingData data, RehrSegOptions options, TrainingContext context) => throw new NotImplementedException();
}
