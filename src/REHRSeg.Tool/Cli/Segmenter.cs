using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>A segmentation model behind <c>--model</c>: a run folder (Torch) or an ONNX file (no Torch is loaded).</summary>
internal abstract class Segmenter : IDisposable
{
    public abstract SegmentationModelInfo Info { get; }
    protected abstract SegmentationResult Run(MLVolume image, SegmentationRequest request, CancellationToken cancel);
    public abstract void Dispose();

    public static Segmenter Open(string model, ToolConsole console)
    {
        if (File.Exists(model)) return new OnnxSegmenter(model, console);
        if (Directory.Exists(model)) return OpenRun(model);
        throw new FileNotFoundException($"--model {model}: there is no such file or folder.");
    }

    /// <summary>Segments; where the model has no HR head, thin labels repeat the thick ones.</summary>
    public SegmentationResult Segment(MLVolume image, SegmentationRequest request, CancellationToken cancel)
    {
        if (!request.Hr || Info.HasHighResolutionHead) return Run(image, request, cancel);
        var lr = Run(image, request with { Lr = true, Hr = false }, cancel);
        var axis = request.Axis ?? image.Geometry.DetectSliceAxis() ?? Info.DefaultSliceAxis;
        return lr with { Hr = LabelInterpolation.Nearest(lr.Lr!, axis, Info.Factor), Lr = request.Lr ? lr.Lr : null };
    }

    static Segmenter OpenRun(string folder) => new TorchSegmenter(new RunFolder(folder));

    sealed class OnnxSegmenter(string file, ToolConsole console) : Segmenter
    {
        readonly OnnxVolumeScorer _scorer = new(file, new OnnxScoringOptions { Warn = console.Warn });
        public override SegmentationModelInfo Info => _scorer.Info;
        protected override SegmentationResult Run(MLVolume image, SegmentationRequest request, CancellationToken cancel) => _scorer.Score(image, request, cancel);
        public override void Dispose() => _scorer.Dispose();
    }

    sealed class TorchSegmenter(RunFolder run) : Segmenter
    {
        readonly RehrSegModel _model = run.Load<RehrSegTransformer>().Model;
        public override SegmentationModelInfo Info => _model.Info;
        protected override SegmentationResult Run(MLVolume image, SegmentationRequest request, CancellationToken cancel) => _model.Predict(image, request, cancel);
        public override void Dispose() => _model.Dispose();
    }
}
