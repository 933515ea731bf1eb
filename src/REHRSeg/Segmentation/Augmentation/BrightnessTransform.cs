using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary><c>x * f</c>, f ~ U(0.75, 1.25) for each channel (METHOD.md section 7, step 4).</summary>
internal sealed record BrightnessTransform(double Probability) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        for (int c = 0; c < sample.Channels; c++) Scale(sample.Channel(c), (float)(0.75 + 0.5 * random.NextDouble()));
    }

    internal static void Scale(Span<float> x, float factor) => TensorPrimitives.Multiply(x, factor, x);
}
