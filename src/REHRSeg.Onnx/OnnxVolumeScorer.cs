using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Scores volumes with an exported <c>segmentation.onnx</c>, or with the mean of several. Load once; thread-safe. Only load models from trusted sources.</summary>
/// <remarks>A model must be one file: weights in other files, foreign operators and cut-off files are refused before ONNX Runtime sees them.</remarks>
public sealed class OnnxVolumeScorer : IDisposable
{
    readonly List<OnnxPatchModel> _models = [];
    readonly List<EnsembleMember> _members = [];
    readonly Action<string>? _warn;
    readonly VolumeAdmission _admission;
    readonly UseCount _use;

    /// <summary>Loads a model file.</summary>
    /// <param name="path">An ONNX file with REHRSeg metadata.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    /// <exception cref="InvalidOperationException">The GPU was asked for, cannot be had, and falling back is not allowed.</exception>
    public OnnxVolumeScorer(string path, OnnxScoringOptions? options = null) : this([ModelSource.File(path)], options) { }

    /// <summary>Loads the models of an ensemble, for example one a fold: labels are those of the mean of their class probabilities.</summary>
    /// <param name="paths">ONNX files with REHRSeg metadata, of the same labels, factor and channels.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="ArgumentException">No file, or names two models that do not fit each other and the difference.</exception>
    /// <exception cref="FileNotFoundException">A file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    /// <exception cref="InvalidOperationException">The GPU was asked for, cannot be had, and falling back is not allowed.</exception>
    public OnnxVolumeScorer(IReadOnlyList<string> paths, OnnxScoringOptions? options = null)
        : this([.. (paths ?? throw new ArgumentNullException(nameof(paths))).Select(path => ModelSource.File(path))], options) { }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="model">Content of an ONNX file.</param>
    /// <param name="source">Its name, for messages.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    public OnnxVolumeScorer(ReadOnlyMemory<byte> model, string source, OnnxScoringOptions? options = null) : this([ModelSource.Memory(model, source)], options) { }

    OnnxVolumeScorer(ModelSource[] models, OnnxScoringOptions? options) : this(load => Array.ForEach(models, load), options) { }

    /// <param name="each">Calls back with each model in order.</param>
    /// <param name="options">Device and threads.</param>
    internal OnnxVolumeScorer(Action<Action<ModelSource>> each, OnnxScoringOptions? options)
    {
        options ??= new();
        _warn = options.Warn;
        _admission = options.MakeAdmission();
        _use = new(nameof(OnnxVolumeScorer), Release);
        try
        {
            each(model =>
            {
                var file = model.Inspect();
                var info = SegmentationModelInfo.FromMetadata(file.Metadata, model.Name);
                _models.Add(new(model, file.Graph, info, options));
                _members.Add(new(_models[^1], info, model.Name));
            });
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
    /// <remarks>
    /// Waits while <see cref="OnnxScoringOptions.MaxConcurrency"/> or <see cref="OnnxScoringOptions.MemoryLimit"/> leave no room; do not call it from
    /// <see cref="SegmentationRequest.Progress"/> or <see cref="SegmentationRequest.Warn"/>.
    /// </remarks>
    /// <param name="image">Image in its file's orientation, with the channels that the model was trained on.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of the network, and while waiting.</param>
    /// <exception cref="ArgumentException">Wrong channel count, a voxel that is not finite, or nothing to compute.</exception>
    /// <exception cref="MemoryLimitException">The volume alone needs more than the limit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">Disposed before the work began; work that has begun is finished.</exception>
    public SegmentationResult Score(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        using var use = _use.Begin();
        using var turn = _admission.Enter(NeedOf(image, request ??= new()), cancellationToken);
        return ScoreNow(image, request, cancellationToken);
    }

    /// <summary>Segments one volume on the thread pool; waiting for a turn holds no thread.</summary>
    /// <param name="image">Image in its file's orientation, with the channels that the model was trained on.</param>
    /// <param name="request">What to compute; null: LR and HR labels. Progress and warnings come from the thread pool.</param>
    /// <param name="cancellationToken">Stops within a run of the network, and while waiting.</param>
    /// <returns>As of <see cref="Score"/>; its exceptions, too, come with the task.</returns>
    public async Task<SegmentationResult> ScoreAsync(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        using var use = _use.Begin();
        using var turn = await _admission.EnterAsync(NeedOf(image, request ??= new()), cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => ScoreNow(image, request, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Working memory of one volume in bytes, which <see cref="OnnxScoringOptions.MemoryLimit"/> is compared with: results included, the image and the loaded models not. An upper estimate for the CPU; on a GPU
    /// the network's part is the GPU's.
    /// </summary>
    /// <param name="geometry">Grid of the image.</param>
    /// <param name="request">What is computed; null: LR and HR labels.</param>
    /// <exception cref="ArgumentException">The image would have more voxels at the model's spacing than can be computed.</exception>
    public long EstimateMemory(VolumeGeometry geometry, SegmentationRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        return SegmentationMemory.Estimate(geometry, Info.Channels, _members, request ?? new(), (member, plan, hr) => _models[member].RunMemory(plan, hr));
    }

    /// <summary>Refuses new calls and those that wait; calls that have begun are finished, and the last one releases the models.</summary>
    public void Dispose()
    {
        _admission.Close(nameof(OnnxVolumeScorer));
        _use.Dispose();
    }

    /// <summary>Computes, and gives what ONNX Runtime took for it back to the system: it would keep it until it is disposed.</summary>
    SegmentationResult ScoreNow(MLVolume image, SegmentationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return VolumeSegmenter.Segment(image, _members, request with { Warn = request.Warn ?? _warn }, cancellationToken);
        }
        finally
        {
            foreach (var model in _models) model.ReleaseMemory();
        }
    }

    /// <summary>What cannot be computed at all is refused by name before it waits.</summary>
    long NeedOf(MLVolume image, SegmentationRequest request)
    {
        SegmentationPreprocessor.RequireChannels(image, Info);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.BatchSize, 1);
        return EstimateMemory(image.Geometry, request);
    }

    void Release()
    {
        foreach (var model in _models) model.Dispose();
    }
}
