namespace REHRSeg;

/// <summary>The stages of a whole training, in order, and which of them build on which.</summary>
internal static class TrainingStages
{
    /// <summary>SMORE, which makes the seeds of self-SR where it is asked for.</summary>
    public const string Smore = "smore";
    /// <summary>Self-SR without uncertainty loss.</summary>
    public const string SelfSr = "self-sr 1a";
    /// <summary>Self-SR with eq. 6.</summary>
    public const string SelfSrUncertainty = "self-sr 1b";
    /// <summary>The plain nnU-Net.</summary>
    public const string NnUNet = "nnunet";
    /// <summary>Fine-tuning with eq. 11.</summary>
    public const string RehrSeg = "rehrseg";

    /// <summary>In the order in which they run.</summary>
    public static IReadOnlyList<string> All { get; } = [Smore, SelfSr, SelfSrUncertainty, NnUNet, RehrSeg];

    /// <summary>Stages whose checkpoints are out of date once <paramref name="stage"/> has trained: after a fresh start all that follow, after a resumed one those that build on it.</summary>
    public static IEnumerable<string> OutdatedBy(string stage, bool resumed) => stage switch
    {
        Smore when resumed => [SelfSr, SelfSrUncertainty, RehrSeg],
        SelfSr when resumed => [SelfSrUncertainty, RehrSeg],
        SelfSrUncertainty when resumed => [RehrSeg],
        _ => All.SkipWhile(s => s != stage).Skip(1),
    };
}
