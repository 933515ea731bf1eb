using System.Globalization;

namespace REHRSeg.Onnx;

/// <summary>A volume would need more working memory than <see cref="OnnxScoringOptions.MemoryLimit"/>; nothing was begun.</summary>
/// <param name="requiredBytes">What the volume needs, estimated.</param>
/// <param name="limitBytes">The limit.</param>
public sealed class MemoryLimitException(long requiredBytes, long limitBytes) : InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
    $"This volume needs about {requiredBytes / 1e6:0} MB of working memory, and MemoryLimit is {limitBytes / 1e6:0} MB. Raise the limit, or ask for less: LR labels alone, no probabilities or uncertainty, a BatchSize of 1, a smaller volume."))
{
    /// <summary>What the volume needs, estimated.</summary>
    public long RequiredBytes { get; } = requiredBytes;
    /// <summary>The limit.</summary>
    public long LimitBytes { get; } = limitBytes;
}
