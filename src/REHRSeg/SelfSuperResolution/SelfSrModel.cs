using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>A trained self-SR network with what is needed to apply it. Thread-safe for application.</summary>
public sealed class SelfSrModel : IDisposable
{
    /// <summary>Factor, labels, ranges.</summary>
    public SelfSrModelInfo Info => throw new NotImplementedException();

    /// <summary>Thin image, label and uncertainty of an annotated thick case: exactly r*D slices.</summary>
    public SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes architecture, info and weights.</summary>
    public void Save(Stream stream) => throw new NotImplementedException();

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="ModelFormatException">Damaged, not a self-SR model, or of a later version.</exception>
    public static SelfSrModel Load(Stream stream, int? gpuDeviceId = null, bool fallbackToCpu = true) => throw new NotImplementedException();

    /// <summary>
    /// Knowledge-distillation feature x1 for a batch of thick patches (METHOD.md section 8 [R]): image in [0,1] and foreground channels,
    /// <c>B x (C+L) x D x H x W</c> to <c>B x F x D x H/2 x W/2</c>; windows of 4 slices, zero slices outside, no gradient.
    /// </summary>
    internal torch.Tensor TeacherFeature(torch.Tensor thick) => throw new NotImplementedException();

    /// <summary>Writes <c>selfsr.onnx</c>.</summary>
    public void ExportOnnx(Stream stream) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
