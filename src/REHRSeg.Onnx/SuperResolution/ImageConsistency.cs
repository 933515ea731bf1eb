using System.Numerics.Tensors;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// Back-projection: the smallest change to a thin image after which its simulated thick slices are the measured ones,
/// <c>x + A^T (A A^T + lambda I)^-1 (y - A x)</c>, where A blurs and samples with the slice profile (Irani and Peleg 1991 find the same by iteration).
/// </summary>
public static class ImageConsistency
{
    /// <summary>lambda: damps frequencies that the profile all but removes, so that noise is not blown up. The eigenvalues of A A^T lie around 0.2.</summary>
    const double Damping = 0.01;

    /// <summary>Entries of the correction below this are left out.</summary>
    const double Negligible = 1e-5;

    /// <summary>The corrected image.</summary>
    /// <param name="thin">Thin image on the grid that refining <paramref name="thick"/> gives.</param>
    /// <param name="thick">Measured image of the same channels.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="profile">Of the thick slices; its factor is r.</param>
    /// <exception cref="GeometryMismatchException">The grids do not belong together.</exception>
    /// <exception cref="ArgumentException">The channels differ.</exception>
    public static MLVolume Restore(MLVolume thin, MLVolume thick, SliceAxis axis, SliceProfile profile)
    {
        ArgumentNullException.ThrowIfNull(thin);
        ArgumentNullException.ThrowIfNull(thick);
        ArgumentNullException.ThrowIfNull(profile);
        if (thin.Channels != thick.Channels) throw new ArgumentException($"The thin image has {thin.Channels} channel(s), the thick one {thick.Channels}.", nameof(thin));
        if (thin.Geometry.DescribeDifference(thick.Geometry.Refine(profile.Factor, axis)) is { } difference)
            throw new GeometryMismatchException($"The thin image does not lie on the refined grid of the thick one: {difference}. Give the axis and the factor it was refined with.");
        var stack = thin.SwapAxes(axis, SliceAxis.Z);
        float[] values = stack.Memory.ToArray();
        Restore(values, thick.SwapAxes(axis, SliceAxis.Z), profile);
        return stack.WithVoxels(values, stack.Channels).SwapAxes(axis, SliceAxis.Z);
    }

    /// <summary>Corrects an image in place.</summary>
    /// <param name="thin"><c>C x rD x H x W</c>.</param>
    /// <param name="thick">Measured image <c>C x D x H x W</c>.</param>
    /// <param name="profile">Of the thick slices.</param>
    internal static void Restore(float[] thin, MLVolume thick, SliceProfile profile)
    {
        int depth = thick.Depth, plane = thick.Height * thick.Width, slices = depth * profile.Factor;
        double[,] simulate = Simulation(depth, profile), correct = Correction(simulate);
        var residual = new float[depth * plane];
        for (int c = 0; c < thick.Channels; c++)
        {
            int offset = c * slices * plane;
            var measured = thick.Memory.Slice(c * depth * plane, depth * plane);
            Parallel.For(0, depth, i =>
            {
                var rest = residual.AsSpan(i * plane, plane);
                measured.Span.Slice(i * plane, plane).CopyTo(rest);
                for (int q = 0; q < slices; q++)
                    if (simulate[i, q] != 0) TensorPrimitives.MultiplyAdd(thin.AsSpan(offset + q * plane, plane), -(float)simulate[i, q], rest, rest);
            });
            Parallel.For(0, slices, q =>
            {
                var slice = thin.AsSpan(offset + q * plane, plane);
                for (int i = 0; i < depth; i++)
                    if (Math.Abs(correct[q, i]) > Negligible) TensorPrimitives.MultiplyAdd(residual.AsSpan(i * plane, plane), (float)correct[q, i], slice, slice);
            });
        }
    }

    /// <summary>A, <c>D x rD</c>, edges replicated as in <see cref="ThickSliceSimulator"/>.</summary>
    static double[,] Simulation(int depth, SliceProfile profile)
    {
        int slices = depth * profile.Factor;
        var a = new double[depth, slices];
        for (int i = 0; i < depth; i++)
            for (int k = 0; k < profile.Weights.Count; k++)
                a[i, Math.Clamp(profile.Factor * i + profile.First + k, 0, slices - 1)] += profile.Weights[k];
        return a;
    }

    /// <summary><c>A^T (A A^T + lambda I)^-1</c>, <c>rD x D</c>, by Cholesky factorisation.</summary>
    static double[,] Correction(double[,] a)
    {
        int depth = a.GetLength(0), slices = a.GetLength(1);
        var l = new double[depth, depth];
        for (int i = 0; i < depth; i++)
            for (int j = 0; j <= i; j++)
            {
                double sum = i == j ? Damping : 0;
                for (int q = 0; q < slices; q++) sum += a[i, q] * a[j, q];
                for (int k = 0; k < j; k++) sum -= l[i, k] * l[j, k];
                l[i, j] = i == j ? Math.Sqrt(sum) : sum / l[j, j];
            }
        var result = new double[slices, depth];
        for (int q = 0; q < slices; q++)
        {
            for (int i = 0; i < depth; i++)
            {
                double sum = a[i, q];
                for (int k = 0; k < i; k++) sum -= l[i, k] * result[q, k];
                result[q, i] = sum / l[i, i];
            }
            for (int i = depth - 1; i >= 0; i--)
            {
                double sum = result[q, i];
                for (int k = i + 1; k < depth; k++) sum -= l[k, i] * result[q, k];
                result[q, i] = sum / l[i, i];
            }
        }
        return result;
    }
}
