using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests;

/// <summary>Exported networks against the Torch networks that they came from (DESIGN.md section 7: 1e-4).</summary>
public class OnnxParityTests
{
    static SegmentationArchitecture Segmentation(int factor, bool alignCorners, int depthStride) => new()
    {
        Channels = 2, Classes = 3, Features = [4, 6, 8], Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(depthStride, 2, 2)],
        Factor = factor, HighResolutionWidth = 5, AlignCorners = alignCorners,
    };

    [Theory]
    [InlineData(3, false, 4)]
    [InlineData(4, false, 2)]
    [InlineData(4, true, 6)]
    [InlineData(2, false, 2)]
    [InlineData(2, false, 1)]
    [InlineData(3, true, 1)]
    public void TheSegmenterEqualsTorch(int factor, bool alignCorners, int depth)
    {
        var architecture = Segmentation(factor, alignCorners, depth == 1 ? 1 : 2);
        using var network = new SegmentationNetwork(architecture, seed: 3);
        network.eval();
        byte[] file = SegmentationOnnxExporterTests.Export(architecture, NetworkWeights.Export(network));
        using var model = new OnnxPatchModel(file, "parity", SegmentationOnnxExporterTests.Info(architecture), new());
        var shape = new PatchShape(depth, 8, 12);
        float[] input = FormulaWeights.Input(2 * 2 * shape.Voxels), lr = new float[2 * 3 * shape.Voxels], hr = new float[factor * lr.Length];
        model.Run(input, 2, shape, lr, hr, default);

        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var output = network.forward(torch.tensor(input, [2, 2, depth, 8, 12]), SegmentationOutputs.Lr | SegmentationOutputs.Hr);
        Compare(output.Lr!.softmax(1), lr);
        Compare(output.Hr!.softmax(1), hr);

        var lrAlone = new float[lr.Length];
        model.Run(input, 2, shape, lrAlone, default, default);
        Assert.Equal(lr, lrAlone);
    }

    [Theory]
    [InlineData(1, 1, 4, true, true, false)]
    [InlineData(2, 3, 3, true, false, false)]
    [InlineData(1, 2, 2, false, true, false)]
    [InlineData(2, 2, 4, true, true, true)]
    public void SelfSrEqualsTorch(int images, int labels, int factor, bool restoreMean, bool clamp, bool globalResidual)
    {
        var architecture = new SelfSrArchitecture
        {
            Width = 4, Factor = factor, ImageChannels = images, LabelChannels = labels, Branches = 5, RestoreMean = restoreMean, ClampUncertainty = clamp, GlobalResidual = globalResidual,
        };
        using var network = new SelfSrNetwork(architecture, seed: 4);
        network.eval();
        using var model = new OnnxWindowModel(SelfSrOnnxExporterTests.Export(architecture, NetworkWeights.Export(network)), "parity", SelfSrOnnxExporterTests.Info(architecture), new());
        const int height = 16, width = 24, plane = height * width;
        int channels = images + labels;
        float[] input = FormulaWeights.Input(2 * channels * 4 * plane);
        for (int c = 0; c < images; c++) input.AsSpan(c * 4 * plane, plane).Clear(); // the first sample lies at the volume's end
        float[] image = new float[2 * images * factor * plane], label = new float[2 * labels * factor * plane], uncertainty = new float[2 * factor * plane];
        model.Run(input, 2, height, width, image, label, uncertainty, default);

        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var output = network.forward(torch.tensor(input, [2, channels, 4, height, width]));
        Compare(output.Image, image);
        Compare(output.LabelLogits, label);
        Compare(output.Uncertainty!, uncertainty);
    }

    static void Compare(torch.Tensor expected, float[] actual)
    {
        float[] values = expected.contiguous().data<float>().ToArray();
        Assert.Equal(values.Length, actual.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(values[i], actual[i], 1e-4f);
        Assert.True(values.Max() - values.Min() > 1e-3, "Constant outputs compare nothing.");
    }
}
