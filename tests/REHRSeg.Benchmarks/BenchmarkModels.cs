using System.Globalization;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Benchmarks;

/// <summary>Writes an untrained segmenter of three classes, r = 4: <c>--make-model FILE FEATURES PATCH [MOST]</c>; features double at each of six stages up to MOST (320).</summary>
internal static class BenchmarkModels
{
    public static void Write(string[] args)
    {
        int[] patch = [.. args[3].Split('x').Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
        int features = int.Parse(args[2], CultureInfo.InvariantCulture), most = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : 320;
        using var model = Segmenter(features, new(patch[0], patch[1], patch[2]), most);
        using var file = File.Create(args[1]);
        model.ExportOnnx(file);
    }

    /// <summary>nnU-Net's shape for thick slices.</summary>
    public static RehrSegModel Segmenter(int features, PatchShape patch, int most = 320)
    {
        var architecture = new SegmentationArchitecture
        {
            Classes = 3, Factor = 4, Features = [.. Enumerable.Range(0, 6).Select(s => Math.Min(features << s, most))],
            Kernels = [new(1, 3, 3), new(1, 3, 3), .. Enumerable.Repeat(new PatchShape(3, 3, 3), 4)],
            Strides = [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2), new(2, 2, 2), new(2, 2, 2), new(1, 2, 2)],
        };
        return new(new SegmentationNetwork(architecture, seed: 1), BenchmarkCases.Info with { Patch = patch, Divisor = architecture.Divisor }, torch.CPU);
    }
}
