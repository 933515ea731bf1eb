using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>What <c>superresolve --model</c> names: a run folder, <c>selfsr.onnx</c>, <c>smore.safetensors</c>, or one of the interpolation baselines.</summary>
internal abstract class SuperResolver : IDisposable
{
    public abstract SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis, CancellationToken cancel);
    public virtual bool HasUncertainty => true;
    public virtual IReadOnlyList<LabelClass>? Labels => null;
    /// <summary>False: the model was trained on images alone.</summary>
    public virtual bool LearntLabels => true;
    public virtual void Dispose() { }

    public static SuperResolver Open(string model, int? factor, SuperResolverSettings? settings = null)
    {
        settings ??= new();
        if (model is "spline" or "spline-sdf" or "nearest")
            return new Interpolation(model, factor ?? throw new UsageException($"--model {model} is an interpolation: give --factor."), settings);
        if (factor is not null) throw new UsageException("--factor belongs to --model spline, spline-sdf or nearest; a trained model has its own.");
        if (File.Exists(model)) return Path.GetExtension(model).Equals(".safetensors", StringComparison.OrdinalIgnoreCase) ? OpenSmore(model, settings) : new OnnxModel(model, settings);
        if (Directory.Exists(model)) return OpenRun(model, settings);
        throw new FileNotFoundException($"--model {model}: there is no such file or folder, and it is not 'spline', 'spline-sdf' or 'nearest'.");
    }

    static SuperResolver OpenRun(string folder, SuperResolverSettings settings) => new TorchModel(new RunFolder(folder), settings);

    static SuperResolver OpenSmore(string file, SuperResolverSettings settings) => new Smore(file, settings);

    sealed class Interpolation(string kind, int factor, SuperResolverSettings settings) : SuperResolver
    {
        public override bool HasUncertainty => false;
        public override SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis, CancellationToken cancel)
        {
            var along = axis ?? image.Geometry.DetectSliceAxis() ?? SliceAxis.Z;
            var thin = Resampler.RefineImage(image, along, factor, kind == "nearest" ? 0 : 3);
            if (settings.Consistency?.HasFlag(SliceConsistency.Image) == true) thin = ImageConsistency.Restore(thin, image, along, SliceProfile.Gaussian(factor));
            return new(thin, kind switch
            {
                "nearest" => LabelInterpolation.Nearest(label, along, factor),
                "spline" => LabelInterpolation.Morphological(label, along, factor),
                _ => LabelInterpolation.SignedDistance(label, along, factor),
            }, thin);
        }
    }

    sealed class TorchModel(RunFolder run, SuperResolverSettings settings) : SuperResolver
    {
        readonly SelfSrModel _model = run.Load<SelfSrTransformer>().Model;
        public override IReadOnlyList<LabelClass> Labels => _model.Info.Labels;
        public override bool LearntLabels => _model.Info.LearntLabels;
        public override SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis, CancellationToken cancel) => _model.Apply(image, label, settings.Request(axis), cancel);
        public override void Dispose() => _model.Dispose();
    }

    sealed class Smore(string file, SuperResolverSettings settings) : SuperResolver
    {
        readonly SmoreModel _model = SmoreModel.Load(file);
        public override bool HasUncertainty => false;
        public override bool LearntLabels => _model.Info.LearntLabels;
        public override IReadOnlyList<LabelClass> Labels => _model.Info.Labels;
        public override SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis, CancellationToken cancel) => _model.Apply(image, label, axis, settings.Ensemble is { } e ? e != WindowEnsemble.None : null, settings.Consistency, null, cancel);
        public override void Dispose() => _model.Dispose();
    }

    sealed class OnnxModel(string file, SuperResolverSettings settings) : SuperResolver
    {
        readonly OnnxSuperResolver _model = new(file);
        public override IReadOnlyList<LabelClass> Labels => _model.Info.Labels;
        public override bool LearntLabels => _model.Info.LearntLabels;
        public override SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis, CancellationToken cancel) => _model.Apply(image, label, settings.Request(axis), cancel);
        public override void Dispose() => _model.Dispose();
    }
}

/// <summary>How <c>superresolve</c> applies a model.</summary>
internal sealed record SuperResolverSettings
{
    /// <summary>Views of each window that are averaged; null: as the model was trained to.</summary>
    public WindowEnsemble? Ensemble { get; init; }
    /// <summary>Most voxels of a slice, or of a tile of it, that are computed at once; null: the default.</summary>
    public int? TileVoxels { get; init; }
    /// <summary>What is made to agree with the thick slices; null: as the model was trained to, and nothing for interpolations.</summary>
    public SliceConsistency? Consistency { get; init; }

    public SuperResolutionRequest Request(SliceAxis? axis)
    {
        var request = new SuperResolutionRequest { Axis = axis, Ensemble = Ensemble, Consistency = Consistency };
        return TileVoxels is { } voxels ? request with { TileVoxels = voxels } : request;
    }
}
