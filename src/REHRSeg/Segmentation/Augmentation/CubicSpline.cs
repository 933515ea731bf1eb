using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace REHRSeg;

/// <summary>
/// Cubic B-spline interpolation, the "order 3" of scipy and skimage (METHOD.md section 7 steps 1 and 6, section 14 #11): values become coefficients,
/// which four weights an axis sum up. The inverse filter is infinite, <c>sqrt(3) p^|k|</c> with p = sqrt(3) - 2 (Unser 1999); its terms beyond 12 are below 1e-6.
/// </summary>
internal static class CubicSpline
{
    /// <summary>Voxels on each side that a coefficient depends on.</summary>
    public const int Reach = 12;

    static readonly float[] s_inverse = [.. Enumerable.Range(0, Reach + 1).Select(k => (float)(Math.Sqrt(3) * Math.Pow(Math.Sqrt(3) - 2, k)))];

    /// <summary>Values of a row-major array <c>outer x n x inner</c> to coefficients along its middle axis, in place; the ends are repeated.</summary>
    public static void Prefilter(Span<float> x, int n, int inner) => SymmetricFilter.Apply(x, n, inner, s_inverse, LineEnd.Repeat);

    /// <summary>Weights of the coefficients at floor - 1 to floor + 2 for a position at <paramref name="t"/> above floor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Weights(float t)
    {
        float s = 1 - t, t2 = t * t, s2 = s * s;
        return Vector128.Create(s2 * s, 4 + t2 * (3 * t - 6), 4 + s2 * (3 * s - 6), t2 * t) * (1 / 6f);
    }
}
