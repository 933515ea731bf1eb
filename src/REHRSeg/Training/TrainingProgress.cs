namespace REHRSeg;

/// <summary>Where a training stands.</summary>
/// <param name="Stage">"self-sr 1a", "self-sr 1b", "nnunet", "rehrseg".</param>
/// <param name="Iteration">Finished iterations of the stage.</param>
/// <param name="Iterations">Iterations of the stage.</param>
/// <param name="Metrics">Loss terms and measures since the last report ("loss", "l1", "dice_lr", ...).</param>
/// <param name="Elapsed">Time in this stage.</param>
/// <param name="Remaining">Estimate for this stage.</param>
public sealed record TrainingProgress(string Stage, int Iteration, int Iterations, IReadOnlyDictionary<string, double> Metrics, TimeSpan Elapsed, TimeSpan Remaining);
