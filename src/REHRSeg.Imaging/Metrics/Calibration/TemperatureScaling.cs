using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>
/// Temperature scaling (Guo et al., On Calibration of Modern Neural Networks, ICML 2017): p becomes <c>p^(1/T) / sum of p^(1/T)</c>, which for p = softmax(z) is softmax(z / T). T above 1 makes
/// probabilities less extreme, T below 1 more; the most likely class stays the same. <see cref="TemperatureFit"/> finds T.
/// </summary>
/// <remarks>A probability of 0 stays 0 (a softmax has none; it is one that single precision cannot hold). Probabilities that do not add up to exactly 1 do afterwards.</remarks>
public static class TemperatureScaling
{
    /// <summary>Smallest temperature that makes sense anywhere.</summary>
    public const double Least = 0.01;
    /// <summary>Largest one.</summary>
    public const double Most = 100;
    const int Block = 1024;

    /// <summary>Scales the class probabilities of each voxel.</summary>
    /// <param name="probabilities">One channel a class.</param>
    /// <param name="temperature">T, <see cref="Least"/> to <see cref="Most"/>; 1: the same volume.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another temperature.</exception>
    /// <exception cref="ArgumentException">A single channel.</exception>
    public static MLVolume Apply(MLVolume probabilities, double temperature)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        Require(temperature);
        if (probabilities.Channels < 2) throw new ArgumentException("Class probabilities have at least two channels.", nameof(probabilities));
        if (temperature == 1) return probabilities;
        var scaled = new float[probabilities.Voxels.Length];
        int n = probabilities.Geometry.VoxelCount;
        Apply(probabilities.Voxels, n, scaled, n, probabilities.Channels, n, temperature);
        return probabilities.WithVoxels(scaled, probabilities.Channels);
    }

    /// <summary>Throws unless a temperature makes sense.</summary>
    internal static double Require(double temperature) =>
        temperature is >= Least and <= Most ? temperature : throw new ArgumentOutOfRangeException(nameof(temperature), temperature, $"A temperature is {Least} to {Most}.");

    /// <summary>The same on <paramref name="count"/> voxels, class k at k times the stride; source and target may be one.</summary>
    internal static void Apply(ReadOnlySpan<float> source, int sourceStride, Span<float> target, int targetStride, int classes, int count, double temperature)
    {
        Span<float> largest = stackalloc float[Block], sum = stackalloc float[Block];
        float power = (float)(1 / temperature);
        for (int start = 0; start < count; start += Block)
        {
            int length = Math.Min(Block, count - start);
            Span<float> top = largest[..length], total = sum[..length];
            source.Slice(start, length).CopyTo(top);
            for (int k = 1; k < classes; k++) TensorPrimitives.Max(top, source.Slice(k * sourceStride + start, length), top);
            total.Clear();
            for (int k = 0; k < classes; k++)
            {
                var scaled = target.Slice(k * targetStride + start, length);
                TensorPrimitives.Max(source.Slice(k * sourceStride + start, length), 0f, scaled);
                TensorPrimitives.Divide(scaled, top, scaled);
                TensorPrimitives.Log(scaled, scaled);
                TensorPrimitives.Multiply(scaled, power, scaled);
                TensorPrimitives.Exp(scaled, scaled);
                TensorPrimitives.Add(total, scaled, total);
            }
            for (int k = 0; k < classes; k++)
            {
                var scaled = target.Slice(k * targetStride + start, length);
                TensorPrimitives.Divide(scaled, total, scaled);
            }
        }
    }
}
