using System.Text.Json;

namespace REHRSeg.Imaging.Tests;

/// <summary>Expected values of tests/oracles/make_numerics.py, and the inputs that script makes by formula.</summary>
static class NumericsOracle
{
    static readonly JsonElement Root = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "numerics.json"))).RootElement;

    public static JsonElement Get(params ReadOnlySpan<string> path)
    {
        var element = Root;
        foreach (string name in path) element = element.GetProperty(name);
        return element;
    }

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];

    /// <summary>The script's LCG noise in [0, 1).</summary>
    public static float[] Noise(uint seed, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = ((seed = unchecked(seed * 1664525 + 1013904223)) >> 8) / 16777216f;
        return values;
    }

    public static MLVolume NoiseVolume(uint seed, int depth, int height, int width, double[]? spacing = null) =>
        new(new([width, height, depth], spacing ?? [1, 1, 1]), Noise(seed, depth * height * width));

    public static bool InBlob(int z, int y, int x, (int Z, int Y, int X) c, (int Z, int Y, int X) r)
    {
        long a = (z - c.Z) * r.Y * r.X, b = (y - c.Y) * r.Z * r.X, d = (x - c.X) * r.Z * r.Y, all = r.Z * r.Y * r.X;
        return a * a + b * b + d * d <= all * all;
    }

    /// <summary>The script's label map: D,H,W = 11,17,15, spacing z,y,x = 4, 1.5, 0.8 mm.</summary>
    public static MLVolume Labels(int shift = 0)
    {
        var geometry = new VolumeGeometry([15, 17, 11], [0.8, 1.5, 4]);
        return FromFunction(geometry, (z, y, x) =>
            InBlob(z, y, x, (4, 13 - shift, 11), (3, 3, 3)) ? 2 : InBlob(z, y, x, (5, 8, 6), (2, 3, 3)) ? 3 : InBlob(z, y, x, (5 + shift, 7, 6 + shift), (4, 6, 5)) ? 1 : 0);
    }

    public static MLVolume FromFunction(VolumeGeometry geometry, Func<int, int, int, float> value)
    {
        var voxels = new float[geometry.VoxelCount];
        for (int z = 0, i = 0; z < geometry.Depth; z++)
            for (int y = 0; y < geometry.Height; y++)
                for (int x = 0; x < geometry.Width; x++, i++) voxels[i] = value(z, y, x);
        return new(geometry, voxels);
    }

    public static void AssertSampled(JsonElement expected, MLVolume actual, double tolerance)
    {
        Assert.Equal(Numbers(expected.GetProperty("shape")).Select(v => (int)v), [actual.Depth, actual.Height, actual.Width]);
        AssertSampled(expected, actual.Voxels, tolerance);
    }

    public static void AssertSampled(JsonElement expected, ReadOnlySpan<float> actual, double tolerance)
    {
        double sum = 0, squares = 0;
        foreach (double v in actual) (sum, squares) = (sum + v, squares + v * v);
        double[] index = Numbers(expected.GetProperty("index")), value = Numbers(expected.GetProperty("value"));
        for (int i = 0; i < index.Length; i++) Assert.Equal(value[i], actual[(int)index[i]], tolerance);
        Assert.Equal(expected.GetProperty("mean").GetDouble(), sum / actual.Length, tolerance);
        Assert.Equal(expected.GetProperty("square").GetDouble(), squares / actual.Length, tolerance * 10);
    }
}
