using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Every number of the SMORE network's training (METHOD.md 10.1 and 3.4); defaults are the published ones. Factor, slice axis, labels, slice profile, intensity range,
/// number format, seed and folders are those of the <see cref="SelfSrOptions"/> that hold it.
/// </summary>
public sealed record SmoreOptions
{
    /// <summary>Limits that keep a hostile model file from taking the memory.</summary>
    internal const int MostChannels = 256, MostBlocks = 64;

    /// <summary>Channels between the residual blocks, 2 to 256.</summary>
    public int Width { get; init; } = 32;
    /// <summary>Residual blocks, 1 to 64.</summary>
    public int Blocks { get; init; } = 16;
    /// <summary>True: the image outputs are a difference to the interpolated slice, as <see cref="SelfSrOptions.Residual"/>. False: published.</summary>
    public bool Residual { get; init; }
    /// <summary>True: the trained model averages over the 4 mirror images of each plane when it is applied. False: one pass (published).</summary>
    public bool Mirroring { get; init; }
    /// <summary>What of the trained model's output is made to agree with the thick slices it comes from, when it is applied. <see cref="SliceConsistency.None"/>: published.</summary>
    public SliceConsistency Consistency { get; init; }

    /// <summary>Iterations.</summary>
    public int Iterations { get; init; } = 130_000;
    /// <summary>Samples per iteration.</summary>
    public int BatchSize { get; init; } = 64;
    /// <summary>Thick slices of a patch: its rows before super-resolution. At most as many as the largest case has in-plane.</summary>
    public int PatchSlices { get; init; } = 96;
    /// <summary>Columns of a patch, in thin voxels. At most as many as the largest case has in-plane.</summary>
    public int PatchSize { get; init; } = 96;
    /// <summary>Peak of the OneCycle learning rate.</summary>
    public double LearningRate { get; init; } = 5e-4;
    /// <summary>Adam's beta2.</summary>
    public double Beta2 { get; init; } = 0.99;
    /// <summary>Gradient norm limit; null: none (published).</summary>
    public double? ClipNorm { get; init; }
    /// <summary>Decay of an exponential moving average of the weights, which then is the result; 0: none (published).</summary>
    public double EmaDecay { get; init; }
    /// <summary>Probability of a flip, for rows and for columns.</summary>
    public double FlipProbability { get; init; } = 0.5;
    /// <summary>Iterations between checkpoints, at least 1.</summary>
    public int CheckpointInterval { get; init; } = 500;

    /// <exception cref="ArgumentException">A value is out of its range; names option, value and range.</exception>
    internal void Validate()
    {
        static void Require(bool holds, string option, object value, string range)
        {
            if (!holds) throw new ArgumentException(FormattableString.Invariant($"{nameof(SmoreOptions)}.{option} is {value}; it must be {range}."), option);
        }
        void AtLeast(int least, int value, string option) => Require(value >= least, option, value, $"at least {least}");
        Require(Width is >= 2 and <= MostChannels, nameof(Width), Width, $"from 2 to {MostChannels}");
        Require(Blocks is >= 1 and <= MostBlocks, nameof(Blocks), Blocks, $"from 1 to {MostBlocks}");
        AtLeast(1, Iterations, nameof(Iterations));
        AtLeast(1, BatchSize, nameof(BatchSize));
        AtLeast(1, PatchSlices, nameof(PatchSlices));
        AtLeast(1, PatchSize, nameof(PatchSize));
        AtLeast(1, CheckpointInterval, nameof(CheckpointInterval));
        Require(Enum.IsDefined(Consistency), nameof(Consistency), Consistency, "None, Labels, Image or Both");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "positive");
        Require(Beta2 is > 0 and < 1, nameof(Beta2), Beta2, "between 0 and 1, exclusive");
        Require(ClipNorm is null or > 0 && ClipNorm is not double.PositiveInfinity, nameof(ClipNorm), ClipNorm ?? 0, "positive, or null");
        Require(EmaDecay is >= 0 and < 1, nameof(EmaDecay), EmaDecay, "at least 0 and below 1");
        Require(FlipProbability is >= 0 and <= 1, nameof(FlipProbability), FlipProbability, "between 0 and 1");
    }

    /// <summary>Every option that bears on the result, as text, for fingerprints.</summary>
    internal string DescribeSettings() => string.Join("; ", GetType().GetProperties().Where(p => p.Name != nameof(CheckpointInterval)).OrderBy(p => p.Name, StringComparer.Ordinal)
        .Select(p => FormattableString.Invariant($"{p.Name} {p.GetValue(this)}")));
}
