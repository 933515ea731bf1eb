using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Whether oneDNN, libtorch's convolutions on CPUs, computes channels right whose number is no multiple of its blocks. On one kind of machine (AMD EPYC family 26 in a virtual machine that
/// hides its cache sizes; PyTorch 2.10) it adds to the sums what lies in memory behind a tensor: gradients were wrong by tens of percent, or NaN, with any instruction set but SSE4.1.
/// </summary>
internal static class OneDnnTails
{
    private const long Inputs = 24, Outputs = 8;
    private const double Tolerance = 1e-3;
    // On a thread of its own: the caller's may be without gradients, or in inference mode.
    private static readonly Lazy<bool> Measured = new(() => Task.Run(Measure).GetAwaiter().GetResult());

    /// <summary>True where they are wrong; measured once, in milliseconds.</summary>
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
            var output = torch.nn.functional.conv3d(x, w, padding: [0, 1, 1]);
            output.backward([Formula(output.shape).to(type)]);
            return (output.detach(), x.grad!);
        }
    }

    private static double Difference(torch.Tensor a, torch.Tensor exact) => ((a.to(torch.float64) - exact).abs().max() / exact.abs().max()).item<double>();
}
