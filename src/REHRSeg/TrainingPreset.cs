namespace REHRSeg;

/// <summary>Every number of both stages for one size of machine (DESIGN.md section 8). Change any with <c>with</c>, or with the tool's <c>--set</c>.</summary>
/// <param name="Name">"demo", "cpu" or "paper".</param>
/// <param name="SelfSr">Stage 1.</param>
/// <param name="Segmentation">Stage 2.</param>
public sealed record TrainingPreset(string Name, SelfSrOptions SelfSr, RehrSegOptions Segmentation)
{
    /// <summary>Minutes on 2 cores: phantoms.</summary>
    public static TrainingPreset Demo { get; } = new("demo",
        new SelfSrOptions { },
        new RehrSegOptions { });

    /// <summary>The same method, narrower and shorter: about an hour on 2 cores for 130 hippocampus cases at r = 4.</summary>
    public static TrainingPreset Cpu { get; } = new("cpu",
        new SelfSrOptions { },
        new RehrSegOptions { });

    /// <summary>The paper's widths, patches, batches and schedules: for a GPU.</summary>
    public static TrainingPreset Paper { get; } = new("paper", new SelfSrOptions(), new RehrSegOptions());

    /// <summary>The preset of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TrainingPreset Named(string name) => name switch
    {
        "demo" => Demo,
        "cpu" => Cpu,
        "paper" => Paper,
        _ => throw new ArgumentException($"There is no preset '{name}'; use demo, cpu or paper.", nameof(name)),
    };
}
