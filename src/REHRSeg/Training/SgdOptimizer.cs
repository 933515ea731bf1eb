using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg;

/// <summary>SGD with Nesterov momentum and weight decay (METHOD.md 7, 9.2), one fused call per step. Built after the network was moved to its device.</summary>
internal sealed class SgdOptimizer : IOptimizer
{
    readonly ParameterSet _set;
    readonly torch.Tensor[] _momenta;
    readonly FusedKernels? _kernels;

    /// <summary>Trains all parameters of <paramref name="network"/>.</summary>
    public SgdOptimizer(torch.nn.Module network, double learningRate) : this(network.named_parameters(), learningRate) { }

    /// <summary>Trains the given parameters.</summary>
    /// <param name="parameters">With the names that checkpoints use.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="fused">False: tensor by tensor, the form used where fused steps are not to be had.</param>
    public SgdOptimizer(IEnumerable<(string name, Parameter parameter)> parameters, double learningRate, bool fused = true)
    {
        _set = new(parameters);
        _momenta = _set.AddState("momentum_buffer");
        _kernels = fused ? FusedKernels.Instance : null;
        LearningRate = learningRate;
    }

    /// <inheritdoc/>
    public double LearningRate { get; set; }
    /// <summary>Momentum.</summary>
    public double Beta1 { get; set; } = 0.99;
    /// <summary>L2 penalty added to the gradient.</summary>
    public double WeightDecay { get; init; } = 3e-5;

    /// <inheritdoc/>
    public void ZeroGrad() => _set.ZeroGrad();

    /// <inheritdoc/>
    public void Step()
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var (indices, parameters, gradients) = _set.WithGradient();
        if (indices.Length == 0) return;
        if (_kernels is not null)
        {
            _kernels.Sgd(parameters, gradients, [.. indices.Select(i => _momenta[i])], LearningRate, Beta1, WeightDecay);
            return;
        }
        for (int k = 0; k < indices.Length; k++)
        {
            var (p, momentum) = (parameters[k], _momenta[indices[k]]);
            var g = WeightDecay == 0 ? gradients[k] : gradients[k].Plus(p, WeightDecay);
            momentum.TimesInPlace(Beta1).PlusInPlace(g);
            p.PlusInPlace(g.Plus(momentum, Beta1), -LearningRate);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, torch.Tensor> StateDict() => _set.StateDict();

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, torch.Tensor> state) => _set.LoadStateDict(state);

    /// <inheritdoc/>
    public void Dispose() => _set.Dispose();
}
