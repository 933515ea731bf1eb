namespace REHRSeg.Imaging;

/// <summary>3x3 row-major matrices of direction cosines.</summary>
static class DirectionMatrix
{
    /// <summary>How far dot products of columns may be from those of a rotation: noise of headers that store few digits, not a shear.</summary>
    internal const double Tolerance = 1e-3;

    /// <summary>The largest absolute cosine of the angles between two columns.</summary>
    internal static double LargestCosine(ReadOnlySpan<double> m)
    {
        double largest = 0;
        for (int a = 0; a < 2; a++)
            for (int b = a + 1; b < 3; b++)
                largest = Math.Max(largest, Math.Abs(m[a] * m[b] + m[3 + a] * m[3 + b] + m[6 + a] * m[6 + b]));
        return largest;
    }

    /// <summary>The orthogonal factor of the polar decomposition, by Newton's iteration X := (X + X^-T)/2. Exact rotations stay as they are.</summary>
    internal static double[] NearestRotation(double[] m)
    {
        var x = (double[])m.Clone();
        for (int step = 0; step < 4; step++)
        {
            double[] cofactors =
            [
                x[4] * x[8] - x[5] * x[7], x[5] * x[6] - x[3] * x[8], x[3] * x[7] - x[4] * x[6],
                x[2] * x[7] - x[1] * x[8], x[0] * x[8] - x[2] * x[6], x[1] * x[6] - x[0] * x[7],
                x[1] * x[5] - x[2] * x[4], x[2] * x[3] - x[0] * x[5], x[0] * x[4] - x[1] * x[3],
            ];
            double determinant = Determinant(x);
            for (int i = 0; i < 9; i++) x[i] = (x[i] + cofactors[i] / determinant) / 2 + 0.0;
        }
        return x;
    }

    internal static double Determinant(ReadOnlySpan<double> m) => m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}
