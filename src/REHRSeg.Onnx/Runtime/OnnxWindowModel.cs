namespace REHRSeg.Onnx;

/// <summary>
/// A self-SR network in an ONNX file: input <c>slices</c>, outputs <c>image</c>, <c>label</c> (logits) and <c>uncertainty</c>. All but files of
/// early versions also measure and take the averages over planes (<see cref="ITiledWindowModel"/>).
/// </summary>
internal sealed class OnnxWindowModel : ITiledWindowModel
{
    readonly OnnxSession _session;
    readonly SelfSrModelInfo _info;
    readonly ActivationMemory _activations;

    /// <summary>Checks and loads a model whose metadata are <paramref name="info"/>.</summary>
    public OnnxWindowModel(ReadOnlyMemory<byte> model, string source, SelfSrModelInfo info, OnnxScoringOptions options) : this(ModelSource.Memory(model, source), OnnxFile.Inspect(model.Span, source).Graph, info, options) { }

    /// <summary>Loads a checked model whose metadata are <paramref name="info"/>.</summary>
    /// <exception cref="REHRSeg.Imaging.ModelFormatException">The graph is not what the metadata say.</exception>
    public OnnxWindowModel(ModelSource model, OnnxGraph graph, SelfSrModelInfo info, OnnxScoringOptions options)
    {
        string source = model.Name;
        (_info, _session) = (info, new(model, options));
        try
        {
            _activations = new(graph, "slices", info.ImageChannels + info.LabelChannels);
            _session.Require(output: false, "slices", source, -1, info.ImageChannels + info.LabelChannels, 4, -1, -1);
            _session.Require(output: true, "image", source, -1, info.ImageChannels, info.Factor, -1, -1);
            _session.Require(output: true, "label", source, -1, info.LabelChannels, info.Factor, -1, -1);
            _session.Require(output: true, "uncertainty", source, -1, 1, info.Factor, -1, -1);
            if (_session.OptionalShape("statistics_offsets") is not [_, int count and > 0]) return;
            _session.Require(output: true, "statistics", source, -1, count);
            Statistics = count;
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device => _session.Device;

    /// <inheritdoc/>
    public int Statistics { get; }

    /// <inheritdoc/>
    public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken) =>
        _session.Run("slices", windows, [batch, _info.ImageChannels + _info.LabelChannels, 4, height, width], Outputs(batch, height, width, image, labelLogits, uncertainty), null, cancellationToken);

    /// <inheritdoc/>
    public void RunTile(ReadOnlyMemory<float> tiles, int batch, int height, int width, in TileStatistics statistics, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
    {
        var core = statistics.Core;
        using var slices = OnnxSession.Value(tiles, batch, _info.ImageChannels + _info.LabelChannels, 4, height, width);
        using var offsets = OnnxSession.Value(statistics.Offsets, batch, Statistics);
        using var shares = OnnxSession.Value(statistics.Shares, Statistics);
        using var whole = OnnxSession.Value(false);
        using var start = OnnxSession.Value((long[])[core.Top, core.Left]);
        using var end = OnnxSession.Value((long[])[core.Top + core.Height, core.Left + core.Width]);
        _session.Run([("slices", slices), ("statistics_offsets", offsets), ("statistics_shares", shares), ("whole_plane", whole), ("core_start", start), ("core_end", end)],
            [("statistics", statistics.Measured, [batch, Statistics]), .. image.IsEmpty ? [] : Outputs(batch, height, width, image, labelLogits, uncertainty)], cancellationToken);
    }

    (string, Memory<float>, long[])[] Outputs(int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty) =>
    [
        ("image", image, [batch, _info.ImageChannels, _info.Factor, height, width]),
        ("label", labelLogits, [batch, _info.LabelChannels, _info.Factor, height, width]),
        ("uncertainty", uncertainty, [batch, 1, _info.Factor, height, width]),
    ];

    /// <summary>Memory that a run takes, estimated.</summary>
    /// <param name="windows">Windows a run.</param>
    /// <param name="plane">Voxels of a slice.</param>
    public long RunMemory(int windows, double plane) => NetworkMemory.Bytes(_activations, windows, 4 * plane);

    /// <summary>Gives memory that no run uses now back to the system.</summary>
    public void ReleaseMemory() => _session.ReleaseMemory("slices", [1, _info.ImageChannels + _info.LabelChannels, 4, 8, 8], "image");

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
