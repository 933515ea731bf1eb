using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// From a volume in its file's orientation to LR and HR label maps: slice axis to D, crop, z-score, resampling to the model's spacing,
/// sliding window with Gaussian weights and mirroring, and all of it back. One implementation for Torch and ONNX (METHOD.md section 7).
/// </summary>
public static class VolumeSegmenter
{
    /// <summary>Segments one volume.</summary>
    /// <exception cref="ArgumentException">Wrong channel count.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was written.</exception>
    public static SegmentationResult Segment(MLVolume image, IPatchModel model, SegmentationModelInfo info, SegmentationRequest? request = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

/// <summary>What to compute.</summary>
public sealed record SegmentationRequest
{
    /// <summary>Labels on the input's own grid.</summary>
    public bool Lr { get; init; } = true;
    /// <summary>Labels on the refined grid (r slices for each).</summary>
    public bool Hr { get; init; } = true;
    /// <summary>Also class probabilities.</summary>
    public bool Probabilities { get; init; }
    /// <summary>Average over mirrored patches (8 runs), if the model was trained with mirroring.</summary>
    public bool Mirror { get; init; } = true;
    /// <summary>Patches per run, at least 1.</summary>
    public int BatchSize { get; init; } = 2;
    /// <summary>Slice axis; null: detected from the spacing.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Receives the finished part, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }
}

/// <summary>Label maps (and probabilities) of one volume; null where not asked for.</summary>
public sealed record SegmentationResult(MLVolume? Lr, MLVolume? Hr, MLVolume? LrProbabilities, MLVolume? HrProbabilities);
