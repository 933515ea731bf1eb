using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Super-resolves annotated thick volumes with an exported <c>selfsr.onnx</c>. Load once; thread-safe. Only load models from trusted sources.</summary>
public sealed class OnnxSuperResolver : IDisposable
{
    readonly OnnxWindowModel _model;
    readonly VolumeAdmission _admission;
    readonly UseCount _use;

    /// <summary>Loads a model file.</summary>
    /// <param name="path">An ONNX file with REHRSeg metadata.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg self-SR model, damaged, or of a later version.</exception>
    /// <exception cref="InvalidOperationException">The GPU was asked for, cannot be had, and falling back is not allowed.</exception>
    public OnnxSuperResolver(string path, OnnxScoringOptions? options = null) : this(OnnxFile.Read(path), path, options) { }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="model">Content of an ONNX file.</param>
    /// <param name="source">Its name, for messages.</param>
    /// <param name="options">Device and threads; null: CPU.</param>
    /// <exception cref="ModelFormatException">Not a REHRSeg self-SR model, damaged, or of a later version.</exception>
    public OnnxSuperResolver(ReadOnlyMemory<byte> model, string source, OnnxScoringOptions? options = null)
    {
        var file = OnnxFile.Inspect(model.Span, source);
        Info = SelfSrModelInfo.FromMetadata(file.Metadata, source);
        options ??= new();
        _admission = options.MakeAdmission();
        _model = new(model, file.Graph, source, Info, options);
        _use = new(nameof(OnnxSuperResolver), _model.Dispose);
    }

    /// <summary>What the model is.</summary>
    public SelfSrModelInfo Info { get; }

    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _model.Device;

    /// <summary>Super-resolves one volume along its slice axis.</summary>
    /// <param name="image">Thick image in its file's orientation.</param>
    /// <param name="label">Thick labels on the same grid; null: all background.</param>
    /// <param name="axis">Slice axis; null: detected from the spacing.</param>
    /// <param name="mirroring">Average over the 8 mirror images of each window; null: as the model was trained to.</param>
    /// <param name="consistency">What is made to agree with the thick slices; null: as the model was trained to.</param>
    /// <param name="progress">Receives the finished part, 0 to 1.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    public SuperResolutionResult Apply(MLVolume image, MLVolume? label, SliceAxis? axis = null, bool? mirroring = null, SliceConsistency? consistency = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Apply(image, label, new() { Axis = axis, Ensemble = SuperResolutionRequest.Mirrored(mirroring), Consistency = consistency, Progress = progress }, cancellationToken);

    /// <summary>The same with all that can be chosen.</summary>
    /// <param name="image">Thick image in its file's orientation.</param>
    /// <param name="label">Thick labels on the same grid; null: all background.</param>
    /// <param name="request">Axis, ensemble, consistency, tiles.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    /// <exception cref="ModelFormatException">Planes of more than 2^20 voxels, and a file that cannot be computed in tiles.</exception>
    /// <exception cref="MemoryLimitException">The volume alone needs more than <see cref="OnnxScoringOptions.MemoryLimit"/>.</exception>
    /// <exception cref="ObjectDisposedException">Disposed before the work began; work that has begun is finished.</exception>
    public SuperResolutionResult Apply(MLVolume image, MLVolume? label, SuperResolutionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var use = _use.Begin();
        using var turn = _admission.Enter(NeedOf(image, request), cancellationToken);
        return ApplyNow(image, label, request, cancellationToken);
    }

    /// <summary>Super-resolves one volume on the thread pool; waiting for a turn holds no thread.</summary>
    /// <param name="image">Thick image in its file's orientation.</param>
    /// <param name="label">Thick labels on the same grid; null: all background.</param>
    /// <param name="request">Axis, ensemble, consistency, tiles; null: as the model was trained to. Progress comes from the thread pool.</param>
    /// <param name="cancellationToken">Stops within a run of the network, and while waiting.</param>
    /// <returns>As of <see cref="Apply(MLVolume, MLVolume, SuperResolutionRequest, CancellationToken)"/>; its exceptions, too, come with the task.</returns>
    public async Task<SuperResolutionResult> ApplyAsync(MLVolume image, MLVolume? label, SuperResolutionRequest? request = null, CancellationToken cancellationToken = default)
    {
        request ??= new();
        using var use = _use.Begin();
        using var turn = await _admission.EnterAsync(NeedOf(image, request), cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => ApplyNow(image, label, request, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Working memory of one volume in bytes, which <see cref="OnnxScoringOptions.MemoryLimit"/> is compared with: results included, the image and the loaded model not. An upper estimate for the CPU.
    /// </summary>
    /// <param name="geometry">Grid of the image.</param>
    /// <param name="request">How the model is applied; null: as it was trained to.</param>
    public long EstimateMemory(VolumeGeometry geometry, SuperResolutionRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        request ??= new();
        return SuperResolutionMemory.Estimate(geometry, Info.With(request.Ensemble, request.Consistency), request, _model.RunMemory);
    }

    /// <summary>Refuses new calls and those that wait; calls that have begun are finished, and the last one releases the model.</summary>
    public void Dispose()
    {
        _admission.Close(nameof(OnnxSuperResolver));
        _use.Dispose();
    }

    SuperResolutionResult ApplyNow(MLVolume image, MLVolume? label, SuperResolutionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return VolumeSuperResolver.Apply(image, label, _model, Info, request, cancellationToken);
        }
        finally
        {
            _model.ReleaseMemory();
        }
    }

    /// <summary>What cannot be computed at all is refused by name before it waits.</summary>
    long NeedOf(MLVolume image, SuperResolutionRequest request)
    {
        ArgumentNullException.ThrowIfNull(image);
        request.Validate();
        return EstimateMemory(image.Geometry, request);
    }
}
