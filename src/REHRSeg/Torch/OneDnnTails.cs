using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Whether oneDNN, libtorch's convolutions on CPUs, computes channels right whose number is no multiple of its blocks. On one kind of machine (AMD EPYC family 26 in a virtual machine that
/// hides its cache sizes; PyTorch 2.10) it adds to the sums what lies in memory behind a tensor: gradients were wrong by tens of percent, or NaN, with any instruction set but SSE4.1.
/// </summary>
internal static class OneDnnTails
{
    private const long Inputs = 25, Outputs = 15; // multiples of no block, of AVX-512 (16), AVX2 (8) or SSE (4)
    private const double Tolerance = 1e-3;
    // On a thread of its own: the caller's may be without gradients, or in inference mode.
    private static readonly Lazy<bool> Measured = new(() => Task.Run(Measure).GetAwaiter().GetResult());

    /// <summary>True where they are wrong; measured once, in about 0.3 s.</summary>
    public static bool AreWrong => Measured.Value;

    private static bool Measure()
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor Formula(params long[] shape) => torch.tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => Math.Sin(0.7 * i))], shape);
        var (y, gx) = Convolve(torch.float64);
        var (mine, mineGx) = Convolve(torch.float32);
        return !(Difference(mine, y) < Tolerance && Difference(mineGx, gx) < Tolerance); // also where it is NaN

        (torch.Tensor Output, torch.Tensor Gradient) Convolve(torch.ScalarType type)
        {
            torch.Tensor x = Formula(2, Inputs, 4, 10, 12).to(type).requires_grad_(true), w = Formula(Outputs, Inputs, 1, 3, 3).to(type);
            LeaveTraces();
            var output = torch.nn.functional.conv3d(x, w, padding: [0, 1, 1]);
            var direction = Formula(output.shape).to(type);
            LeaveTraces();
            output.backward([direction]);
            return (output.detach(), x.grad!);
        }
    }

    /// <summary>Fresh memory is often zero, which hides the fault: large numbers are left in memory that the convolution is likely to be given.</summary>
    private static void LeaveTraces()
    {
        using var scope = torch.NewDisposeScope();
        for (int i = 0; i < 8; i++)
            foreach (int size in (int[])[500, 5_000, 20_000, 50_000]) torch.tensor([.. Enumerable.Repeat(1e30f, size)], [size]);
    }

    private static double Difference(torch.Tensor a, torch.Tensor exact) => ((a.to(torch.float64) - exact).abs().max() / exact.abs().max()).item<double>();
}
