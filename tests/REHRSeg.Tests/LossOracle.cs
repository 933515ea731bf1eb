using System.Text.Json;
using TorchSharp;

namespace REHRSeg.Tests;

/// <summary>The numbers of <c>oracles/losses.json</c> and the formula inputs of the script that made them.</summary>
internal static class LossOracle
{
    static readonly JsonElement s_root = Read("losses.json");

    public static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "oracles", file))).RootElement;

    public static JsonElement Get(params string[] path) => path.Aggregate(s_root, (element, name) => element.GetProperty(name));

    public static double[] Numbers(this JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(e => e.GetDouble())];

    public static double Number(this JsonElement element, string name) => element.GetProperty(name).GetDouble();

    /// <summary>wave(n, phase) of make_losses.py, float32.</summary>
    public static torch.Tensor Wave(long[] shape, double phase, double scale = 1, double shift = 0)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(shift + scale * (Math.Sin(1.7 * i + phase) + 0.5 * Math.Sin(0.13 * i * phase + 1)));
        return torch.tensor(values, shape);
    }

    /// <summary>label(n, classes) of make_losses.py, int64.</summary>
    public static torch.Tensor Label(long[] shape, int classes)
    {
        var values = new long[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = Math.Min(classes - 1, (long)Math.Floor((0.5 + 0.5 * Math.Sin(0.3 * i)) * classes));
        return torch.tensor(values, shape);
    }

    public static float[] Values(torch.Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.detach().contiguous().bytes).ToArray();

    /// <summary>Largest difference, relative to the largest expected number.</summary>
    public static void AssertClose(double[] expected, torch.Tensor? actual, double tolerance)
    {
        Assert.NotNull(actual);
        var values = Values(actual);
        Assert.Equal(expected.Length, values.Length);
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < values.Length; i++) Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance * scale, $"[{i}]: {values[i]:g9} where {expected[i]:g9} was expected (scale {scale:g3}).");
    }

    public static void AssertClose(double expected, torch.Tensor actual, double tolerance = 1e-5) =>
        Assert.InRange(actual.item<float>(), expected - tolerance * Math.Max(1, Math.Abs(expected)), expected + tolerance * Math.Max(1, Math.Abs(expected)));
}
