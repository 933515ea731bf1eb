namespace REHRSeg.Onnx;

/// <summary>A self-SR network in an ONNX file: input <c>slices</c>, outputs <c>image</c>, <c>label</c> (logits) and <c>uncertainty</c>.</summary>
internal sealed class OnnxWindowModel : IWindowModel
{
    readonly OnnxSession _session;
    readonly SelfSrModelInfo _info;

    /// <summary>Loads a model whose metadata are <paramref name="info"/>.</summary>
    /// <exception cref="REHRSeg.Imaging.ModelFormatException">The graph is not what the metadata say.</exception>
    public OnnxWindowModel(ReadOnlyMemory<byte> model, string source, SelfSrModelInfo info, OnnxScoringOptions options)
    {
        (_info, _session) = (info, new(model, source, options));
        try
        {
            _session.Require(output: false, "slices", source, -1, info.ImageChannels + info.LabelChannels, 4, -1, -1);
            _session.Require(output: true, "image", source, -1, info.ImageChannels, info.Factor, -1, -1);
            _session.Require(output: true, "label", source, -1, info.LabelChannels, info.Factor, -1, -1);
            _session.Require(output: true, "uncertainty", source, -1, 1, info.Factor, -1, -1);
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
    public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken) =>
        _session.Run("slices", windows, [batch, _info.ImageChannels + _info.LabelChannels, 4, height, width],
        [
            ("image", image, [batch, _info.ImageChannels, _info.Factor, height, width]),
            ("label", labelLogits, [batch, _info.LabelChannels, _info.Factor, height, width]),
            ("uncertainty", uncertainty, [batch, 1, _info.Factor, height, width]),
        ], null, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
