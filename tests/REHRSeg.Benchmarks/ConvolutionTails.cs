using System.Diagnostics;
using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg.Benchmarks;

/// <summary>Which of libtorch's float32 convolutions are wrong on this machine, against double precision, and how long the product's own look takes.</summary>
internal static class ConvolutionTails
{
    static readonly long[] s_channels = [1, 3, 8, 15, 16, 24, 25, 32];

    public static void Run(string[] args)
    {
        var watch = Stopwatch.StartNew();
        bool wrong = (bool)typeof(TorchRuntime).Assembly.GetType("REHRSeg.OneDnnTails", throwOnError: true)!.GetProperty("AreWrong", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        Console.WriteLine($"OneDnnTails.AreWrong: {wrong}, found in {watch.Elapsed.TotalMilliseconds:0} ms");
        int bad = 0, badOfBlocks = 0, total = 0;
        foreach (long i in s_channels.Where(c => c != 15))
            foreach (long o in s_channels.Where(c => c != 25))
                foreach (var (name, x, w, convolve) in Shapes(i, o))
                {
                    total++;
                    if (IsRight(x, w, convolve)) continue;
                    bad++;
                    if (i % 16 == 0 && o % 16 == 0) badOfBlocks++;
                    Console.WriteLine($"wrong: {name}, {i} to {o} channels");
                }
        Console.WriteLine($"{bad} of {total} wrong, {badOfBlocks} of them of multiples of 16");
    }

    static IEnumerable<(string Name, long[] X, long[] W, Func<Tensor, Tensor, Tensor> Convolve)> Shapes(long i, long o)
    {
        long[] volume = [2, i, 6, 10, 12];
        foreach (var (d, s) in new (long, long)[] { (1, 1), (1, 3), (3, 3), (1, 5) })
            yield return ($"{d}x{s}x{s}", volume, [o, i, d, s, s], (x, w) => nn.functional.conv3d(x, w, padding: [d / 2, s / 2, s / 2]));
        yield return ("3x3x3 of stride 2", volume, [o, i, 3, 3, 3], (x, w) => nn.functional.conv3d(x, w, strides: [2, 2, 2], padding: [1, 1, 1]));
        yield return ("3x3", [16, i, 10, 12], [o, i, 3, 3], (x, w) => nn.functional.conv2d(x, w, padding: [1, 1]));
        yield return ("transposed 1x2x2", volume, [i, o, 1, 2, 2], (x, w) => nn.functional.conv_transpose3d(x, w, strides: [1, 2, 2]));
        yield return ("transposed 2x2x2", volume, [i, o, 2, 2, 2], (x, w) => nn.functional.conv_transpose3d(x, w, strides: [2, 2, 2]));
        yield return ("transposed 3x4x4", volume, [i, o, 3, 4, 4], (x, w) => nn.functional.conv_transpose3d(x, w, strides: [1, 2, 2], padding: [1, 1, 1]));
    }

    static bool IsRight(long[] xShape, long[] wShape, Func<Tensor, Tensor, Tensor> convolve)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor x = randn(xShape), w = randn(wShape);
        var (single, exact) = (Gradients(float32), Gradients(float64));
        return single.Zip(exact).All(p => ((p.First.to(float64) - p.Second).abs().max() / p.Second.abs().max()).item<double>() < 1e-4);

        Tensor[] Gradients(ScalarType type)
        {
            Tensor a = x.to(type).detach().clone().requires_grad_(true), b = w.to(type).detach().clone().requires_grad_(true);
            var y = convolve(a, b);
            manual_seed(2);
            y.backward([randn(y.shape).to(type)]);
            return [y, a.grad!, b.grad!];
        }
    }
}
