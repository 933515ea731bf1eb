using TorchSharp;

namespace REHRSeg;

/// <summary>Means of scalars since the last report, summed on their device.</summary>
internal sealed class MetricSums : IDisposable
{
    readonly Dictionary<string, (torch.Tensor? Sum, double Value, int Count)> _sums = [];

    /// <summary>Adds one value of a metric.</summary>
    public void Add(string name, double value)
    {
        var (sum, total, count) = _sums.GetValueOrDefault(name);
        _sums[name] = (sum, total + value, count + 1);
    }

    /// <summary>Adds one value of a metric; it is read when the means are taken.</summary>
    public void Add(string name, torch.Tensor value)
    {
        using var noGrad = torch.no_grad();
        var (sum, total, count) = _sums.GetValueOrDefault(name);
        if (sum is null) sum = value.detach().to(torch.ScalarType.Float32).clone().DetachFromDisposeScope();
        else sum.PlusInPlace(value.detach());
        _sums[name] = (sum, total, count + 1);
    }

    /// <summary>The means; sums start anew.</summary>
    public Dictionary<string, double> Take()
    {
        var means = _sums.ToDictionary(s => s.Key, s => ((s.Value.Sum?.item<float>() ?? 0) + s.Value.Value) / s.Value.Count);
        Dispose();
        return means;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (sum, _, _) in _sums.Values) sum?.Dispose();
        _sums.Clear();
    }
}
