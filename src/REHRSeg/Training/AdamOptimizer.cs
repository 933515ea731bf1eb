using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg;

/// <summary>Adam with decoupled weight decay (AdamW; with the default decay of 0: Adam, METHOD.md 3.4), one fused call per step. Built after the network was moved to its device.</summary>
internal sealed class AdamOptimizer : IOptimizer
{
    readonly ParameterSet _set;
    readonly torch.Tensor[] _first, _second, _steps;
    readonly FusedKernels? _kernels;

    /// <summary>Trains all parameters of <paramref name="network"/>.</summary>
    public AdamOptimizer(torch.nn.Module network, double learningRate) : this(network.named_parameters(), learningRate) { }

    /// <summary>Trains the given parameters.</summary>
    /// <param name="parameters">With the names that checkpoints use.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="fused">False: tensor by tensor, the form used where fused steps are not to be had.</param>
    public AdamOptimizer(IEnumerable<(string name, Parameter parameter)> parameters, double learningRate, bool fused = true)
    {
        _set = new(parameters);
        _first = _set.AddState("exp_avg");
        _second = _set.AddState("exp_avg_sq");
        _steps = _set.AddState("step", scalar: true);
        _kernels = fused ? FusedKernels.Instance : null;
        LearningRate = learningRate;
    }

    /// <inheritdoc/>
    public double LearningRate { get; set; }
    /// <inheritdoc/>
    public double Beta1 { get; set; } = 0.9;
    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.99;
    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;
    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public void ZeroGrad() => _set.ZeroGrad();

    /// <inheritdoc/>
    public void Step()
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var (indices, parameters, gradients) = _set.WithGradient();
        if (indices.Length == 0) return;
        torch.Tensor[] Of(torch.Tensor[] state) => [.. indices.Select(i => state[i])];
        if (_kernels is not null)
        {
            _kernels.AdamW(parameters, gradients, Of(_first), Of(_second), Of(_steps), LearningRate, Beta1, Beta2, WeightDecay, Epsilon);
            return;
        }
        for (int k = 0; k < indices.Length; k++)
        {
            var (p, g, m, v) = (parameters[k], gradients[k], _first[indices[k]], _second[indices[k]]);
            double step = _steps[indices[k]].PlusInPlace(1).item<float>();
            if (WeightDecay != 0) p.TimesInPlace(1 - LearningRate * WeightDecay);
            m.TimesInPlace(Beta1).PlusInPlace(g, 1 - Beta1);
            v.TimesInPlace(Beta2).PlusProductInPlace(g, g, 1 - Beta2);
            var root = v.sqrt().OverInPlace(Math.Sqrt(1 - Math.Pow(Beta2, step))).PlusInPlace(Epsilon);
            p.PlusQuotientInPlace(m, root, -LearningRate / (1 - Math.Pow(Beta1, step)));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, torch.Tensor> StateDict() => _set.StateDict();

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, torch.Tensor> state) => _set.LoadStateDict(state);

    /// <inheritdoc/>
    public void Dispose() => _set.Dispose();
}
