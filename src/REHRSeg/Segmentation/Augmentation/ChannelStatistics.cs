using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary>Mean and deviation of a channel, summed in single precision over short runs and in double precision over these.</summary>
internal static class ChannelStatistics
{
    const int Run = 1024;

    /// <summary>Arithmetic mean.</summary>
    public static double Mean(ReadOnlySpan<float> x)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i += Run) sum += TensorPrimitives.Sum(x.Slice(i, Math.Min(Run, x.Length - i)));
        return sum / x.Length;
    }

    /// <summary>Mean and standard deviation (ddof 0).</summary>
    public static (float Mean, float Deviation) Moments(ReadOnlySpan<float> x)
    {
        float mean = (float)Mean(x);
        Span<float> difference = stackalloc float[Run];
        double squares = 0;
        for (int i = 0; i < x.Length; i += Run)
        {
            var run = x.Slice(i, Math.Min(Run, x.Length - i));
            TensorPrimitives.Subtract(run, mean, difference);
            squares += TensorPrimitives.SumOfSquares<float>(difference[..run.Length]);
        }
        return (mean, (float)Math.Sqrt(squares / x.Length));
    }
}
