using TorchSharp;

namespace REHRSeg;

/// <summary>Linear interpolation of a window's second slice at its r thin slices: what the head corrects with <see cref="SelfSrArchitecture.GlobalResidual"/>.</summary>
internal static class SubSliceInterpolation
{
    /// <summary>Factor on the first weights of the image outputs: training starts close to the interpolation.</summary>
    public const float InitialDifference = 0.01f;

    /// <summary>
    /// Thin slice t lies at offset o = (t - (r-1)/2) / r from slice 1: (1 - |o|) s1 + |o| s0 for o &lt; 0, and with s2 for o &gt; 0. A neighbour whose image is zero
    /// throughout stands for "outside the volume": slice 1 takes its place.
    /// </summary>
    /// <param name="images"><c>B x C x 4 x H x W</c>.</param>
    /// <param name="factor">r.</param>
    /// <returns><c>B x C x r x H x W</c>.</returns>
    public static torch.Tensor Linear(torch.Tensor images, int factor)
    {
        using var scope = torch.NewDisposeScope();
        var centre = images.narrow(2, 1, 1);
        torch.Tensor before = Inside(images.narrow(2, 0, 1)), after = Inside(images.narrow(2, 2, 1));
        var slices = Enumerable.Range(0, factor).Select(t => (t - (factor - 1) / 2.0) / factor)
            .Select(o => centre * (1 - Math.Abs(o)) + (o < 0 ? before : after) * Math.Abs(o));
        return torch.cat([.. slices], 2).MoveToOuterDisposeScope();

        torch.Tensor Inside(torch.Tensor slice) => torch.where(slice.abs().amax([1, 2, 3, 4], keepdim: true) > 0, slice, centre);
    }
}
