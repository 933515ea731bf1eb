using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// From an annotated thick volume in its file's orientation to a thin one: exactly r*D slices, edges included, windows batched
/// (METHOD.md sections 1.3 and 4 [R]). One implementation for Torch and ONNX.
/// </summary>
public static class VolumeSuperResolver
{
    /// <summary>Applies the network along the slice axis.</summary>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    public static SuperResolutionResult Apply(MLVolume image, MLVolume label, IWindowModel model, SelfSrModelInfo info, SliceAxis? axis = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

/// <summary>A thin volume: image in the input's intensity range, label values of the input, uncertainty U in (0, 1]; all on the refined grid.</summary>
public sealed record SuperResolutionResult(MLVolume Image, MLVolume Label, MLVolume Uncertainty);
