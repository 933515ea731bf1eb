using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

/// <summary>Exported files through the public scorers.</summary>
public class OnnxScoringTests
{
    [Fact]
    public void ARunIsCancelledFromWithin()
    {
        var architecture = new SegmentationArchitecture { Classes = 3, Features = [16, 16], Kernels = [new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)], Factor = 4 };
        var info = SegmentationOnnxExporterTests.Info(architecture) with { Patch = new(32, 128, 128) };
        using var stream = new MemoryStream();
        SegmentationOnnxExporter.Export(stream, architecture, SegmentationOnnxExporterTests.Weights(architecture), info);
        using var scorer = new OnnxVolumeScorer(stream.ToArray(), "slow.onnx");
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var image = new MLVolume(new VolumeGeometry([128, 128, 32], [1, 1, 3]), FormulaWeights.Input(128 * 128 * 32));
        Assert.ThrowsAny<OperationCanceledException>(() => scorer.Score(image, cancellationToken: source.Token));
    }

    [Fact]
    public void AnExportedSelfSrModelThinsAVolume()
    {
        var architecture = new SelfSrArchitecture { Width = 4, Factor = 3, LabelChannels = 2, Branches = 3 };
        using var network = new SelfSrNetwork(architecture, seed: 1);
        using var resolver = new OnnxSuperResolver(SelfSrOnnxExporterTests.Export(architecture, NetworkWeights.Export(network)), "selfsr.onnx");
        Assert.Equal((3, 2), (resolver.Info.Factor, resolver.Info.LabelChannels));
        var geometry = new VolumeGeometry([10, 5, 9], [1, 3, 1]);
        var result = resolver.Apply(new(geometry, FormulaWeights.Input(450)), new(geometry, Enumerable.Range(0, 450).Select(i => (float)(i % 3)).ToArray()));
        foreach (var volume in new[] { result.Image, result.Label, result.Uncertainty }) Assert.Equal(geometry.Refine(3, SliceAxis.Y), volume.Geometry);
        Assert.All(result.Uncertainty.Voxels.ToArray(), u => Assert.InRange(u, 1e-3f, 1f));
        Assert.All(result.Label.Voxels.ToArray(), v => Assert.Contains(v, new[] { 0f, 1f, 2f }));
    }
}
