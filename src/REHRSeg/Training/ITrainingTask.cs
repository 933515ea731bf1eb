using TorchSharp;

namespace REHRSeg;

/// <summary>One training stage as the loop sees it.</summary>
internal interface ITrainingTask
{
    /// <summary>"self-sr 1a", "nnunet", ...: names checkpoints and log lines.</summary>
    string Stage { get; }
    int Iterations { get; }
    /// <summary>All that is trained; its parameters and buffers go into the checkpoint.</summary>
    torch.nn.Module Network { get; }
    /// <summary>Learning rate (and, for OneCycle, beta1) before iteration i, 0-based.</summary>
    void Schedule(int iteration, IOptimizer optimizer);
    /// <summary>
    /// Loss of one batch, inside the loop's dispose scope. <paramref name="random"/> is the loop's own generator, restored on resume.
    /// Terms worth reporting are added to <paramref name="metrics"/> as detached scalars.
    /// </summary>
    torch.Tensor Loss(int iteration, Random random, IDictionary<string, torch.Tensor> metrics);
    /// <summary>Micro-batches of an iteration: gradients are added up over them before the one step.</summary>
    int Parts => 1;
    /// <summary>Loss of micro-batch <paramref name="part"/>, asked for in ascending order; the step follows the mean of their gradients.</summary>
    torch.Tensor Loss(int iteration, int part, Random random, IDictionary<string, torch.Tensor> metrics) => Loss(iteration, random, metrics);
    /// <summary>
    /// Called every <see cref="ValidationInterval"/> iterations and at the end; returns measures to log. May return none. Depends on nothing
    /// but the weights and the iteration, and changes neither weights nor what is drawn for training.
    /// </summary>
    IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken);
    /// <summary>0: never.</summary>
    int ValidationInterval { get; }
    /// <summary>Gradient norm limit; null: none.</summary>
    double? ClipNorm { get; }
    /// <summary>Decay of a moving average of the weights, which validation sees and the network holds at the end; null: none.</summary>
    double? AverageDecay => null;
    /// <summary>The measure of <see cref="Validate"/>, larger is better, whose moving average picks the best weights; null: none are picked.</summary>
    string? Score => null;
    /// <summary>The network holds the best weights at the end; false: the last.</summary>
    bool KeepBest => false;
    /// <summary>Validations without a new best score after which the stage ends; null: never.</summary>
    int? Patience => null;
    /// <summary>Time that losses have waited for batches so far; reported as <c>data_wait</c>, its share of the time; null: not measured.</summary>
    TimeSpan? DataWait => null;
}
