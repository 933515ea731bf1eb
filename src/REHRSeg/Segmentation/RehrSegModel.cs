using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>A trained segmenter with LR and HR heads. Thread-safe for prediction.</summary>
public sealed class RehrSegModel : IDisposable
{
    /// <summary>Patch, spacing, labels, tiling.</summary>
    public SegmentationModelInfo Info => throw new NotImplementedException();

    /// <summary>Segments one thick volume.</summary>
    public SegmentationResult Predict(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes architecture, info and weights.</summary>
    public void Save(Stream stream) => throw new NotImplementedException();

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="ModelFormatException">Damaged, not a REHRSeg segmenter, or of a later version.</exception>
    public static RehrSegModel Load(Stream stream, int? gpuDeviceId = null, bool fallbackToCpu = true) => throw new NotImplementedException();

    /// <summary>Writes <c>segmentation.onnx</c>.</summary>
    public void ExportOnnx(Stream stream) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
