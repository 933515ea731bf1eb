namespace REHRSeg.Onnx;

/// <summary>The intensities that become 0 and 1 for the self-SR network.</summary>
/// <param name="Low">Becomes 0.</param>
/// <param name="High">Becomes 1; above <paramref name="Low"/>.</param>
internal readonly record struct IntensityRange(float Low, float High)
{
    /// <summary>Quantiles (linear interpolation between order statistics) of an image channel; a constant image gets a range of 1.</summary>
    public static IntensityRange Measure(ReadOnlySpan<float> values, (double Low, double High) quantiles)
    {
        float[] sorted = values.ToArray();
        Array.Sort(sorted);
        float low = Quantile(sorted, quantiles.Low), high = Quantile(sorted, quantiles.High);
        if (!(high > low)) (low, high) = (sorted[0], sorted[^1]);
        return new(low, high > low ? high : low + Math.Max(1, Math.Abs(low) * 1e-3f)); // + 1 would be lost on a value of 1e8
    }

    public float Normalise(float value) => (value - Low) / (High - Low);

    public float Restore(float value) => Low + value * (High - Low);

    /// <summary>The part of a value that lies outside the range: negative below, positive above, 0 inside.</summary>
    public float Excess(float value) => value < Low ? value - Low : value > High ? value - High : 0;

    static float Quantile(float[] sorted, double q)
    {
        double position = q * (sorted.Length - 1);
        int below = (int)position;
        float a = sorted[below], b = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return (float)(a + (position - below) * ((double)b - a));
    }
}
