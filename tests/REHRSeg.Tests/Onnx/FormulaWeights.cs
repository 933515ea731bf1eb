namespace REHRSeg.Tests;

/// <summary>Weights and inputs given by a formula, as the golden files describe them (tests/oracles).</summary>
static class FormulaWeights
{
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
            for (int i = 0; i < count; i++) values[i] = (float)(offset + scale * Golden.Uniform(number, (ulong)i));
            weights.Add(name, new([.. shape], values));
        }
        return weights;
    }

    public static float[] Input(int count) => [.. Enumerable.Range(0, count).Select(i => (float)((Golden.Uniform(0, (ulong)i) + 1) / 2))];
}
