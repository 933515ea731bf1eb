using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Peak memory and processor time of one forward and backward pass of the HR head on 2 x 32 x 12 x 96 x 96, r = 4, 2 classes, in a process of its own: <c>--head-memory published|taps</c>.
/// "published" upsamples before it convolves, "taps" is <see cref="HighResolutionHead"/>; both give the same.
/// </summary>
internal static class HighResolutionHeadMemory
{
    const int Features = 32, Factor = 4;

    public static void Run(string[] args)
    {
        bool published = args[1] == "published";
        var holder = new HighResolutionHeadBenchmarks.Holder();
        using var layers = new LayerFactory(holder, 1, new ConvolutionPrecision());
        var head = new HighResolutionHead(layers, Features, 16, 2, Factor, alignCorners: false);
        using var feature = randn([2, Features, 12, 96, 96]).requires_grad_();
        long before = ApplicationMemory.Megabytes("VmRSS");
        var start = Environment.CpuUsage.TotalTime;
        using (NewDisposeScope())
        {
            var logits = published ? HighResolutionHeadBenchmarks.Published(feature, holder.state_dict(), [Factor * 12, 96, 96]) : head.Forward(feature);
            logits.square().sum().backward();
            Console.WriteLine(FormattableString.Invariant($"{args[1]}: {before} MB before, peak {ApplicationMemory.Megabytes("VmHWM")} MB, {(Environment.CpuUsage.TotalTime - start).TotalSeconds:0.0} s of processor time"));
        }
    }
}
