using System.Numerics.Tensors;

namespace REHRSeg;

/// <summary><c>x + n</c>, n normal with standard deviation U(0, 0.1), for all channels alike (METHOD.md section 7, step 2; nnU-Net calls it a variance).</summary>
internal sealed record GaussianNoiseTransform(double Probability) : ISampleTransform
{
    const int Run = 512;

    /// <inheritdoc/>
    public void Apply(SegmentationSample sample, SeededRandom random)
    {
        if (random.NextDouble() >= Probability) return;
        Add(sample.Image, (float)(0.1 * random.NextDouble()), random);
    }

    /// <summary>Box-Muller in runs: each pair of uniform numbers gives two normal ones.</summary>
    internal static void Add(Span<float> x, float sigma, SeededRandom random)
    {
        Span<float> radius = stackalloc float[Run], angle = stackalloc float[Run], wave = stackalloc float[Run];
        for (; !x.IsEmpty; x = x[Math.Min(2 * Run, x.Length)..])
        {
            foreach (ref float r in radius) r = 1 - random.NextSingle();
            foreach (ref float a in angle) a = random.NextSingle();
            TensorPrimitives.Log<float>(radius, radius);
            TensorPrimitives.Multiply(radius, -2 * sigma * sigma, radius);
            TensorPrimitives.Sqrt<float>(radius, radius);
            TensorPrimitives.Multiply(angle, 2 * MathF.PI, angle);
            TensorPrimitives.Cos<float>(angle, wave);
            AddProduct(x[..Math.Min(Run, x.Length)], radius, wave);
            if (x.Length <= Run) continue;
            TensorPrimitives.Sin<float>(angle, wave);
            AddProduct(x[Run..Math.Min(2 * Run, x.Length)], radius, wave);
        }
    }

    static void AddProduct(Span<float> x, ReadOnlySpan<float> a, ReadOnlySpan<float> b) => TensorPrimitives.MultiplyAdd(a[..x.Length], b[..x.Length], x, x);
}
