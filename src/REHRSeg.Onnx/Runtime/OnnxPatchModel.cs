using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>A segmentation network in an ONNX file: input <c>image</c>, outputs <c>lr</c> and <c>hr</c> (DESIGN.md section 7).</summary>
internal sealed class OnnxPatchModel : IPatchModel
{
    readonly OnnxSession _session;
    readonly SegmentationModelInfo _info;
    readonly bool _canSkipHr;
    readonly ActivationMemory _activations, _activationsWithoutHr;

    /// <summary>Checks and loads a model whose metadata are <paramref name="info"/>.</summary>
    public OnnxPatchModel(ReadOnlyMemory<byte> model, string source, SegmentationModelInfo info, OnnxScoringOptions options) : this(ModelSource.Memory(model, source), OnnxFile.Inspect(model.Span, source).Graph, info, options) { }

    /// <summary>Loads a checked model whose metadata are <paramref name="info"/>.</summary>
    /// <exception cref="ModelFormatException">The graph is not what the metadata say.</exception>
    public OnnxPatchModel(ModelSource model, OnnxGraph graph, SegmentationModelInfo info, OnnxScoringOptions options)
    {
        string source = model.Name;
        (_info, _session) = (info, new(model, options));
        try
        {
            _activations = new(graph, "image", info.Channels, info.Factor);
            _session.Require(output: false, "image", source, -1, info.Channels, -1, -1, -1);
            _session.Require(output: true, "lr", source, -1, info.Labels.Length, -1, -1, -1);
            if (info.HasHighResolutionHead) _session.Require(output: true, "hr", source, -1, info.Labels.Length, -1, -1, -1);
            _canSkipHr = _session.HasSwitch(HrSwitch);
            _activationsWithoutHr = _canSkipHr ? new(graph, "image", info.Channels, info.Factor, HrSwitch) : _activations;
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    const string HrSwitch = "hr_wanted";

    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _session.Device;

    /// <inheritdoc/>
    public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken)
    {
        var outputs = new List<(string, Memory<float>, long[])>(2);
        if (!lr.IsEmpty) outputs.Add(("lr", lr, [batch, _info.Labels.Length, shape.Depth, shape.Height, shape.Width]));
        if (!hr.IsEmpty) outputs.Add(("hr", hr, [batch, _info.Labels.Length, (long)_info.Factor * shape.Depth, shape.Height, shape.Width]));
        _session.Run("image", patches, [batch, _info.Channels, shape.Depth, shape.Height, shape.Width], outputs, hr.IsEmpty && _canSkipHr ? HrSwitch : null, cancellationToken);
    }

    /// <summary>Memory that a run takes, estimated.</summary>
    /// <param name="plan">Tile and batch.</param>
    /// <param name="hr">With thin probabilities.</param>
    public long RunMemory(TilePlan plan, bool hr) => NetworkMemory.Bytes(hr ? _activations : _activationsWithoutHr, plan.Batch, plan.Tile.Voxels);

    /// <summary>Gives memory that no run uses now back to the system.</summary>
    public void ReleaseMemory() => _session.ReleaseMemory("image", [1, _info.Channels, _info.Divisor.Depth, _info.Divisor.Height, _info.Divisor.Width], "lr", _canSkipHr ? HrSwitch : null);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
