using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Scores volumes with an exported <c>segmentation.onnx</c>, or with the mean of several. Load once; thread-safe. Only load models from trusted sources.</summary>
/// <remarks>A model must be one file: weights in other files, foreign operators and cut-off files are refused before ONNX Runtime sees them.</remarks>
public sealed class OnnxVolumeScorer : IDisposable
{
    readonly List<OnnxPatchModel> _models = [];
    readonly List<EnsembleMember> _members = [];
    readonly Action<string>? _warn;

    /// <summary>Loads a model file.</summary>
    /// <param name="path">An ONNX file with REHRSeg metadata.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    /// <exception cref="InvalidOperationException">The GPU was asked for, cannot be had, and falling back is not allowed.</exception>
    public OnnxVolumeScorer(string path, OnnxScoringOptions? options = null) : this([(OnnxFile.Read(path), path)], options) { }

    /// <summary>Loads the models of an ensemble, for example one a fold: labels are those of the mean of their class probabilities.</summary>
    /// <param name="paths">ONNX files with REHRSeg metadata, of the same labels, factor and channels.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="ArgumentException">No file, or names two models that do not fit each other and the difference.</exception>
    /// <exception cref="FileNotFoundException">A file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    /// <exception cref="InvalidOperationException">The GPU was asked for, cannot be had, and falling back is not allowed.</exception>
    public OnnxVolumeScorer(IReadOnlyList<string> paths, OnnxScoringOptions? options = null)
        : this([.. (paths ?? throw new ArgumentNullException(nameof(paths))).Select(path => ((ReadOnlyMemory<byte>)OnnxFile.Read(path), path))], options) { }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="model">Content of an ONNX file.</param>
    /// <param name="source">Its name, for messages.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    public OnnxVolumeScorer(ReadOnlyMemory<byte> model, string source, OnnxScoringOptions? options = null) : this([(model, source)], options) { }

    internal OnnxVolumeScorer((ReadOnlyMemory<byte> Model, string Source)[] models, OnnxScoringOptions? options)
    {
        options ??= new();
        _warn = options.Warn;
        try
        {
            foreach (var (model, source) in models)
            {
                var info = SegmentationModelInfo.FromMetadata(OnnxFile.ReadMetadata(model.Span, source), source);
                _models.Add(new(model, source, info, options));
                _members.Add(new(_models[^1], info, source));
            }
            EnsembleMember.RequireFit(_members);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the (first) model is.</summary>
    public SegmentationModelInfo Info => _members[0].Info;

    /// <summary>The models as members of an ensemble; they stay this scorer's.</summary>
    public IReadOnlyList<EnsembleMember> Members => _members;

    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _models[0].Device;

    /// <summary>A model that cannot segment thin slices, so that there are no HR labels; null: all can.</summary>
    internal string? WithoutThin => _members.Find(m => !m.Info.CanSegmentThin)?.Name;

    /// <summary>Segments one volume.</summary>
    /// <param name="image">Image in its file's orientation, with the channels that the model was trained on.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <exception cref="ArgumentException">Wrong channel count.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SegmentationResult Score(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        request ??= new();
        return VolumeSegmenter.Segment(image, _members, request with { Warn = request.Warn ?? _warn }, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in _models) model.Dispose();
    }
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
