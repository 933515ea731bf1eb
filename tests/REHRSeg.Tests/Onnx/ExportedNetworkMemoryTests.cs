using System.Globalization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests;

/// <summary>Exported networks of every kind pass the scorer's checks, and their runs stay within the memory that is estimated from their graphs.</summary>
public class ExportedNetworkMemoryTests
{
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
        var architecture = Segmenter(factor, planar);
        using var network = new SegmentationNetwork(architecture, seed: 1);
        var patch = planar ? new PatchShape(1, 512, 512) : new PatchShape(12, 128, 128);
        var info = new SegmentationModelInfo
        {
            Factor = Math.Max(1, factor), Patch = patch, Divisor = architecture.Divisor, TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(2, "b")], HasHighResolutionHead = factor > 0,
        };
        OnnxPatchModel Load(OnnxPrecision precision)
        {
            using var file = new MemoryStream();
            SegmentationOnnxExporter.Export(file, architecture, NetworkWeights.Export(network), info, precision);
            return new(file.ToArray(), "exported", info, new() { Threads = 1 });
        }
        using var model = Load(precision);
        using var single = Load(OnnxPrecision.Float32);
        var plan = new TilePlan(patch, info, new(true, hr, false, 2));
        int voxels = plan.Batch * patch.Voxels;
        float[] input = new float[voxels], lr = new float[3 * voxels], thin = new float[hr ? 3 * factor * voxels : 0];
        AlikeInEveryPrecision(model.RunMemory(plan, hr), single.RunMemory(plan, hr), precision);
        Within(model.RunMemory(plan, hr), () => model.Run(input, plan.Batch, patch, lr, thin, default));
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
        var architecture = new SelfSrArchitecture { Width = 16, GlobalResidual = residual };
        var info = new SelfSrModelInfo { Factor = architecture.Factor, Labels = [new(0, "background"), new(1, "foreground")] };
        using var network = new SelfSrNetwork(architecture, seed: 1);
        OnnxWindowModel Load(OnnxPrecision precision)
        {
            using var file = new MemoryStream();
            SelfSrOnnxExporter.Export(file, architecture, NetworkWeights.Export(network), info, precision);
            return new(file.ToArray(), "exported", info, new() { Threads = 1 });
        }
        using var model = Load(precision);
        using var single = Load(OnnxPrecision.Float32);
        const int Side = 256, Batch = 2, Plane = Side * Side;
        float[] input = new float[Batch * 2 * 4 * Plane], image = new float[Batch * info.Factor * Plane], label = new float[image.Length], uncertainty = new float[image.Length];
        AlikeInEveryPrecision(model.RunMemory(Batch, Plane), single.RunMemory(Batch, Plane), precision);
        Within(model.RunMemory(Batch, Plane), () => model.Run(input, Batch, Side, Side, image, label, uncertainty, default));
    }

    /// <summary>Weights that are stored otherwise change nothing; integer convolutions need room for quantised inputs and their matrices.</summary>
    static void AlikeInEveryPrecision(long estimate, long single, OnnxPrecision precision) =>
        Assert.InRange((double)estimate / single, 0.99, precision == OnnxPrecision.Int8Dynamic ? 8 : 1.01);

    static void Within(long estimate, Action run)
    {
        if (!OperatingSystem.IsLinux())
        {
            run();
            return;
        }
        long before = Status("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak begins anew
        run();
        long took = Status("VmHWM") - before;
        Assert.True(took <= estimate, string.Create(CultureInfo.InvariantCulture, $"{took / 1e6:0} MB, estimated {estimate / 1e6:0} MB"));
    }

    static long Status(string name) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
