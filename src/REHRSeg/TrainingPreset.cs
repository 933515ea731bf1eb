using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Every number of both stages for one size of machine (DESIGN.md section 8). Change any with <c>with</c>, or with the tool's <c>--set</c>.</summary>
/// <param name="Name">"tiny", "demo", "cpu" or "paper".</param>
/// <param name="SelfSr">Stage 1.</param>
/// <param name="Segmentation">Stage 2.</param>
public sealed record TrainingPreset(string Name, SelfSrOptions SelfSr, RehrSegOptions Segmentation)
{
    /// <summary>Seconds: shows that everything runs on a dataset, and learns next to nothing.</summary>
    public static TrainingPreset Tiny { get; } = new("tiny",
        new SelfSrOptions
        {
            Width = 8, Iterations = 12, UncertaintyIterations = 4, BatchSize = 2, PatchSize = 24, LearningRate = 2e-3, Residual = true, Consistency = SliceConsistency.Both, CalibrateLabels = true, BFloat16 = false, CheckpointInterval = 4,
            Smore = new() { Width = 8, Blocks = 2, Iterations = 8, BatchSize = 2, PatchSlices = 6, PatchSize = 24, LearningRate = 2e-3, Residual = true, CheckpointInterval = 4 },
        },
        new RehrSegOptions
        {
            NnUNetIterations = 16, FineTuneIterations = 10, BatchSize = 2, BaseFeatures = 4, MaxFeatures = 16, MaxPatchSlices = 8, MaxPatchSide = 32, LrDiceWeight = 1, BFloat16 = false,
            CheckpointInterval = 4, ValidationInterval = 8, ValidationBatches = 1, PlanarBatchSize = 8,
        });

    /// <summary>Minutes on 2 cores: phantoms.</summary>
    public static TrainingPreset Demo { get; } = new("demo",
        new SelfSrOptions
        {
            Width = 16, Iterations = 600, UncertaintyIterations = 80, BatchSize = 4, PatchSize = 32, LearningRate = 2e-3, UncertaintyLearningRate = 5e-4,
            Residual = true, Consistency = SliceConsistency.Both, CalibrateLabels = true, ClipNorm = 5, EmaDecay = 0.99, BFloat16 = false, CheckpointInterval = 100,
            Smore = new() { Width = 16, Blocks = 6, Iterations = 300, BatchSize = 8, PatchSlices = 8, PatchSize = 32, LearningRate = 2e-3, Residual = true, EmaDecay = 0.99, CheckpointInterval = 100 },
        },
        new RehrSegOptions
        {
            NnUNetIterations = 400, FineTuneIterations = 300, BatchSize = 2, BaseFeatures = 8, MaxFeatures = 64, MaxPatchSlices = 8, MaxPatchSide = 48,
            FineTuneLearningRate = 5e-3, HrHeadLearningRate = 1e-2, FineTuneClipNorm = 12, LrDiceWeight = 1, BFloat16 = false, CheckpointInterval = 100,
            ValidationInterval = 100, ValidationBatches = 8, PlanarBatchSize = 16,
        });

    /// <summary>The same method, narrower and shorter: about an hour on 2 cores for 130 hippocampus cases at r = 4.</summary>
    public static TrainingPreset Cpu { get; } = new("cpu",
        new SelfSrOptions
        {
            Width = 16, Iterations = 6000, UncertaintyIterations = 600, BatchSize = 8, PatchSize = 32, LearningRate = 1e-3, UncertaintyLearningRate = 5e-4,
            Residual = true, Consistency = SliceConsistency.Both, CalibrateLabels = true, ClipNorm = 5, EmaDecay = 0.995, BFloat16 = false, ValidationInterval = 500,
            Seeds = SeedMode.Smore, Smore = new() { Iterations = 1500, Consistency = SliceConsistency.Both, BatchSize = 16, PatchSlices = 8, PatchSize = 32, LearningRate = 1e-3, Residual = true, EmaDecay = 0.995 },
        },
        new RehrSegOptions
        {
            NnUNetIterations = 3000, FineTuneIterations = 2500, BatchSize = 2, BaseFeatures = 16, MaxFeatures = 128,
            FineTuneLearningRate = 5e-3, HrHeadLearningRate = 1e-2, FineTuneClipNorm = 12, LrDiceWeight = 1, BFloat16 = false,
            ValidationBatches = 20, PlanarBatchSize = 24,
        });

    /// <summary>The paper's widths, patches, batches and schedules: for a GPU.</summary>
    public static TrainingPreset Paper { get; } = new("paper", new SelfSrOptions { Seeds = SeedMode.Smore }, new RehrSegOptions());

    /// <summary>The preset of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TrainingPreset Named(string name) => name switch
    {
        "tiny" => Tiny,
        "demo" => Demo,
        "cpu" => Cpu,
        "paper" => Paper,
        _ => throw new ArgumentException($"There is no preset '{name}'; use tiny, demo, cpu or paper.", nameof(name)),
    };
}
