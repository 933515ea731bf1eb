using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary>
/// <c>((x - min) / range)^g range + min</c>, then brought back to the old mean and standard deviation; g half the time U(0.7, 1), else U(1, 1.5),
/// for each channel (METHOD.md section 7, steps 7 and 8). <paramref name="Inverted"/>: on the negated image.
/// </summary>
internal sealed record GammaTransform(double Probability, bool Inverted) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        float sign = Inverted ? -1 : 1;
        for (int c = 0; c < sample.Channels; c++)
        {
            var x = sample.Channel(c);
            float gamma = (float)SpatialTransform.HalfAndHalf(random, 0.7, 1.5);
            if (Inverted) TensorPrimitives.Negate(x, x);
            var (mean, deviation) = Moments(x);
            float low = TensorPrimitives.Min<float>(x), range = TensorPrimitives.Max<float>(x) - low;
            foreach (ref float v in x) v = MathF.Pow((v - low) / (range + 1e-7f), gamma) * range + low;
            var (newMean, newDeviation) = Moments(x);
            foreach (ref float v in x) v = sign * ((v - newMean) / (newDeviation + 1e-8f) * deviation + mean);
        }
    }

    static (float Mean, float Deviation) Moments(ReadOnlySpan<float> x)
    {
        double sum = 0, squares = 0;
        foreach (float v in x) sum += v;
        double mean = sum / x.Length;
        foreach (float v in x) squares += (v - mean) * (v - mean);
        return ((float)mean, (float)Math.Sqrt(squares / x.Length));
    }
}
