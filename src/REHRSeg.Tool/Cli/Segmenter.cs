using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>The segmentation models behind <c>--model</c>: run folders (Torch) and ONNX files (no Torch is loaded for those), averaged where there are several.</summary>
internal sealed class Segmenter : IDisposable
{
    readonly List<IDisposable> _owned = [];
    readonly List<EnsembleMember> _members = [];
    readonly ToolConsole _console;

    Segmenter(ToolConsole console) => _console = console;

    /// <summary>What the (first) model is.</summary>
    public SegmentationModelInfo Info => _members[0].Info;

    /// <summary>A model that cannot segment thin slices; null: all can.</summary>
    public string? WithoutThin => _members.Find(m => !m.Info.CanSegmentThin)?.Name;

    public static Segmenter Open(string model, ToolConsole console) => Open([model], console);

    /// <exception cref="ArgumentException">Models that do not fit each other.</exception>
    public static Segmenter Open(IReadOnlyList<string> models, ToolConsole console)
    {
        var segmenter = new Segmenter(console);
        try
        {
            foreach (string model in models) segmenter.Add(model);
            EnsembleMember.RequireFit(segmenter._members);
            return segmenter;
        }
        catch
        {
            segmenter.Dispose();
            throw;
        }
    }

    /// <summary>Segments; where a model cannot segment thin slices, thin labels repeat the thick ones. At factor 1 there are none.</summary>
    public SegmentationResult Segment(MLVolume image, SegmentationRequest request, CancellationToken cancel)
    {
        request = request with { Warn = _console.Warn };
        if (!request.Hr || WithoutThin is null || Info.Factor == 1) return VolumeSegmenter.Segment(image, _members, request, cancel);
        var lr = VolumeSegmenter.Segment(image, _members, request with { Lr = true, Hr = false }, cancel);
        var axis = request.Axis ?? image.Geometry.DetectSliceAxis() ?? Info.DefaultSliceAxis;
        return lr with { Hr = LabelInterpolation.Nearest(lr.Lr!, axis, Info.Factor), Lr = request.Lr ? lr.Lr : null };
    }

    public void Dispose()
    {
        foreach (var model in _owned) model.Dispose();
    }

    void Add(string model)
    {
        if (File.Exists(model))
        {
            var scorer = new OnnxVolumeScorer(model, new OnnxScoringOptions { Warn = _console.Warn });
            _owned.Add(scorer);
            _members.Add(scorer.Members[0]);
        }
        else if (Directory.Exists(model)) AddRun(model);
        else throw new FileNotFoundException($"--model {model}: there is no such file or folder.");
    }

    // Apart, so that ONNX files alone load no Torch assembly.
    void AddRun(string folder)
    {
        var network = new RunFolder(folder).Load<RehrSegTransformer>().Model;
        _owned.Add(network);
        _members.Add(network.AsMember(folder));
    }
}
