namespace REHRSeg.Onnx;

/// <summary>Where an ONNX model runs, and how many volumes at a time.</summary>
public sealed record OnnxScoringOptions
{
    /// <summary>GPU to use; null: CPU.</summary>
    public int? GpuDeviceId { get; init; }
    /// <summary>Use the CPU, with a warning, where the GPU cannot be had.</summary>
    public bool FallbackToCpu { get; init; } = true;
    /// <summary>Threads within an operator; null: ONNX Runtime's choice.</summary>
    public int? Threads { get; init; }
    /// <summary>
    /// Volumes that are computed at the same time, at least 1; further calls wait for their turn, in the order in which they came. Null: <c>processors / Threads</c>, at least 2, so that one volume
    /// is prepared while the network works on another. All share the loaded model; each has its own working memory.
    /// </summary>
    public int? MaxConcurrency { get; init; }
    /// <summary>
    /// Bytes of working memory for all volumes that are computed at the same time, beside the loaded model and the volumes handed in; null: no limit. What a volume needs is estimated from its size,
    /// the model and the request before anything is begun: it waits until there is room, and one that alone needs more is refused with <see cref="MemoryLimitException"/>.
    /// </summary>
    public long? MemoryLimit { get; init; }
    /// <summary>Receives warnings.</summary>
    public Action<string>? Warn { get; init; }

    internal VolumeAdmission MakeAdmission()
    {
        if (MaxConcurrency is < 1) throw new ArgumentOutOfRangeException(nameof(MaxConcurrency), MaxConcurrency, "MaxConcurrency must be at least 1.");
        if (MemoryLimit is < 1) throw new ArgumentOutOfRangeException(nameof(MemoryLimit), MemoryLimit, "MemoryLimit is a number of bytes and must be at least 1.");
        return new(MaxConcurrency ?? Math.Max(2, Environment.ProcessorCount / Math.Max(1, Threads ?? Environment.ProcessorCount)), MemoryLimit);
    }
}
