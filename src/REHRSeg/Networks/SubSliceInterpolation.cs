using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Interpolation of a window's second slice at its r thin slices: what the head corrects with <see cref="SelfSrArchitecture.GlobalResidual"/>. It is the
/// parabola whose means over the three thick slices are their values, averaged over each thin slice, so that the thin slices average to the thick one.
/// </summary>
internal static class SubSliceInterpolation
{
    /// <summary>Factor on the first weights of the image outputs: training starts close to the interpolation.</summary>
    public const float InitialDifference = 0.01f;

    /// <summary>Weights of slices 0, 1 and 2 for a thin slice: with o its offset in thick slices, -o/2 + q/2, 1 - q, o/2 + q/2 where q = o^2 + 1/(12 r^2) - 1/12.</summary>
    /// <param name="thin">0 to r-1.</param>
    /// <param name="factor">r.</param>
    public static (float Before, float Centre, float After) Weights(int thin, int factor)
    {
        double offset = (thin - (factor - 1) / 2.0) / factor, curve = offset * offset + 1.0 / (12 * factor * factor) - 1.0 / 12;
        return ((float)((curve - offset) / 2), (float)(1 - curve), (float)((curve + offset) / 2));
    }

    /// <summary>The r thin slices. A neighbour whose image is zero throughout stands for "outside the volume": slice 1 takes its place.</summary>
    /// <param name="images"><c>B x C x 4 x H x W</c>.</param>
    /// <param name="factor">r.</param>
    /// <returns><c>B x C x r x H x W</c>.</returns>
    public static torch.Tensor Interpolate(torch.Tensor images, int factor)
    {
        using var scope = torch.NewDisposeScope();
        var centre = images.narrow(2, 1, 1);
        torch.Tensor before = Inside(images.narrow(2, 0, 1)), after = Inside(images.narrow(2, 2, 1));
        var slices = Enumerable.Range(0, factor).Select(t => Weights(t, factor)).Select(w => w.Before * before + w.Centre * centre + w.After * after);
        return torch.cat([.. slices], 2).MoveToOuterDisposeScope();

        torch.Tensor Inside(torch.Tensor slice) => torch.where(slice.abs().amax([1, 2, 3, 4], keepdim: true) > 0, slice, centre);
    }
}
