using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Simulated low resolution: nearest down by a zoom of U(0.5, 1), cubic B-spline up again, clipped to the range of the coarse image, each channel with
/// probability 0.5 (METHOD.md section 7, step 6; skimage's resize in mode "edge"). Slices stay as they are in in-plane mode.
/// </summary>
internal sealed record LowResolutionTransform(double Probability, bool InPlane) : ISampleTransform
{
    /// <summary>Edge voxels repeated on each side of the coarse image, for the outermost taps.</summary>
    const int Edge = 2;

    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        for (int c = 0; c < sample.Channels; c++)
            if (random.NextDouble() < 0.5) Degrade(sample.Channel(c), sample.Shape, 0.5 + 0.5 * random.NextDouble(), InPlane);
    }

    internal static void Degrade(Span<float> x, PatchShape shape, double zoom, bool inPlane)
    {
        PatchShape coarse = new(inPlane ? shape.Depth : Coarse(shape.Depth), Coarse(shape.Height), Coarse(shape.Width));
        int edgeZ = inPlane ? 0 : Edge, slices = coarse.Depth + 2 * edgeZ, rows = coarse.Height + 2 * Edge, columns = coarse.Width + 2 * Edge;
        float[] rented = ArrayPool<float>.Shared.Rent(slices * rows * columns + columns);
        Span<float> small = rented.AsSpan(0, slices * rows * columns), line = rented.AsSpan(small.Length, columns);
        int[] fromX = Nearest(coarse.Width, shape.Width), fromY = Nearest(coarse.Height, shape.Height), fromZ = Nearest(coarse.Depth, shape.Depth);
        for (int z = 0, to = 0; z < slices; z++)
            for (int y = 0; y < rows; y++)
            {
                var source = x.Slice((fromZ[Math.Clamp(z - edgeZ, 0, coarse.Depth - 1)] * shape.Height + fromY[Math.Clamp(y - Edge, 0, coarse.Height - 1)]) * shape.Width, shape.Width);
                for (int i = 0; i < columns; i++) small[to++] = source[fromX[Math.Clamp(i - Edge, 0, coarse.Width - 1)]];
            }
        float low = TensorPrimitives.Min<float>(small), high = TensorPrimitives.Max<float>(small);
        CubicSpline.Prefilter(small, columns, 1);
        CubicSpline.Prefilter(small, rows, columns);
        if (!inPlane) CubicSpline.Prefilter(small, slices, rows * columns);

        var (firstX, weightsX) = Taps(coarse.Width, shape.Width);
        var (firstY, weightsY) = Taps(coarse.Height, shape.Height);
        var (firstZ, weightsZ) = Taps(coarse.Depth, shape.Depth);
        for (int z = 0, to = 0; z < shape.Depth; z++)
            for (int y = 0; y < shape.Height; y++, to += shape.Width)
            {
                line.Clear();
                for (int a = 0; a < (inPlane ? 1 : 4); a++)
                    for (int b = 0; b < 4; b++)
                    {
                        var row = small.Slice(((inPlane ? z : firstZ[z] + a) * rows + firstY[y] + b) * columns, columns);
                        TensorPrimitives.MultiplyAdd(row, (inPlane ? 1 : weightsZ[z][a]) * weightsY[y][b], line, line);
                    }
                ref float taps = ref MemoryMarshal.GetReference(line);
                var result = x.Slice(to, shape.Width);
                for (int i = 0; i < result.Length; i++) result[i] = Math.Clamp(Vector128.Dot(Vector128.LoadUnsafe(ref taps, (nuint)firstX[i]), weightsX[i]), low, high);
            }
        ArrayPool<float>.Shared.Return(rented);

        int Coarse(int n) => Math.Max(1, (int)Math.Round(n * zoom));
    }

    static int[] Nearest(int coarse, int fine) => [.. Enumerable.Range(0, coarse).Select(i => (int)((2L * i + 1) * fine / (2L * coarse)))];

    /// <summary>First coefficient (behind the repeated edge) and weights of each fine voxel.</summary>
    static (int[] First, Vector128<float>[] Weights) Taps(int coarse, int fine)
    {
        double[] at = [.. Enumerable.Range(0, fine).Select(i => (i + 0.5) * coarse / fine - 0.5)];
        return ([.. at.Select(v => (int)Math.Floor(v) - 1 + Edge)], [.. at.Select(v => CubicSpline.Weights((float)(v - Math.Floor(v))))]);
    }
}
