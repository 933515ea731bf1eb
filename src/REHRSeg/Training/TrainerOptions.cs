using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>What both trainers share. Options are copied when an estimator is made.</summary>
public abstract record TrainerOptions
{
    /// <summary>Thin slices per thick slice, r, at least 2; null: slice spacing / smallest in-plane spacing, rounded.</summary>
    public int? Factor { get; init; }
    /// <summary>Slice axis; null: detected from the spacing.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Label values and names; null: the values found, named "class N".</summary>
    public IReadOnlyList<LabelClass>? Labels { get; init; }
    /// <summary>Seed; null: from the MLContext.</summary>
    public int? Seed { get; init; }
    /// <summary>GPU to train on; null: the MLContext's GpuDeviceId, else the CPU.</summary>
    public int? GpuDeviceId { get; init; }
    /// <summary>Use the CPU, with a warning, where the GPU cannot be had.</summary>
    public bool? FallbackToCpu { get; init; }
    /// <summary>
    /// Numbers of the network's convolutions; null: bfloat16 where it is faster, else float32. Faster are widths from 16 on, on GPUs from Ampere on and on CPUs with AMX or of AMD
    /// with AVX-512 bf16 (Linux). Intel CPUs with AVX-512 bf16 but without AMX (also where a virtual machine hides it) take float32: bfloat16 is 1.5 times slower there.
    /// </summary>
    public bool? BFloat16 { get; init; }
    /// <summary>
    /// Micro-batches per optimiser step, at least 1: as one batch that many times larger (to rounding), in the memory of one. Self-SR computes each micro-batch forward
    /// twice when it is above 1, because its Dice is over the whole batch. Not equal is nnU-Net 2-D, whose Dice is over each micro-batch.
    /// </summary>
    public int Accumulation { get; init; } = 1;
    /// <summary>Folder for checkpoints, <c>training.jsonl</c> and TensorBoard events; null: none are written.</summary>
    public string? CheckpointDirectory { get; init; }
    /// <summary>Continue from the checkpoints in <see cref="CheckpointDirectory"/>.</summary>
    public bool Resume { get; init; }
    /// <summary>Iterations between checkpoints, at least 1.</summary>
    public int CheckpointInterval { get; init; } = 500;
    /// <summary>Receives progress.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }
    /// <summary>Stops training; the last checkpoint stays resumable.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Checks the options of both trainers.</summary>
    /// <exception cref="ArgumentException">Names option, value and range.</exception>
    private protected void ValidateShared()
    {
        Require(Factor is null or >= 2, nameof(Factor), Factor, "at least 2, or null");
        Require(Labels is null || (Labels.Count is >= 2 and <= 256 && Labels.Any(l => l.Value == 0) && Labels.All(l => l.Value >= 0) && Labels.DistinctBy(l => l.Value).Count() == Labels.Count),
            nameof(Labels), Labels is null ? null : string.Join(", ", Labels.Select(l => l.Value)), "a background of 0 and 1 to 255 other distinct non-negative values");
        Require(Accumulation >= 1, nameof(Accumulation), Accumulation, "at least 1");
        Require(CheckpointInterval >= 1, nameof(CheckpointInterval), CheckpointInterval, "at least 1");
        Require(!Resume || CheckpointDirectory is not null, nameof(Resume), Resume, $"false where {nameof(CheckpointDirectory)} is not given");
    }

    private protected void Require(bool holds, string option, object? value, string range)
    {
        if (!holds) throw new ArgumentException(FormattableString.Invariant($"{GetType().Name}.{option} is {value}; it must be {range}."), option);
    }
}
