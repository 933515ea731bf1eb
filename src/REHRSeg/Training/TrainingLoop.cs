using TorchSharp;

namespace REHRSeg;

/// <summary>One training stage as the loop sees it.</summary>
internal interface ITrainingTask
{
    /// <summary>"self-sr 1a", "nnunet", ...: names checkpoints and log lines.</summary>
    string Stage { get; }
    int Iterations { get; }
    torch.nn.Module Network { get; }
    /// <summary>Learning rate (and, for OneCycle, beta1) before iteration i, 0-based.</summary>
    void Schedule(int iteration, IOptimizer optimizer);
    /// <summary>
    /// Loss of one batch, inside the loop's dispose scope. <paramref name="random"/> is the loop's own generator, restored on resume.
    /// Terms worth reporting are added to <paramref name="metrics"/> as detached scalars.
    /// </summary>
    torch.Tensor Loss(int iteration, Random random, IDictionary<string, torch.Tensor> metrics);
    /// <summary>Called every <see cref="ValidationInterval"/> iterations and at the end; returns measures to log. May return none.</summary>
    IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken);
    /// <summary>0: never.</summary>
    int ValidationInterval { get; }
    /// <summary>Gradient norm limit; null: none.</summary>
    double? ClipNorm { get; }
}

/// <summary>Adam or SGD with fused steps.</summary>
internal interface IOptimizer : IDisposable
{
    double LearningRate { get; set; }
    double Beta1 { get; set; }
    void ZeroGrad();
    void Step();
    IReadOnlyDictionary<string, torch.Tensor> StateDict();
    void LoadStateDict(IReadOnlyDictionary<string, torch.Tensor> state);
}

/// <summary>The one loop of all trainers: schedule, loss, backward, clip, step, report, checkpoint, resume to the same bytes, cancel.</summary>
internal static class TrainingLoop
{
    /// <summary>Runs the stage to its end. A finished stage's checkpoint is loaded instead when resuming.</summary>
    public static void Run(ITrainingTask task, IOptimizer optimizer, TrainingContext context, int checkpointInterval) => throw new NotImplementedException();
}
