namespace REHRSeg;

/// <summary>Stage 1: seeds, thick-slice patches, phases 1a and 1b (METHOD.md sections 2-3).</summary>
internal static class SelfSrTrainer
{
    /// <summary>Trains on annotated thick cases alone.</summary>
    public static SelfSrModel Train(IReadOnlyList<TrainingCase> cases, SelfSrOptions options, TrainingContext context) => throw new NotImplementedException();
}
