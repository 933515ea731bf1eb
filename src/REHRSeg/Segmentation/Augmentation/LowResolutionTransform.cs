using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Simulated low resolution: nearest down by a zoom of U(0.5, 1), cubic up again, each channel with probability 0.5
/// (METHOD.md section 7, step 6). Slices stay as they are in in-plane mode.
/// </summary>
internal sealed record LowResolutionTransform(double Probability, bool InPlane) : ISampleTransform
{
    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        for (int c = 0; c < sample.Channels; c++)
            if (random.NextDouble() < 0.5) Degrade(sample.Channel(c), sample.Shape, 0.5 + 0.5 * random.NextDouble(), InPlane);
    }

    internal static void Degrade(Span<float> x, PatchShape shape, double zoom, bool inPlane)
    {
        int[] length = [shape.Depth, shape.Height, shape.Width], stride = [shape.Height * shape.Width, shape.Width, 1];
        for (int axis = inPlane ? 1 : 0; axis < 3; axis++)
        {
            int n = length[axis], step = stride[axis], coarse = Math.Max(1, (int)Math.Round(n * zoom));
            var line = new float[coarse];
            for (int start = 0; start < x.Length; start++)
            {
                if (start / step % n != 0) continue;
                for (int i = 0; i < coarse; i++) line[i] = x[start + Math.Min(n - 1, (int)((i + 0.5) * n / coarse)) * step];
                for (int i = 0; i < n; i++) x[start + i * step] = Cubic(line, (i + 0.5) * coarse / n - 0.5);
            }
        }
    }

    /// <summary>Keys' cubic (a = -0.5), border replicated.</summary>
    static float Cubic(float[] line, double at)
    {
        int floor = (int)Math.Floor(at);
        float t = (float)(at - floor), u = 1 - t;
        float At(int i) => line[Math.Clamp(i, 0, line.Length - 1)];
        return -0.5f * t * u * u * At(floor - 1) + (1 + t * t * (1.5f * t - 2.5f)) * At(floor) + (1 + u * u * (1.5f * u - 2.5f)) * At(floor + 1) - 0.5f * t * t * u * At(floor + 2);
    }
}
