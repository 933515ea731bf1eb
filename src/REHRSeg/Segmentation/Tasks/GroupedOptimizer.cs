using TorchSharp;

namespace REHRSeg;

/// <summary>Several optimizers as one, each with its own multiple of the learning rate. Their parameters are distinct.</summary>
internal sealed class GroupedOptimizer(params (IOptimizer Optimizer, double Ratio)[] groups) : IOptimizer
{
    double _learningRate = groups[0].Optimizer.LearningRate / groups[0].Ratio;

    /// <inheritdoc/>
    public double LearningRate
    {
        get => _learningRate;
        set
        {
            _learningRate = value;
            foreach (var (optimizer, ratio) in groups) optimizer.LearningRate = value * ratio;
        }
    }

    /// <inheritdoc/>
    public double Beta1
    {
        get => groups[0].Optimizer.Beta1;
        set
        {
            foreach (var (optimizer, _) in groups) optimizer.Beta1 = value;
        }
    }

    /// <inheritdoc/>
    public void ZeroGrad()
    {
        foreach (var (optimizer, _) in groups) optimizer.ZeroGrad();
    }

    /// <inheritdoc/>
    public void Step()
    {
        foreach (var (optimizer, _) in groups) optimizer.Step();
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, torch.Tensor> StateDict() => groups.SelectMany(g => g.Optimizer.StateDict()).ToDictionary(e => e.Key, e => e.Value);

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, torch.Tensor> state)
    {
        foreach (var (optimizer, _) in groups) optimizer.LoadStateDict(state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (optimizer, _) in groups) optimizer.Dispose();
    }
}
