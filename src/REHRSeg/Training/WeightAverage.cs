using TorchSharp;

namespace REHRSeg;

/// <summary>Exponential moving average of a network's weights.</summary>
internal sealed class WeightAverage : IDisposable
{
    readonly string[] _names;
    readonly torch.Tensor[] _weights, _averages;

    /// <summary>Starts at the network's present weights.</summary>
    /// <param name="network">On its final device.</param>
    /// <param name="decay">Share of the old average kept by each update, in [0, 1).</param>
    public WeightAverage(torch.nn.Module network, double decay)
    {
        if (decay is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay must be in [0, 1).");
        using var noGrad = torch.no_grad();
        Decay = decay;
        var parameters = network.named_parameters().ToArray();
        _names = [.. parameters.Select(p => p.name)];
        _weights = [.. parameters.Select(p => (torch.Tensor)p.parameter)];
        _averages = [.. _weights.Select(w => w.detach().clone().DetachFromDisposeScope())];
    }

    /// <summary>Share of the old average kept by each update.</summary>
    public double Decay { get; }

    /// <summary>Moves the averages towards the weights.</summary>
    public void Update()
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        if (FusedKernels.Instance is { } kernels) kernels.Lerp(_averages, _weights, 1 - Decay);
        else for (int i = 0; i < _weights.Length; i++) _averages[i].TimesInPlace(Decay).PlusInPlace(_weights[i], 1 - Decay);
    }

    /// <summary>Exchanges weights and averages; twice is the identity.</summary>
    public void Swap()
    {
        using var noGrad = torch.no_grad();
        for (int i = 0; i < _weights.Length; i++)
        {
            using var weight = _weights[i].detach().clone();
            _weights[i].copy_(_averages[i]);
            _averages[i].copy_(weight);
        }
    }

    /// <summary>The averages by parameter name (not copies).</summary>
    public IEnumerable<KeyValuePair<string, torch.Tensor>> State() => _names.Zip(_averages, KeyValuePair.Create);

    /// <summary>Copies averages in; names and shapes are the network's.</summary>
    public void Load(Func<string, torch.Tensor> byName)
    {
        using var noGrad = torch.no_grad();
        for (int i = 0; i < _names.Length; i++) _averages[i].copy_(byName(_names[i]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var average in _averages) average.Dispose();
    }
}
