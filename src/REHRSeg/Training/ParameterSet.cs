using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg;

/// <summary>The named parameters of an optimizer and, per parameter, a tensor of state under <c>"KIND.NAME"</c>.</summary>
internal sealed class ParameterSet : IDisposable
{
    readonly string[] _names;
    readonly Parameter[] _parameters;
    readonly Dictionary<string, torch.Tensor[]> _state = [];

    /// <summary>Takes the distinct parameters that need a gradient.</summary>
    /// <exception cref="ArgumentException">There are none, or one is not float32.</exception>
    public ParameterSet(IEnumerable<(string name, Parameter parameter)> parameters)
    {
        var trained = parameters.Where(p => p.parameter.requires_grad).DistinctBy(p => p.parameter.Handle).ToArray();
        if (trained.Length == 0) throw new ArgumentException("There is no parameter to train.", nameof(parameters));
        if (Array.Find(trained, p => p.parameter.dtype != torch.ScalarType.Float32) is { name: not null } other)
            throw new ArgumentException($"Parameter {other.name} is {other.parameter.dtype}; parameters are kept in Float32.", nameof(parameters));
        _names = [.. trained.Select(p => p.name)];
        _parameters = [.. trained.Select(p => p.parameter)];
    }

    /// <summary>Adds state of 0 for each parameter: of its shape, or one number.</summary>
    public torch.Tensor[] AddState(string kind, bool scalar = false)
    {
        using var noGrad = torch.no_grad();
        return _state[kind] = [.. _parameters.Select(p => (scalar ? torch.zeros([], device: p.device) : torch.zeros_like(p)).DetachFromDisposeScope())];
    }

    /// <summary>Indices of the parameters that have a gradient now, those parameters, and their gradients.</summary>
    public (int[] Indices, torch.Tensor[] Parameters, torch.Tensor[] Gradients) WithGradient()
    {
        var gradients = Array.ConvertAll(_parameters, p => p.grad);
        int[] indices = [.. Enumerable.Range(0, gradients.Length).Where(i => gradients[i] is not null)];
        return (indices, [.. indices.Select(i => _parameters[i])], [.. indices.Select(i => gradients[i]!)]);
    }

    /// <summary>Drops the gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in _parameters) parameter.grad = null;
    }

    /// <summary>All state by <c>"KIND.NAME"</c>.</summary>
    public Dictionary<string, torch.Tensor> StateDict() =>
        _state.SelectMany(kind => kind.Value.Zip(_names, (tensor, name) => (Key: $"{kind.Key}.{name}", tensor))).ToDictionary(e => e.Key, e => e.tensor);

    /// <summary>Copies state in; everything is checked first.</summary>
    /// <exception cref="ArgumentException">A tensor is missing or of another shape.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, torch.Tensor> state)
    {
        using var noGrad = torch.no_grad();
        var own = StateDict();
        foreach (var (name, tensor) in own)
        {
            if (!state.TryGetValue(name, out var value)) throw new ArgumentException($"Optimizer state {name} is missing.", nameof(state));
            if (!value.shape.SequenceEqual(tensor.shape)) throw new ArgumentException($"Optimizer state {name} has shape [{string.Join(", ", value.shape)}]; [{string.Join(", ", tensor.shape)}] was expected.", nameof(state));
        }
        foreach (var (name, tensor) in own) tensor.copy_(state[name]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _state.Values.SelectMany(tensors => tensors)) tensor.Dispose();
        _state.Clear();
    }
}
