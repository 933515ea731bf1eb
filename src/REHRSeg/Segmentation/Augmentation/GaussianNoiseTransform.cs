namespace REHRSeg;

/// <summary><c>x + n</c>, n normal with standard deviation U(0, 0.1), for all channels alike (METHOD.md section 7, step 2; nnU-Net calls it a variance).</summary>
internal sealed record GaussianNoiseTransform(double Probability) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        double sigma = 0.1 * random.NextDouble();
        foreach (ref float v in sample.Image.AsSpan()) v += (float)(sigma * random.NextGaussian());
    }
}
