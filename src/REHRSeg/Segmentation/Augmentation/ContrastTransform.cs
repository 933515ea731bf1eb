using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary><c>clip((x - mean) f + mean, min, max)</c>, f half the time U(0.75, 1), else U(1, 1.25), for each channel (METHOD.md section 7, step 5).</summary>
internal sealed record ContrastTransform(double Probability) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        for (int c = 0; c < sample.Channels; c++) Stretch(sample.Channel(c), (float)SpatialTransform.HalfAndHalf(random, 0.75, 1.25));
    }

    internal static void Stretch(Span<float> x, float factor)
    {
        float low = TensorPrimitives.Min<float>(x), high = TensorPrimitives.Max<float>(x), mean = (float)ChannelStatistics.Mean(x);
        TensorPrimitives.Subtract(x, mean, x);
        TensorPrimitives.Multiply(x, factor, x);
        TensorPrimitives.Add(x, mean, x);
        TensorPrimitives.Clamp(x, low, high, x);
    }
}
