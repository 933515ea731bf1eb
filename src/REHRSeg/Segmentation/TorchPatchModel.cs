using System.Runtime.InteropServices;
using REHRSeg.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>A segmentation network as the sliding window sees it: softmax probabilities, no gradients. Does not own the network. Thread-safe.</summary>
internal sealed class TorchPatchModel(SegmentationNetwork network, Device device) : IPatchModel
{
    /// <inheritdoc/>
    public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var input = empty([batch, network.Architecture.Channels, shape.Depth, shape.Height, shape.Width], ScalarType.Float32);
        patches.Span[..(int)input.numel()].CopyTo(MemoryMarshal.Cast<byte, float>(input.bytes));
        var output = network.forward(input.to(device), (lr.IsEmpty ? 0 : SegmentationOutputs.Lr) | (hr.IsEmpty ? 0 : SegmentationOutputs.Hr));
        Receive(output.Lr, lr);
        Receive(output.Hr, hr);

        void Receive(Tensor? logits, Memory<float> probabilities)
        {
            if (probabilities.IsEmpty || logits is null) return;
            var softmax = nn.functional.softmax(logits.to(ScalarType.Float32), 1).cpu().contiguous();
            MemoryMarshal.Cast<byte, float>(softmax.bytes).CopyTo(probabilities.Span);
        }
    }

    /// <inheritdoc/>
    public void Dispose() { }
}
