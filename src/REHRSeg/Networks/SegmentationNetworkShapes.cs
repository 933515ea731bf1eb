using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Names and shapes of the weights of <see cref="SegmentationNetwork"/> that nnU-Net has too (METHOD.md 6.3), without Torch; the HR head is ours.</summary>
internal static class SegmentationNetworkShapes
{
    /// <summary>Encoder first, then the decoder from low to high, each layer's weight before its bias.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(SegmentationArchitecture network)
    {
        var features = network.Features;
        int stages = features.Length;
        for (int s = 0; s < stages; s++)
            foreach (var tensor in Blocks($"encoder.stages.{s}.0", s == 0 ? network.Channels : features[s - 1], features[s], network.Kernels[s], network.ConvolutionsPerStage)) yield return tensor;
        for (int i = 0; i < stages - 1; i++)
        {
            int skip = stages - 2 - i;
            var stride = network.Strides[skip + 1];
            yield return ($"decoder.transpconvs.{i}.weight", [features[skip + 1], features[skip], stride.Depth, stride.Height, stride.Width]);
            yield return ($"decoder.transpconvs.{i}.bias", [features[skip]]);
            foreach (var tensor in Blocks($"decoder.stages.{i}", 2 * features[skip], features[skip], network.Kernels[skip], network.ConvolutionsPerStage)) yield return tensor;
            yield return ($"decoder.seg_layers.{i}.weight", [network.Classes, features[skip], 1, 1, 1]);
            yield return ($"decoder.seg_layers.{i}.bias", [network.Classes]);
        }
    }

    static IEnumerable<(string, long[])> Blocks(string name, int input, int output, PatchShape kernel, int blocks)
    {
        for (int j = 0; j < blocks; j++)
        {
            yield return ($"{name}.convs.{j}.conv.weight", [output, j == 0 ? input : output, kernel.Depth, kernel.Height, kernel.Width]);
            yield return ($"{name}.convs.{j}.conv.bias", [output]);
            yield return ($"{name}.convs.{j}.norm.weight", [output]);
            yield return ($"{name}.convs.{j}.norm.bias", [output]);
        }
    }
}
