using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary>
/// <c>((x - min) / (range + 1e-7))^g range + min</c>, then brought back to the old mean and standard deviation; g half the time U(0.7, 1), else U(1, 1.5),
/// for each channel (METHOD.md section 7, steps 7 and 8). <paramref name="Inverted"/>: on the negated image.
/// </summary>
internal sealed record GammaTransform(double Probability, bool Inverted) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        for (int c = 0; c < sample.Channels; c++) Curve(sample.Channel(c), (float)SpatialTransform.HalfAndHalf(random, 0.7, 1.5), Inverted);
    }

    internal static void Curve(Span<float> x, float gamma, bool inverted)
    {
        if (inverted) TensorPrimitives.Negate(x, x);
        var (mean, deviation) = ChannelStatistics.Moments(x);
        float low = TensorPrimitives.Min<float>(x), range = TensorPrimitives.Max<float>(x) - low;
        TensorPrimitives.Subtract(x, low, x);
        TensorPrimitives.Multiply(x, 1 / (range + 1e-7f), x);
        TensorPrimitives.Pow(x, gamma, x);
        TensorPrimitives.Multiply(x, range, x);
        // The shift by min does not outlive the moments.
        var (newMean, newDeviation) = ChannelStatistics.Moments(x);
        float scale = deviation / (newDeviation + 1e-8f), sign = inverted ? -1 : 1;
        TensorPrimitives.Subtract(x, newMean, x);
        TensorPrimitives.Multiply(x, sign * scale, x);
        TensorPrimitives.Add(x, sign * mean, x);
    }
}
