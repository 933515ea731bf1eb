using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Scores volumes with an exported <c>segmentation.onnx</c>. Load once; thread-safe. Only load models from trusted sources.</summary>
/// <remarks>The model must be one file: weights in other files, foreign operators and cut-off files are refused before ONNX Runtime sees them.</remarks>
public sealed class OnnxVolumeScorer : IDisposable
{
    readonly OnnxPatchModel _model;
    readonly Action<string>? _warn;

    /// <summary>Loads a model file.</summary>
    /// <param name="path">An ONNX file with REHRSeg metadata.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    /// <exception cref="InvalidOperationException">The GPU was asked for, cannot be had, and falling back is not allowed.</exception>
    public OnnxVolumeScorer(string path, OnnxScoringOptions? options = null) : this(OnnxFile.Read(path), path, options) { }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="model">Content of an ONNX file.</param>
    /// <param name="source">Its name, for messages.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    public OnnxVolumeScorer(ReadOnlyMemory<byte> model, string source, OnnxScoringOptions? options = null)
    {
        options ??= new();
        Info = SegmentationModelInfo.FromMetadata(OnnxFile.ReadMetadata(model.Span, source), source);
        _warn = options.Warn;
        _model = new(model, source, Info, options);
    }

    /// <summary>What the model is.</summary>
    public SegmentationModelInfo Info { get; }

    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _model.Device;

    /// <summary>Segments one volume.</summary>
    /// <param name="image">Image in its file's orientation, with the channels that the model was trained on.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <exception cref="ArgumentException">Wrong channel count.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SegmentationResult Score(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        request ??= new();
        return VolumeSegmenter.Segment(image, _model, Info, request with { Warn = request.Warn ?? _warn }, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
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
