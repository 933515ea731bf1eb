using System.Text.Json;
using TorchSharp;

namespace REHRSeg.Tests;

/// <summary>Golden numbers of independent implementations, and the formula of their weights and inputs (the files' <c>note</c>).</summary>
internal static class Golden
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "oracles");

    public static JsonElement Case(string file, string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, file))).RootElement.GetProperty("cases").GetProperty(name);

    /// <summary>Name and shape of each tensor of a published state dict.</summary>
    public static SortedDictionary<string, string> StateDict(string file) =>
        new(File.ReadLines(Path.Combine(Folder, "reference", file)).Select(line => line.Split('\t')).ToDictionary(f => f[0], f => f[1]), StringComparer.Ordinal);

    public static SortedDictionary<string, string> StateDict(torch.nn.Module network) =>
        new(network.state_dict().ToDictionary(t => t.Key, t => string.Join('x', t.Value.shape)), StringComparer.Ordinal);

    public static double Uniform(ulong tensor, ulong index)
    {
        ulong z = (tensor << 40) + index + 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return ((z ^ z >> 31) >> 11) * Math.Pow(2, -53) * 2 - 1;
    }

    public static void SetFormulaWeights(torch.nn.Module network)
    {
        ulong t = 0;
        NetworkWeights.Load(network, NetworkWeights.Export(network).OrderBy(w => w.Key, StringComparer.Ordinal).ToDictionary(w => w.Key, w =>
        {
            t++;
            double scale = w.Value.Shape.Length >= 2 ? Math.Sqrt(3.0 / w.Value.Shape.Skip(1).Aggregate(1L, (a, b) => a * b)) : 0;
            bool norm = w.Key.EndsWith(".norm.weight", StringComparison.Ordinal);
            float[] values = new float[w.Value.Values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                double u = Uniform(t, (ulong)i);
                values[i] = (float)(scale > 0 ? u * scale : norm ? 1 + 0.1 * u : 0.01 * u);
            }
            return w.Value with { Values = values };
        }));
    }

    public static torch.Tensor Input(params long[] shape) =>
        torch.tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => (float)((Uniform(0, (ulong)i) + 1) / 2))], shape);

    public static torch.Tensor Input(JsonElement golden) => Input(Longs(golden.GetProperty("input")));

    public static long[] Longs(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt64())];

    public static void AssertEqual(JsonElement golden, torch.Tensor tensor, double tolerance = 1e-4)
    {
        Assert.Equal(Longs(golden.GetProperty("shape")), tensor.shape);
        using var flat = tensor.detach().contiguous().flatten();
        var values = golden.GetProperty("value").EnumerateArray().Select(e => e.GetDouble());
        Assert.All(Longs(golden.GetProperty("index")).Zip(values), p => Assert.Equal(p.Second, flat[p.First].item<float>(), tolerance));
        Assert.Equal(golden.GetProperty("mean").GetDouble(), flat.mean().item<float>(), tolerance);
        Assert.Equal(golden.GetProperty("std").GetDouble(), flat.std(unbiased: false).item<float>(), tolerance);
        Assert.Equal(golden.GetProperty("min").GetDouble(), flat.min().item<float>(), tolerance);
        Assert.Equal(golden.GetProperty("max").GetDouble(), flat.max().item<float>(), tolerance);
    }

    /// <summary>|a - b| / |b|, L2.</summary>
    public static double RelativeDifference(torch.Tensor a, torch.Tensor b) => (a.to(torch.float64) - b).norm().item<double>() / b.to(torch.float64).norm().item<double>();

    public static double Maximum(torch.Tensor difference) => difference.abs().max().to(torch.float64).item<double>();

    /// <summary>Names of parameters without a gradient, or with one that is zero throughout.</summary>
    public static string[] WithoutGradient(torch.nn.Module network) =>
        [.. network.named_parameters().Where(p => p.parameter.grad is not { } g || g.abs().max().item<float>() == 0).Select(p => p.name)];
}
