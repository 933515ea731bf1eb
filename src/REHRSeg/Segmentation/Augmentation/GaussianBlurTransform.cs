using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>3-D Gaussian blur of sigma U(0.5, 1) voxels, each channel with probability 0.5, mirrored at the border, cut off at 4 sigma (METHOD.md section 7, step 3; scipy's gaussian_filter).</summary>
internal sealed record GaussianBlurTransform(double Probability) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        for (int c = 0; c < sample.Channels; c++)
            if (random.NextDouble() < 0.5) Blur(sample.Channel(c), sample.Shape, 0.5 + 0.5 * random.NextDouble());
    }

    internal static void Blur(Span<float> x, PatchShape shape, double sigma)
    {
        int radius = (int)(4 * sigma + 0.5);
        double[] taps = [.. Enumerable.Range(0, radius + 1).Select(k => Math.Exp(-0.5 * k * k / (sigma * sigma)))];
        double sum = 2 * taps.Sum() - taps[0];
        float[] half = [.. taps.Select(t => (float)(t / sum))];
        SymmetricFilter.Apply(x, shape.Depth, shape.Height * shape.Width, half, LineEnd.Mirror);
        SymmetricFilter.Apply(x, shape.Height, shape.Width, half, LineEnd.Mirror);
        SymmetricFilter.Apply(x, shape.Width, 1, half, LineEnd.Mirror);
    }
}
