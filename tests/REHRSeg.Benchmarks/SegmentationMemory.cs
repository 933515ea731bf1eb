using System.Diagnostics;
using System.Globalization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Estimate against measured peak memory of one volume of three classes, r = 4, in a process of its own:
/// <c>--segmentation-memory SLICES SIDE [z|x] [features=0] [patch=16x192x192] [batch=2] [mirror=false] [probabilities=false] [lr=false] [volumes=1]</c>. <c>features=F</c> runs an exported nnU-Net with F
/// features at full resolution in ONNX Runtime, 0 a network that does nothing. With <c>volumes=N</c>, N calls at once.
/// </summary>
internal static class SegmentationMemory
{
    public static void Run(string[] args)
    {
        int slices = Integer(args[1]), side = Integer(args[2]);
        string Option(string name, string otherwise) => args.FirstOrDefault(a => a.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? otherwise;
        bool Flag(string name) => Option(name, "false") == "true";
        var axis = args.Contains("x") ? SliceAxis.X : SliceAxis.Z;
        int features = Integer(Option("features", "0")), volumes = Integer(Option("volumes", "1"));
        int[] patch = [.. Option("patch", "16x192x192").Split('x').Select(Integer)];
        var info = BenchmarkCases.Info with { Patch = new(patch[0], patch[1], patch[2]), Divisor = new(4, 16, 16) };
        var request = new SegmentationRequest { Axis = axis, Mirror = Flag("mirror"), BatchSize = Integer(Option("batch", "2")), Probabilities = Flag("probabilities"), Hr = !Flag("lr") };
        VolumeGeometry geometry = axis == SliceAxis.X ? new([slices, side, side], [4, 1, 1]) : new([side, side, slices], [1, 1, 4]);
        var random = new Random(1);
        var voxels = new float[geometry.VoxelCount];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = random.NextSingle() * 1000;
        var image = new MLVolume(geometry, voxels);
        using var scorer = features == 0 ? null : new OnnxVolumeScorer(Option("model", ""), new() { Threads = TorchRuntime.Threads });
        long before = ApplicationMemory.Megabytes("VmRSS");
        var watch = Stopwatch.StartNew();
        if (scorer is null) VolumeSegmenter.Segment(image, new NoNetwork(), info, request);
        else Parallel.For(0, volumes, _ => scorer.Score(image, request));
        Console.WriteLine(FormattableString.Invariant($"{string.Join(' ', args)}: {before} MB before, peak {ApplicationMemory.Megabytes("VmHWM")} MB, after {ApplicationMemory.Megabytes("VmRSS")} MB, {watch.Elapsed.TotalSeconds:0.0} s"));
    }

    static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    sealed class NoNetwork : IPatchModel
    {
        public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken) { }
        public void Dispose() { }
    }
}
