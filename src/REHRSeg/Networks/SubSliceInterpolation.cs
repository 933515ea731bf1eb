using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Interpolation of a window's second slice at its r thin slices: what the head corrects with <see cref="SelfSrArchitecture.GlobalResidual"/>. It takes the slice
/// profile into account: universal kriging of a random walk (Matheron 1969), the linear combination of thick slices with the least mean square error among those that
/// reproduce constants and ramps.
/// </summary>
internal static class SubSliceInterpolation
{
    /// <summary>Factor on the first weights of the image outputs: training starts close to the interpolation.</summary>
    public const float InitialDifference = 0.01f;

    /// <summary>
    /// Weights of thick slices for each thin one, <c>r x count</c>. With gamma(d) = |d| between thin positions, averaged over the profiles of the thick slices, they solve
    /// the kriging system; the slices' sum of weights is 1 and their mean position is the thin slice's.
    /// </summary>
    /// <param name="profile">Of the thick slices.</param>
    /// <param name="first">First thick slice, relative to the one that holds the thin slices.</param>
    /// <param name="count">Thick slices, at least 2.</param>
    public static float[][] Weights(SliceProfile profile, int first, int count)
    {
        int r = profile.Factor, size = count + 2;
        int Position(int slice, int tap) => (first + slice) * r + profile.First + tap;
        double ToThin(int slice, int thin) => profile.Weights.Select((w, k) => w * (double)Math.Abs(Position(slice, k) - thin)).Sum();
        double Between(int a, int b) => profile.Weights.Select((w, k) => w * ToThin(b, Position(a, k))).Sum();
        return [.. Enumerable.Range(0, r).Select(t =>
        {
            var system = new double[size, size + 1];
            for (int a = 0; a < count; a++)
            {
                for (int b = 0; b < count; b++) system[a, b] = -Between(a, b);
                system[a, count] = system[count, a] = 1;
                system[a, count + 1] = system[count + 1, a] = first + a;
                system[a, size] = -ToThin(a, t);
            }
            system[count, size] = 1;
            system[count + 1, size] = (t - (r - 1) / 2.0) / r;
            return Array.ConvertAll(Solve(system)[..count], w => (float)w);
        })];
    }

    /// <summary>The r thin slices. A neighbour whose image is zero throughout stands for "outside the volume": the slice before it takes its place.</summary>
    /// <param name="images"><c>B x C x 4 x H x W</c>.</param>
    /// <param name="weights"><c>r x 4</c>, for slices 0 to 3.</param>
    /// <param name="magnitudes">Largest magnitudes of slices 0, 2 and 3, <c>B x 1</c> each, if the images are tiles of larger ones.</param>
    /// <returns><c>B x C x r x H x W</c>.</returns>
    public static torch.Tensor Interpolate(torch.Tensor images, float[][] weights, torch.Tensor[]? magnitudes = null)
    {
        using var scope = torch.NewDisposeScope();
        var centre = images.narrow(2, 1, 1);
        var after = Inside(images.narrow(2, 2, 1), centre, magnitudes?[1]);
        var inside = torch.cat([Inside(images.narrow(2, 0, 1), centre, magnitudes?[0]), centre, after, Inside(images.narrow(2, 3, 1), after, magnitudes?[2])], 2);
        return torch.einsum("tk,bckhw->bcthw", Matrix(weights, images), inside).MoveToOuterDisposeScope();
    }

    /// <summary>The weights as a tensor on the device of <paramref name="like"/>.</summary>
    public static torch.Tensor Matrix(float[][] weights, torch.Tensor like) =>
        torch.tensor([.. weights.SelectMany(w => w)], [weights.Length, weights[0].Length], device: like.device);

    static torch.Tensor Inside(torch.Tensor slice, torch.Tensor otherwise, torch.Tensor? magnitude) =>
        torch.where((magnitude?.view(-1, 1, 1, 1, 1) ?? slice.abs().amax([1, 2, 3, 4], keepdim: true)).to_type(torch.ScalarType.Bool), slice, otherwise);

    /// <summary>Gauss-Jordan elimination with row exchanges of an <c>n x (n + 1)</c> system.</summary>
    static double[] Solve(double[,] system)
    {
        int n = system.GetLength(0);
        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(system[row, column]));
            for (int k = 0; k <= n; k++) (system[column, k], system[pivot, k]) = (system[pivot, k], system[column, k]);
            for (int row = 0; row < n; row++)
            {
                double factor = row == column ? 0 : system[row, column] / system[column, column];
                for (int k = column; k <= n; k++) system[row, k] -= factor * system[column, k];
            }
        }
        return [.. Enumerable.Range(0, n).Select(row => system[row, n] / system[row, row])];
    }
}
