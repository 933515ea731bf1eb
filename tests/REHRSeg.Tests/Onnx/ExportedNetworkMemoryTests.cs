using System.Globalization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests;

/// <summary>Exported networks of every kind pass the scorer's checks, and their runs stay within the memory that is estimated from their graphs.</summary>
public sealed class ExportedNetworkMemoryTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static SegmentationArchitecture Segmenter(int factor, bool planar = false) => new()
    {
        Classes = 3, Features = [16, 32, 48], Factor = factor,
        Kernels = planar ? [new(1, 3, 3), new(1, 3, 3), new(1, 3, 3)] : [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)],
        Strides = planar ? [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2)] : [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2)],
    };

    [Theory]
    [InlineData(4, false, true)]
    [InlineData(4, false, false)]
    [InlineData(2, false, true)]
    [InlineData(0, true, false)]
    [InlineData(4, false, true, OnnxPrecision.Float16)]
    [InlineData(4, false, true, OnnxPrecision.Int8)]
    [InlineData(4, false, true, OnnxPrecision.Int8Dynamic)]
    public void ASegmentersRunStaysWithinItsEstimate(int factor, bool planar, bool hr, OnnxPrecision precision = OnnxPrecision.Float32)
    {
        if (!OperatingSystem.IsLinux()) return; // peaks are read from /proc
        var architecture = Segmenter(factor, planar);
        using var network = new SegmentationNetwork(architecture, seed: 1);
        var patch = planar ? new PatchShape(1, 512, 512) : new PatchShape(12, 128, 128);
        var info = new SegmentationModelInfo
        {
            Factor = Math.Max(1, factor), Patch = patch, Divisor = architecture.Divisor, TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(2, "b")], HasHighResolutionHead = factor > 0,
        };
        long Estimate(OnnxPrecision precision)
        {
            using (var file = File.Create(_folder["segmentation.onnx"])) SegmentationOnnxExporter.Export(file, architecture, NetworkWeights.Export(network), info, precision);
            return Within(_folder["segmentation.onnx"], [new TilePlan(patch, info, new(true, hr, false, 2)).Batch, patch.Depth, patch.Height, patch.Width, hr ? 1 : 0]);
        }
        AlikeInEveryPrecision(Estimate(precision), Estimate(OnnxPrecision.Float32), precision);
    }

    [Fact]
    public void TheNeedOfALargeVolumeIsWhatTheDocumentsSay()
    {
        var architecture = new SegmentationArchitecture
        {
            Classes = 3, Factor = 4, Features = [8, 16, 32, 64, 128, 256], Kernels = [new(1, 3, 3), new(1, 3, 3), .. Enumerable.Repeat(new PatchShape(3, 3, 3), 4)],
            Strides = [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2), new(2, 2, 2), new(2, 2, 2), new(1, 2, 2)],
        };
        using var network = new SegmentationNetwork(architecture, seed: 1);
        var info = new SegmentationModelInfo
        {
            Factor = 4, Patch = new(16, 192, 192), Divisor = architecture.Divisor, TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(2, "b")],
        };
        using var file = new MemoryStream();
        SegmentationOnnxExporter.Export(file, architecture, NetworkWeights.Export(network), info);
        using var scorer = new OnnxVolumeScorer(file.ToArray(), "exported");
        Assert.InRange(scorer.EstimateMemory(new VolumeGeometry([512, 512, 60], [1, 1, 4]), new() { Mirror = false }) >> 20, 1400, 1500);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [InlineData(true, OnnxPrecision.Float16)]
    [InlineData(true, OnnxPrecision.Int8)]
    [InlineData(true, OnnxPrecision.Int8Dynamic)]
    public void ASelfSrRunStaysWithinItsEstimate(bool residual, OnnxPrecision precision = OnnxPrecision.Float32)
    {
        if (!OperatingSystem.IsLinux()) return;
        var architecture = new SelfSrArchitecture { Width = 16, GlobalResidual = residual };
        var info = new SelfSrModelInfo { Factor = architecture.Factor, Labels = [new(0, "background"), new(1, "foreground")] };
        using var network = new SelfSrNetwork(architecture, seed: 1);
        long Estimate(OnnxPrecision precision)
        {
            using (var file = File.Create(_folder["selfsr.onnx"])) SelfSrOnnxExporter.Export(file, architecture, NetworkWeights.Export(network), info, precision);
            return Within(_folder["selfsr.onnx"], [2, 256, 256]);
        }
        AlikeInEveryPrecision(Estimate(precision), Estimate(OnnxPrecision.Float32), precision);
    }

    /// <summary>Weights that are stored otherwise change nothing; integer convolutions need room for quantised inputs and their matrices.</summary>
    static void AlikeInEveryPrecision(long estimate, long single, OnnxPrecision precision) =>
        Assert.InRange((double)estimate / single, 0.99, precision == OnnxPrecision.Int8Dynamic ? 8 : 1.01);

    /// <summary>Holds a run in a process of its own to its estimate, which is returned.</summary>
    static long Within(string file, int[] numbers)
    {
        long[] bytes = [.. Programs.Run(Programs.LoadProbe, [file, .. numbers.Select(n => n.ToString(CultureInfo.InvariantCulture))]).Split(' ').Select(b => long.Parse(b, CultureInfo.InvariantCulture))];
        Assert.InRange(bytes[1] / 1e6, bytes[0] / 1e6 / 8, bytes[0] / 1e6); // MB; a bound, and not a boundless one
        return bytes[0];
    }
}
