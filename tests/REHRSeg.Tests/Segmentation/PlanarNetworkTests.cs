using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

/// <summary>The 3-D network with planar kernels against a network of 2-D layers, and nnU-Net's loss of the 2-D configuration (tests/oracles/planar.py).</summary>
public class PlanarNetworkTests
{
    static readonly SegmentationArchitecture Planar = new()
    {
        Channels = 2, Classes = 3, Features = [6, 10, 12], Kernels = [new(1, 3, 3), new(1, 3, 3), new(1, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2)], Factor = 0,
    };

    [Fact]
    public void Planar_kernels_are_a_2D_network_in_Torch_and_in_ONNX()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var golden = Golden.Case("planar.json", "network");
        using var network = new SegmentationNetwork(Planar);
        Golden.SetFormulaWeights(network);
        network.eval();
        var expected = golden.GetProperty("outputs");
        var output = network.forward(Golden.Input(golden), SegmentationOutputs.Lr | SegmentationOutputs.DeepSupervision);
        Golden.AssertEqual(expected[0], output.Lr!, 1e-5);
        Golden.AssertEqual(expected[1], output.Deep.Single(), 1e-5);

        var info = SegmentationOnnxExporterTests.Info(Planar) with { Patch = new(1, 16, 24), Input = SegmentationInput.ThickAndThin, Factor = 4 };
        using var file = new MemoryStream();
        SegmentationOnnxExporter.Export(file, Planar, NetworkWeights.Export(network), info, probabilities: false);
        using var model = new OnnxPatchModel(file.ToArray(), "planar", info, new());
        float[] lr = new float[2 * 3 * 16 * 24];
        model.Run(FormulaWeights.Input(2 * 2 * 16 * 24), 2, info.Patch, lr, default, default);
        Golden.AssertEqual(expected[0], torch.tensor(lr, [2, 3, 1, 16, 24]), 1e-5);
    }

    [Fact]
    public void A_slice_does_not_see_its_neighbours()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var network = new SegmentationNetwork(Planar, seed: 2);
        network.eval();
        var stack = Golden.Input(1, 2, 1, 16, 24);
        var both = torch.cat([stack, stack.Times(3)], 0);
        LossOracle.AssertClose([.. LossOracle.Values(network.forward(stack, SegmentationOutputs.Lr).Lr!).Select(v => (double)v)], network.forward(both, SegmentationOutputs.Lr).Lr!.narrow(0, 0, 1), 1e-5);
    }

    [Fact]
    public void Batch_Dice_with_deep_supervision_equals_PyTorch()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Golden.Case("planar.json", "loss");
        var label = LossOracle.Label([4, 1, 8, 6], 3);
        label.narrow(0, 2, 2).zero_();
        var logits = LossOracle.Wave([4, 3, 1, 8, 6], 0.7, 2).requires_grad_();
        var deep = LossOracle.Wave([4, 3, 1, 4, 3], 1.3, 2).requires_grad_();
        var loss = DeepSupervisionLoss.Compute(logits, [deep, LossOracle.Wave([4, 3, 1, 2, 2], 1.9, 2)], label, batchDice: true);
        loss.backward();
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("grad"), logits.grad, 1e-5);
        LossOracle.AssertClose(expected.Numbers("gradDeep"), deep.grad, 1e-5);
        Assert.NotEqual(expected.Number("loss"), DeepSupervisionLoss.Compute(logits, [deep], label).item<float>(), 1e-2);
    }
}
