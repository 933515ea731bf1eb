using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary>
/// A contrast that tissue might have had: <c>x -> low + gain x^gamma</c>, increasing, and within [0,1] for x in [0,1], so that nothing is ever clipped. It is applied to the thin
/// block before thick slices are simulated. Averaging over a slice does not commute with gamma: mapping window and target each by itself would teach a relation between thick
/// and thin slices that no scanner has.
/// </summary>
/// <param name="Low">Value of 0.</param>
/// <param name="Gain">Value of 1 minus that of 0; low + gain is at most 1.</param>
/// <param name="Gamma">Exponent.</param>
internal readonly record struct IntensityMap(float Low, float Gain, float Gamma)
{
    /// <summary>One map a channel: gain uniform from <see cref="SelfSrOptions.IntensityGain"/> to 1, low uniform in the rest, gamma log-uniform within <see cref="SelfSrOptions.IntensityGamma"/>.</summary>
    public static IntensityMap[] Draw(int channels, SelfSrOptions options, Random random)
    {
        var maps = new IntensityMap[channels];
        foreach (ref var map in maps.AsSpan())
        {
            double gain = options.IntensityGain + (1 - options.IntensityGain) * random.NextDouble(), low = (1 - gain) * random.NextDouble();
            double gamma = Math.Pow(options.IntensityGamma, 2 * random.NextDouble() - 1);
            map = new((float)low, (float)gain, (float)gamma);
        }
        return maps;
    }

    /// <summary>Maps values of [0,1] in place.</summary>
    public void Apply(Span<float> values)
    {
        TensorPrimitives.Pow(values, Gamma, values);
        TensorPrimitives.Multiply(values, Gain, values);
        TensorPrimitives.Add(values, Low, values);
    }
}
