using System.Collections.Immutable;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Everything needed beside the self-SR network to apply it to a volume.</summary>
public sealed record SelfSrModelInfo
{
    /// <summary>Version of this set of keys.</summary>
    public const int CurrentFormatVersion = 1;
    /// <summary>Version the file was written with.</summary>
    public int FormatVersion { get; init; } = CurrentFormatVersion;
    /// <summary>Thin slices per thick slice, r.</summary>
    public required int Factor { get; init; }
    /// <summary>Image channels C.</summary>
    public int ImageChannels { get; init; } = 1;
    /// <summary>Label value and name of each class, background first. The network has one label channel for each but the background.</summary>
    public required ImmutableArray<LabelClass> Labels { get; init; }
    /// <summary>Label channels L = classes - 1.</summary>
    public int LabelChannels => Labels.Length - 1;
    /// <summary>Slice axis to assume where a volume's spacing does not tell.</summary>
    public SliceAxis DefaultSliceAxis { get; init; } = SliceAxis.Z;
    /// <summary>Lower and upper quantile of an image that are mapped to 0 and 1.</summary>
    public (double Low, double High) RobustRange { get; init; } = (0.0, 1.0);
    /// <summary>Hash of training data and options.</summary>
    public string TrainingFingerprint { get; init; } = "";
    /// <summary>Program and version that wrote the model.</summary>
    public string ToolVersion { get; init; } = "";
}

/// <summary>The self-SR network as the volume loop sees it. Thread-safe.</summary>
public interface IWindowModel : IDisposable
{
    /// <summary>Runs a batch of windows of 4 thick slices; the result covers the second slice of each.</summary>
    /// <param name="windows"><c>N x (C+L) x 4 x H x W</c>: image in [0,1], then one 0/1 channel per foreground class. H, W multiples of 8.</param>
    /// <param name="batch">N.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="image">Receives <c>N x C x r x H x W</c> in [0,1].</param>
    /// <param name="labelLogits">Receives <c>N x L x r x H x W</c> logits against a background of 0.</param>
    /// <param name="uncertainty">Receives <c>N x 1 x r x H x W</c>.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken);
}
