using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>3-D Gaussian blur of sigma U(0.5, 1) voxels, each channel with probability 0.5, mirrored at the border, cut off at 4 sigma (METHOD.md section 7, step 3).</summary>
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
        double[] taps = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(k => Math.Exp(-0.5 * k * k / (sigma * sigma)))];
        double sum = taps.Sum();
        float[] kernel = [.. taps.Select(t => (float)(t / sum))];
        int[] length = [shape.Depth, shape.Height, shape.Width], stride = [shape.Height * shape.Width, shape.Width, 1];
        for (int axis = 0; axis < 3; axis++)
        {
            int n = length[axis], step = stride[axis];
            var line = new float[n + 2 * radius];
            for (int start = 0; start < x.Length; start++)
            {
                if (start / step % n != 0) continue;
                for (int k = 0; k < line.Length; k++) line[k] = x[start + Reflect(k - radius, n) * step];
                for (int i = 0; i < n; i++)
                {
                    float v = 0;
                    for (int k = 0; k < kernel.Length; k++) v += kernel[k] * line[i + k];
                    x[start + i * step] = v;
                }
            }
        }
    }

    /// <summary>Mirror about the border's edge: d c b a | a b c d | d c b a.</summary>
    static int Reflect(int i, int n)
    {
        i = (i % (2 * n) + 2 * n) % (2 * n);
        return i < n ? i : 2 * n - 1 - i;
    }
}
