namespace REHRSeg;

/// <summary>Frame pretraining for one size of machine; widths are those of <see cref="TrainingPreset"/>'s self-SR networks.</summary>
/// <param name="Name">"tiny", "demo", "cpu" or "paper".</param>
/// <param name="Options">Every number.</param>
public sealed record FramePretrainingPreset(string Name, FramePretrainingOptions Options)
{
    /// <summary>Seconds: shows that it runs.</summary>
    public static FramePretrainingPreset Tiny { get; } = new("tiny", new()
    {
        Width = 8, Iterations = 12, BatchSize = 2, PatchSize = 24, LearningRate = 2e-3, Beta2 = 0.99, BFloat16 = false, ValidationSamples = 8, CheckpointInterval = 4,
    });

    /// <summary>About two minutes on 2 cores.</summary>
    public static FramePretrainingPreset Demo { get; } = new("demo", new()
    {
        Width = 16, Iterations = 800, BatchSize = 4, PatchSize = 32, LearningRate = 2e-3, Beta2 = 0.99, ClipNorm = 5, EmaDecay = 0.99, BFloat16 = false, ValidationInterval = 200, CheckpointInterval = 100,
    });

    /// <summary>About a quarter of an hour on 2 cores.</summary>
    public static FramePretrainingPreset Cpu { get; } = new("cpu", new()
    {
        Width = 16, Outputs = 3, Iterations = 2600, BatchSize = 8, PatchSize = 32, LearningRate = 1e-3, Beta2 = 0.99, ClipNorm = 5, EmaDecay = 0.995, BFloat16 = false, ValidationInterval = 250,
    });

    /// <summary>The published network and FLAVR's numbers: for a GPU.</summary>
    public static FramePretrainingPreset Paper { get; } = new("paper", new() { ReaderThreads = 8, CacheMegabytes = 2048 });

    /// <summary>The preset of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static FramePretrainingPreset Named(string name) => name switch
    {
        "tiny" => Tiny,
        "demo" => Demo,
        "cpu" => Cpu,
        "paper" => Paper,
        _ => throw new ArgumentException($"There is no preset '{name}'; use tiny, demo, cpu or paper.", nameof(name)),
    };
}
