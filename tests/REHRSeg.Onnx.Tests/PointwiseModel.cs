using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>A network that looks at one voxel: class 1 has probability f(value), class 0 the rest. HR: linear along D, at the patch's ends extrapolated or clamped, as the HR head does.</summary>
sealed class PointwiseModel(Func<float, float> f, int channels = 1, int factor = 4, bool clamped = false) : IPatchModel
{
    public List<(int Batch, PatchShape Shape, bool Lr, bool Hr)> Runs { get; } = [];
    public CancellationTokenSource? CancelAfterRun { get; init; }

    public static SegmentationModelInfo Info(PatchShape patch, int factor = 4, int channels = 1, params double[] spacing) => new()
    {
        Factor = factor, Channels = channels, Patch = patch, Divisor = new(1, 1, 1),
        TargetSpacing = spacing.Length == 3 ? [.. spacing] : [4, 1, 1],
        Labels = [new LabelClass(0, "background"), new LabelClass(7, "organ")],
    };

    public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken)
    {
        Runs.Add((batch, shape, !lr.IsEmpty, !hr.IsEmpty));
        int n = shape.Voxels, slice = shape.Height * shape.Width;
        for (int b = 0; b < batch; b++)
        {
            var input = patches.Span.Slice(b * channels * n, n);
            if (!lr.IsEmpty)
                for (int i = 0; i < n; i++) Write(lr.Span.Slice(b * 2 * n, 2 * n), i, f(input[i]));
            if (!hr.IsEmpty)
                for (int k = 0; k < shape.Depth * factor; k++)
                {
                    double at = (k + 0.5) / factor - 0.5;
                    int low = Math.Clamp((int)Math.Floor(at), 0, Math.Max(0, shape.Depth - 2)), high = Math.Min(low + 1, shape.Depth - 1);
                    float part = (float)((clamped ? Math.Clamp(at, 0, shape.Depth - 1) : at) - low);
                    for (int i = 0; i < slice; i++)
                        Write(hr.Span.Slice(b * 2 * factor * n, 2 * factor * n), k * slice + i, f(input[low * slice + i] + part * (input[high * slice + i] - input[low * slice + i])));
                }
        }
        CancelAfterRun?.Cancel();
    }

    static void Write(Span<float> output, int i, float p) => (output[i], output[output.Length / 2 + i]) = (1 - p, p);

    public void Dispose() { }
}
