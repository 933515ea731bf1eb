using TorchSharp;

namespace REHRSeg;

/// <summary>What a trainer is given beside its options: device, seed, reporting, checkpoints, cancellation.</summary>
internal sealed record TrainingContext
{
    public required torch.Device Device { get; init; }
    public int Seed { get; init; }
    public IProgress<TrainingProgress>? Progress { get; init; }
    public Action<string> Log { get; init; } = static _ => { };
    public Action<string> Warn { get; init; } = static _ => { };
    /// <summary>Checkpoints, training.jsonl and TensorBoard events go here; null: nothing is written.</summary>
    public string? Directory { get; init; }
    /// <summary>Continue from the checkpoints in <see cref="Directory"/>.</summary>
    public bool Resume { get; init; }
    /// <summary>Says which cases are trained on; a checkpoint of other ones is not continued, as held-out cases may be among them. Null: not checked.</summary>
    public string? Cases { get; init; }
    public CancellationToken CancellationToken { get; init; }
}
