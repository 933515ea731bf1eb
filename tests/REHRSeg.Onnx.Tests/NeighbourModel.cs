namespace REHRSeg.Onnx.Tests;

/// <summary>
/// A network of three classes that looks at a voxel, the one after it along each axis and the tile's own border (as zero padding does), so that tiling, mirroring and
/// places all leave their mark. HR: linear along D on the half-pixel grid, clamped at the patch's ends.
/// </summary>
sealed class NeighbourModel(int factor, int channels = 1) : IPatchModel
{
    public int LargestBatch { get; private set; }

    public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken)
    {
        LargestBatch = Math.Max(LargestBatch, batch);
        int n = shape.Voxels, slice = shape.Height * shape.Width;
        for (int b = 0; b < batch; b++)
        {
            var input = patches.Span.Slice(b * channels * n, channels * n);
            var feature = new float[n];
            for (int i = 0; i < n; i++)
            {
                int z = i / slice, y = i / shape.Width % shape.Height, x = i % shape.Width;
                for (int c = 0; c < channels; c++)
                    feature[i] += (c + 1) * (input[c * n + i] + (x + 1 < shape.Width ? 0.5f * input[c * n + i + 1] : 0) - (y + 1 < shape.Height ? 0.25f * input[c * n + i + shape.Width] : 0) + (z + 1 < shape.Depth ? 0.3f * input[c * n + i + slice] : 0));
            }
            if (!lr.IsEmpty) Softmax(feature, lr.Span.Slice(b * 3 * n, 3 * n));
            if (hr.IsEmpty) continue;
            var thin = new float[factor * n];
            for (int k = 0; k < factor * shape.Depth; k++)
            {
                double at = Math.Clamp((k + 0.5) / factor - 0.5, 0, shape.Depth - 1);
                int low = (int)at, high = Math.Min(low + 1, shape.Depth - 1);
                for (int i = 0; i < slice; i++) thin[k * slice + i] = feature[low * slice + i] + (float)(at - low) * (feature[high * slice + i] - feature[low * slice + i]);
            }
            Softmax(thin, hr.Span.Slice(b * 3 * factor * n, 3 * factor * n));
        }
    }

    static void Softmax(float[] feature, Span<float> output)
    {
        int n = feature.Length;
        for (int i = 0; i < n; i++)
        {
            float f = 3 * MathF.Tanh(feature[i]), a = MathF.Exp(-f), b = MathF.Exp(f * f - 4), sum = 1 + a + b;
            (output[i], output[n + i], output[2 * n + i]) = (1 / sum, a / sum, b / sum);
        }
    }

    public void Dispose() { }
}
