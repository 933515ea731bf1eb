using System.Diagnostics;
using System.Globalization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Peak memory and time of self-SR over one volume, r = 4, in a process of its own: <c>--memory torch|onnx|none WIDTH SLICES SIDE TILE [z|x]</c>. "none" is a network that does
/// nothing: what is left is the volumes.
/// </summary>
internal static class ApplicationMemory
{
    public static void Run(string[] args)
    {
        var (kind, width, slices, side, tile) = (args[1], Integer(args[2]), Integer(args[3]), Integer(args[4]), Integer(args[5]));
        var axis = args.Length > 6 && args[6] == "x" ? SliceAxis.X : SliceAxis.Z;
        var info = new SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "foreground")], EdgeSlices = EdgeSlices.Replicate };
        using var torchModel = new SelfSrModel(new SelfSrNetwork(new SelfSrArchitecture { Width = width, GlobalResidual = true }, seed: 1), info, torch.CPU);
        var request = new SuperResolutionRequest { Axis = axis, TileVoxels = tile * tile };
        var (image, label) = Volumes(axis == SliceAxis.X ? new([slices, side, side], [4, 1, 1]) : new([side, side, slices], [1, 1, 4]));
        long estimate = SuperResolutionMemory.Estimate(image.Geometry, info, request, (_, _) => 0);
        long before = Megabytes("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak begins anew
        var watch = Stopwatch.StartNew();
        switch (kind)
        {
            case "torch": torchModel.Apply(image, label, request); break;
            case "none": VolumeSuperResolver.Apply(image, label, new NoNetwork(), info, request); break;
            default:
                using (var file = new MemoryStream())
                {
                    torchModel.ExportOnnx(file);
                    using var onnx = new OnnxSuperResolver(file.ToArray(), "selfsr.onnx", new() { Threads = TorchRuntime.Threads });
                    estimate = onnx.EstimateMemory(image.Geometry, request);
                    before = Megabytes("VmRSS");
                    onnx.Apply(image, label, request);
                }
                break;
        }
        Console.WriteLine(FormattableString.Invariant($"{kind}, width {width}, {side} x {side} x {slices} along {axis}, tiles of at most {tile} x {tile}: {before} MB before, {Megabytes("VmHWM") - before} MB more at the peak, estimate {estimate >> 20} MB{(kind == "torch" ? " without the network" : "")}, {watch.Elapsed.TotalSeconds:0.0} s"));
    }

    static (MLVolume, MLVolume) Volumes(VolumeGeometry geometry)
    {
        var random = new Random(1);
        float[] image = new float[geometry.VoxelCount], label = new float[geometry.VoxelCount];
        for (int i = 0; i < image.Length; i++) (image[i], label[i]) = (random.NextSingle() * 1000, random.Next(2));
        return (new(geometry, image), new(geometry, label));
    }

    static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>A line of /proc/self/status in MB.</summary>
    internal static long Megabytes(string name) => Probes.ProcessMemory.Bytes(name) >> 20;

    sealed class NoNetwork : IWindowModel
    {
        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken) { }
        public void Dispose() { }
    }
}
