using System.Text.Json;

namespace REHRSeg.Tests;

/// <summary>Weights and inputs given by a formula, as the golden files describe them (tests/oracles).</summary>
static class FormulaWeights
{
    public static JsonElement Golden(string file, string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", file)));
        return document.RootElement.GetProperty("cases").GetProperty(name).Clone();
    }

    /// <summary>Values for these tensors, numbered from 1 in ordinal order of their names.</summary>
    public static Dictionary<string, WeightArray> Make(IEnumerable<(string Name, int[] Shape)> tensors)
    {
        var weights = new Dictionary<string, WeightArray>();
        ulong number = 0;
        foreach (var (name, shape) in tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            number++;
            int count = shape.Aggregate(1, (a, b) => a * b);
            double scale = shape.Length >= 2 ? Math.Sqrt(3.0 / shape.Skip(1).Aggregate(1, (a, b) => a * b)) : name.EndsWith(".norm.weight", StringComparison.Ordinal) ? 0.1 : 0.01;
            double offset = shape.Length < 2 && name.EndsWith(".norm.weight", StringComparison.Ordinal) ? 1 : 0;
            var values = new float[count];
            for (int i = 0; i < count; i++) values[i] = (float)(offset + scale * Uniform(number, (ulong)i));
            weights.Add(name, new([.. shape], values));
        }
        return weights;
    }

    public static float[] Input(int count) => [.. Enumerable.Range(0, count).Select(i => (float)((Uniform(0, (ulong)i) + 1) / 2))];

    /// <summary>In [-1, 1): the splitmix64 finaliser of a tensor's number and an element's index.</summary>
    static double Uniform(ulong tensor, ulong index)
    {
        ulong z = (tensor << 40) + index + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (z >> 11) * Math.Pow(2, -53) * 2 - 1;
    }
}
