using System.Numerics;

namespace REHRSeg.Imaging;

/// <summary>
/// Annotated phantom MR cases: nested ellipsoids under a smooth random deformation, tissue of band-limited texture, partial volume at the
/// boundaries, bias field and Rician noise. Same seed, same bytes.
/// </summary>
public static class PhantomGenerator
{
    /// <summary>Names of the labels 0, 1 and 2.</summary>
    public static IReadOnlyList<string> LabelNames { get; } = ["background", "organ", "lesion"];

    const float Deformation = 0.07f, BiasStrength = 0.15f, NoiseSigma = 0.02f, IntensityScale = 1000;

    /// <summary>Cases "phantom_000", "phantom_001", ... that go through the anatomies in turn; generated as they are enumerated.</summary>
    /// <param name="count">Number of cases.</param>
    /// <param name="seed">Seed of the set; case i has the seed <c>seed + i</c>.</param>
    /// <param name="width">Voxels along x, at least 16.</param>
    /// <param name="height">Voxels along y, at least 16.</param>
    /// <param name="depth">Voxels along z, at least 16.</param>
    /// <param name="spacing">Millimetres between voxels, the same along all axes.</param>
    public static IEnumerable<AnnotatedPhantom> GenerateMany(int count, int seed = 0, int width = 64, int height = 64, int depth = 64, double spacing = 1)
    {
        var anatomies = Enum.GetValues<PhantomAnatomy>();
        return Enumerable.Range(0, count).Select(i =>
            Generate(seed + i, width, height, depth, spacing, anatomies[i % anatomies.Length]) with { Id = $"phantom_{i:000}" });
    }

    /// <summary>One case, named after its seed.</summary>
    /// <param name="seed">Seed of everything that is drawn.</param>
    /// <param name="width">Voxels along x, at least 16.</param>
    /// <param name="height">Voxels along y, at least 16.</param>
    /// <param name="depth">Voxels along z, at least 16.</param>
    /// <param name="spacing">Millimetres between voxels, the same along all axes.</param>
    /// <param name="anatomy">Shape of the organ; null: drawn.</param>
    public static AnnotatedPhantom Generate(int seed, int width = 64, int height = 64, int depth = 64, double spacing = 1, PhantomAnatomy? anatomy = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 16);
        // Random seeds count down from their absolute value; the multiplication keeps neighbours and opposite signs apart.
        var random = new Random(unchecked(seed * 7919 + 12345));
        var drawn = (PhantomAnatomy)random.Next(Enum.GetValues<PhantomAnatomy>().Length);
        var shape = new PhantomShape(anatomy ?? drawn, random);
        var geometry = new VolumeGeometry([width, height, depth], [spacing, spacing, spacing],
            [-(width - 1) / 2.0 * spacing, -(height - 1) / 2.0 * spacing, -(depth - 1) / 2.0 * spacing]);

        var deformation = SmoothNoise(random, geometry, 5, 5, 5, 3);
        var bias = SmoothNoise(random, geometry, 3, 3, 3, 1);
        var coarse = SmoothNoise(random, geometry, width / 6, height / 6, depth / 6, 1);
        var fine = SmoothNoise(random, geometry, width / 2, height / 2, depth / 2, 1);
        float Tissue(float mean) => mean * (0.94f + 0.12f * random.NextSingle());
        float body = Tissue(0.32f), organ = Tissue(0.58f), lesion = Tissue(0.85f);

        int n = geometry.VoxelCount;
        var image = new float[n];
        var label = new float[n];
        var unit = new Vector3(2f / width, 2f / height, 2f / depth);
        float voxelsPerUnit = Math.Min(width, Math.Min(height, depth)) / 2f;
        Parallel.For(0, depth, z =>
        {
            ReadOnlySpan<float> u = deformation.Voxels, b = bias.Voxels, c = coarse.Voxels, f = fine.Voxels;
            int i = z * width * height;
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++, i++)
                {
                    var p = new Vector3(x + 0.5f, y + 0.5f, z + 0.5f) * unit - Vector3.One + Deformation * new Vector3(u[i], u[n + i], u[2 * n + i]);
                    var (inBody, inOrgan, inLesion) = shape.Depths(p);
                    inLesion = Math.Min(inLesion, inOrgan - 1.5f / voxelsPerUnit);
                    label[i] = inLesion > 0 ? 2 : inOrgan > 0 ? 1 : 0;

                    float intensity = Share(inBody) * body * (1 + 0.16f * c[i] + 0.05f * f[i]);
                    intensity += Share(inOrgan) * (organ * (1 + 0.07f * c[i] + 0.06f * f[i]) - intensity);
                    intensity += Share(inLesion) * (lesion * (1 - 0.06f * c[i] + 0.04f * f[i]) - intensity);
                    image[i] = Math.Max(0, intensity) * MathF.Exp(BiasStrength * b[i]);
                }
        });
        AddRicianNoise(image, random);
        return new($"phantom_{seed}", new(geometry, image), new(geometry, label));

        // Part of a voxel inside a boundary that is this deep (a boundary blurs over one voxel).
        float Share(float depthInside) => Math.Clamp(0.5f + depthInside * voxelsPerUnit, 0, 1);
    }

    /// <summary>Normal noise on a grid of cells, brought to the full size by cubic splines; <c>channels x D x H x W</c>.</summary>
    static MLVolume SmoothNoise(Random random, VolumeGeometry geometry, int cellsX, int cellsY, int cellsZ, int channels)
    {
        var cells = new float[cellsX * cellsY * cellsZ * channels];
        for (int i = 0; i < cells.Length; i += 2)
        {
            var (a, b) = NormalPair(random);
            cells[i] = a;
            if (i + 1 < cells.Length) cells[i + 1] = b;
        }
        return Resampler.Resize(new(new([cellsX, cellsY, cellsZ], [1, 1, 1]), cells, channels), geometry.Size.AsSpan());
    }

    /// <summary>Magnitude of the signal with normal noise on its real and imaginary part; scales to the final intensities.</summary>
    static void AddRicianNoise(float[] image, Random random)
    {
        for (int i = 0; i < image.Length; i++)
        {
            var (re, im) = NormalPair(random);
            image[i] = IntensityScale * MathF.Sqrt((image[i] + NoiseSigma * re) * (image[i] + NoiseSigma * re) + NoiseSigma * im * (NoiseSigma * im));
        }
    }

    static (float, float) NormalPair(Random random)
    {
        float radius = MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle()));
        var (sin, cos) = MathF.SinCos(2 * MathF.PI * random.NextSingle());
        return (radius * cos, radius * sin);
    }
}
