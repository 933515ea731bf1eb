namespace REHRSeg.Onnx;

/// <summary>A segmentation network as the sliding window sees it: implemented by an ONNX session and by a Torch module. Thread-safe.</summary>
public interface IPatchModel : IDisposable
{
    /// <summary>Runs a batch of z-scored patches.</summary>
    /// <param name="patches"><c>N x C x D x H x W</c>.</param>
    /// <param name="batch">N.</param>
    /// <param name="shape">D, H, W.</param>
    /// <param name="lr">Receives class probabilities <c>N x K x D x H x W</c>; empty: not wanted.</param>
    /// <param name="hr">Receives class probabilities <c>N x K x rD x H x W</c>; empty: the HR head is skipped where the model can.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken);
}
