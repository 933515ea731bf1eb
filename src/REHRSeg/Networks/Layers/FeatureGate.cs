using TorchSharp;

namespace REHRSeg;

/// <summary>
/// FLAVR's feature gating (METHOD.md 1.1): x * sigmoid(W mean(x) + b), the mean over D, H, W; no channel reduction. The gate is computed in float32.
/// <c>B x C x D x H x W</c> to the same.
/// </summary>
internal sealed class FeatureGate(int channels, torch.Generator random, WeightInitialization initialization, ConvolutionPrecision precision)
    : ConvolutionLayer([channels, channels, 1, 1, 1], channels, random, initialization, precision)
{
    public override torch.Tensor forward(torch.Tensor x) => Forward(x, null);

    /// <summary>The same for a tile: the mean is that of <paramref name="plane"/>.</summary>
    public torch.Tensor Forward(torch.Tensor x, PlaneStatistics? plane)
    {
        using var scope = torch.NewDisposeScope();
        var mean = plane is null ? x.mean([2, 3, 4], type: torch.ScalarType.Float32) : plane.Mean(x);
        return (x * Convolve(mean, weight, bias).sigmoid().to_type(x.dtype)).MoveToOuterDisposeScope();
    }

    // A 1x1x1 convolution of single voxels is a matrix product.
    protected override torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias) =>
        torch.nn.functional.linear(x, weight.flatten(1), bias)[.., .., torch.TensorIndex.None, torch.TensorIndex.None, torch.TensorIndex.None];
}
