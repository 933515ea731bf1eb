using System.Diagnostics;
using System.Globalization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Peak memory and time of both label maps of one volume with three classes, r = 4, patches of 16 x 192 x 192 and a network that does nothing, in a process of its own:
/// <c>--segmentation-memory SLICES SIDE [z|x] [models]</c>. What any network adds is its own.
/// </summary>
internal static class SegmentationMemory
{
    public static void Run(string[] args)
    {
        int slices = Integer(args[1]), side = Integer(args[2]);
        var axis = args.Length > 3 && args[3] == "x" ? SliceAxis.X : SliceAxis.Z;
        var info = new SegmentationModelInfo
        {
            Factor = 4, Patch = new(16, 192, 192), Divisor = new(4, 16, 16), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(2, "b")],
        };
        VolumeGeometry geometry = axis == SliceAxis.X ? new([slices, side, side], [4, 1, 1]) : new([side, side, slices], [1, 1, 4]);
        var random = new Random(1);
        var voxels = new float[geometry.VoxelCount];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = random.NextSingle() * 1000;
        long before = Memory("VmRSS");
        var watch = Stopwatch.StartNew();
        var result = VolumeSegmenter.Segment(new(geometry, voxels), new NoNetwork(), info, new() { Axis = axis, Mirror = false });
        Console.WriteLine(FormattableString.Invariant($"{side} x {side} x {slices} along {axis}: {before} MB before, peak {Memory("VmHWM")} MB, {watch.Elapsed.TotalSeconds:0.0} s; {result.Hr}"));
    }

    static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>A line of /proc/self/status in MB.</summary>
    static long Memory(string name) => Integer(File.ReadLines("/proc/self/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;

    sealed class NoNetwork : IPatchModel
    {
        public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken) { }
        public void Dispose() { }
    }
}
