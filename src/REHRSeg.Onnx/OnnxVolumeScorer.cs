using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Scores volumes with an exported <c>segmentation.onnx</c>. Load once; thread-safe. Only load models from trusted sources.</summary>
public sealed class OnnxVolumeScorer : IDisposable
{
    /// <summary>Loads a model file.</summary>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    public OnnxVolumeScorer(string path, OnnxScoringOptions? options = null) => throw new NotImplementedException();
    /// <summary>Loads a model from memory.</summary>
    public OnnxVolumeScorer(ReadOnlyMemory<byte> model, string source, OnnxScoringOptions? options = null) => throw new NotImplementedException();
    /// <summary>What the model is.</summary>
    public SegmentationModelInfo Info => throw new NotImplementedException();
    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => throw new NotImplementedException();
    /// <summary>Segments one volume.</summary>
    public SegmentationResult Score(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>Where an ONNX model runs.</summary>
public sealed record OnnxScoringOptions
{
    /// <summary>GPU to use; null: CPU.</summary>
    public int? GpuDeviceId { get; init; }
    /// <summary>Use the CPU, with a warning, where the GPU cannot be had.</summary>
    public bool FallbackToCpu { get; init; } = true;
    /// <summary>Threads within an operator; null: ONNX Runtime's choice.</summary>
    public int? Threads { get; init; }
    /// <summary>Receives warnings.</summary>
    public Action<string>? Warn { get; init; }
}
