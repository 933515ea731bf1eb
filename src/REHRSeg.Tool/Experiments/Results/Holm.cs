namespace REHRSeg.Tool;

/// <summary>Holm's step-down correction (Holm 1979): all adjusted p below alpha together are wrong with a probability of at most alpha.</summary>
internal static class Holm
{
    /// <summary>Adjusted p, in the order given.</summary>
    public static double[] Adjust(IReadOnlyList<double> pValues)
    {
        var adjusted = new double[pValues.Count];
        double largest = 0;
        int rank = 0;
        foreach (int i in Enumerable.Range(0, pValues.Count).OrderBy(i => pValues[i]))
        {
            largest = Math.Max(largest, Math.Min(1, (pValues.Count - rank++) * pValues[i]));
            adjusted[i] = largest;
        }
        return adjusted;
    }
}
