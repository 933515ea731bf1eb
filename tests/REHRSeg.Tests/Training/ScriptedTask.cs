using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>Least squares whose validations have the scores that a test gives.</summary>
sealed class ScriptedTask : ITrainingTask
{
    readonly TorchSharp.Modules.Linear _net = nn.Linear(3, 2);

    public ScriptedTask()
    {
        using var noGrad = no_grad();
        _net.weight!.copy_(LossOracle.Wave([2, 3], 0.5));
        _net.bias!.zero_();
    }

    /// <summary>By iteration.</summary>
    public Func<int, double> Scores { get; init; } = i => i;
    public Action<int> OnLoss { get; init; } = _ => { };
    public Action<int> OnValidate { get; init; } = _ => { };
    /// <summary>As each validation found them.</summary>
    public SortedDictionary<int, float[]> Validated { get; } = [];
    public float[] Weights => [.. LossOracle.Values(_net.weight!), .. LossOracle.Values(_net.bias!)];

    public string Stage { get; init; } = "scripted";
    public int Iterations { get; init; } = 20;
    public nn.Module Network => _net;
    public int ValidationInterval { get; init; } = 4;
    public double? ClipNorm => null;
    public double? AverageDecay { get; init; }
    public string? Score => "score";
    public bool KeepBest { get; init; }
    public int? Patience { get; init; }

    public void Schedule(int iteration, IOptimizer optimizer) => optimizer.LearningRate = 0.05;

    public Tensor Loss(int iteration, Random random, IDictionary<string, Tensor> metrics)
    {
        OnLoss(iteration);
        var values = new float[12];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle();
        var x = tensor(values, [4, 3]);
        return (_net.forward(x) - x.sum(1, keepdim: true)).square().mean();
    }

    public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken)
    {
        OnValidate(iteration);
        cancellationToken.ThrowIfCancellationRequested();
        Validated[iteration] = Weights;
        return new Dictionary<string, double> { ["score"] = Scores(iteration) };
    }

    public void Run(TrainingContext context, int checkpointInterval = 6)
    {
        using var optimizer = new SgdOptimizer(_net, 0.05) { Beta1 = 0.9 };
        TrainingLoop.Run(this, optimizer, context, checkpointInterval);
    }
}
