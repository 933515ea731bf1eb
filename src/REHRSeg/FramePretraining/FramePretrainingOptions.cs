using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>
/// Every number of frame-interpolation pretraining. The network is FLAVR (Kalluri et al., WACV 2023) in its published form; the defaults follow that paper:
/// width 64, crops of 256, batches of 64, about 200 epochs of Vimeo-90K, Adam, L1; the learning rate follows one cycle, where FLAVR halves it on plateaus.
/// </summary>
public sealed record FramePretrainingOptions
{
    /// <summary>Channels of the first encoder level; must be the self-SR network's (64 = published).</summary>
    public int Width { get; init; } = 64;
    /// <summary>
    /// Frames n between the two middle input frames, 1 to 15. With the step k = n + 1 a clip is 3k + 1 consecutive frames: 0, k, 2k and 3k are the input,
    /// k+1 to 2k-1 the target. 1: four of seven frames (FLAVR's 2x); 3 and 7: its 4x and 8x.
    /// </summary>
    public int Outputs { get; init; } = 1;

    /// <summary>Iterations.</summary>
    public int Iterations { get; init; } = 200_000;
    /// <summary>Clips per iteration, or per micro-batch with <see cref="Accumulation"/>.</summary>
    public int BatchSize { get; init; } = 64;
    /// <summary>Micro-batches per iteration, at least 1: their gradients are added up before the one step, so that memory is that of one.</summary>
    public int Accumulation { get; init; } = 1;
    /// <summary>Side H = W of the random crop in pixels, a multiple of 8.</summary>
    public int PatchSize { get; init; } = 256;
    /// <summary>Peak of the OneCycle learning rate.</summary>
    public double LearningRate { get; init; } = 2e-4;
    /// <summary>Adam's beta2.</summary>
    public double Beta2 { get; init; } = 0.99;
    /// <summary>Gradient norm limit; null: none.</summary>
    public double? ClipNorm { get; init; }
    /// <summary>Decay of an exponential moving average of the weights, which then is the result; 0: none.</summary>
    public double EmaDecay { get; init; }

    /// <summary>Probability of a flip, for each of H and W.</summary>
    public double FlipProbability { get; init; } = 0.5;
    /// <summary>Probability that the clip is played backwards.</summary>
    public double ReversalProbability { get; init; } = 0.5;
    /// <summary>Probability that H and W are exchanged: with flips, turns by 90 degrees.</summary>
    public double SwapProbability { get; init; } = 0.5;
    /// <summary>Probability that the colour channels are put in another order. Without effect on grey frames.</summary>
    public double ChannelShuffleProbability { get; init; }

    /// <summary>Slice axis of volumes; null: the axis of largest spacing.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Axes of a volume along which its planes are played as a film.</summary>
    public VolumeAxes VolumeAxes { get; init; } = VolumeAxes.All;
    /// <summary>Quantile of a volume that becomes 0, as in self-SR.</summary>
    public double RobustLow { get; init; } = 0.001;
    /// <summary>Quantile of a volume that becomes 1.</summary>
    public double RobustHigh { get; init; } = 0.995;

    /// <summary>
    /// Share of the films (volumes count as one each) that is not trained on and gives the measures, at least one; a single film gives its last part.
    /// 0: measures come from the training clips. Vimeo-90K's <c>sep_testlist.txt</c> goes before.
    /// </summary>
    public double HeldOut { get; init; } = 0.05;
    /// <summary>Iterations between measures (PSNR of fixed held-out clips, beside the average of the two middle frames); 0: none but the last.</summary>
    public int ValidationInterval { get; init; } = 1000;
    /// <summary>Clips of a measure.</summary>
    public int ValidationSamples { get; init; } = 32;

    /// <summary>Megabytes of decoded image frames that are kept.</summary>
    public int CacheMegabytes { get; init; } = 256;
    /// <summary>Threads that read and cut the clips of a batch, beside the one that trains.</summary>
    public int ReaderThreads { get; init; } = 1;

    /// <summary>Seed of every random choice.</summary>
    public int Seed { get; init; } = 1;
    /// <summary>GPU to train on; null: the CPU.</summary>
    public int? GpuDeviceId { get; init; }
    /// <summary>Use the CPU, with a warning, where the GPU cannot be had.</summary>
    public bool FallbackToCpu { get; init; } = true;
    /// <summary>Numbers of the network's convolutions; null: bfloat16 where it is faster, as <see cref="TrainerOptions.BFloat16"/>.</summary>
    public bool? BFloat16 { get; init; }
    /// <summary>Folder for checkpoints, <c>training.jsonl</c> and TensorBoard events; null: none are written.</summary>
    public string? CheckpointDirectory { get; init; }
    /// <summary>Continue from the checkpoint in <see cref="CheckpointDirectory"/>.</summary>
    public bool Resume { get; init; }
    /// <summary>Iterations between checkpoints, at least 1.</summary>
    public int CheckpointInterval { get; init; } = 500;
    /// <summary>Receives progress.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }
    /// <summary>Receives remarks.</summary>
    public Action<string>? Log { get; init; }
    /// <summary>Receives warnings.</summary>
    public Action<string>? Warn { get; init; }
    /// <summary>Stops the training; the checkpoint stays resumable.</summary>
    public CancellationToken CancellationToken { get; init; }

    internal FrameClip Clip => new(Outputs);

    /// <summary>Checks every number.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; names option, value and range.</exception>
    internal void Validate()
    {
        void Require(bool holds, string option, object? value, string range)
        {
            if (!holds) throw new ArgumentException(FormattableString.Invariant($"{nameof(FramePretrainingOptions)}.{option} is {value}; it must be {range}."), option);
        }
        void Probability(double value, string option) => Require(value is >= 0 and <= 1, option, value, "between 0 and 1");

        Require(Width is >= 1 and <= 1024, nameof(Width), Width, "1 to 1024");
        Require(Outputs is >= 1 and <= 15, nameof(Outputs), Outputs, "1 to 15");
        Require(Iterations >= 1, nameof(Iterations), Iterations, "at least 1");
        Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "at least 1");
        Require(Accumulation >= 1 && (long)Accumulation * Iterations < int.MaxValue, nameof(Accumulation), Accumulation, "at least 1, and times Iterations below 2^31");
        Require(PatchSize is >= 8 and <= 4096 && PatchSize % 8 == 0, nameof(PatchSize), PatchSize, "a multiple of 8 from 8 to 4096");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "positive");
        Require(Beta2 is > 0 and < 1, nameof(Beta2), Beta2, "between 0 and 1, exclusive");
        Require(ClipNorm is null || ClipNorm > 0 && double.IsFinite(ClipNorm.Value), nameof(ClipNorm), ClipNorm, "positive, or null");
        Require(EmaDecay is >= 0 and < 1, nameof(EmaDecay), EmaDecay, "at least 0 and below 1");
        Probability(FlipProbability, nameof(FlipProbability));
        Probability(ReversalProbability, nameof(ReversalProbability));
        Probability(SwapProbability, nameof(SwapProbability));
        Probability(ChannelShuffleProbability, nameof(ChannelShuffleProbability));
        Require(Axis is null || Enum.IsDefined(Axis.Value), nameof(Axis), Axis, "X, Y or Z, or null");
        Require(Enum.IsDefined(VolumeAxes), nameof(VolumeAxes), VolumeAxes, "Slice or All");
        Probability(RobustLow, nameof(RobustLow));
        Probability(RobustHigh, nameof(RobustHigh));
        Require(RobustLow < RobustHigh, nameof(RobustLow), RobustLow, $"below {nameof(RobustHigh)}");
        Require(HeldOut is >= 0 and <= 0.5, nameof(HeldOut), HeldOut, "between 0 and 0.5");
        Require(ValidationInterval >= 0, nameof(ValidationInterval), ValidationInterval, "0 or more");
        Require(ValidationSamples >= 1, nameof(ValidationSamples), ValidationSamples, "at least 1");
        Require(CacheMegabytes >= 0, nameof(CacheMegabytes), CacheMegabytes, "0 or more");
        Require(ReaderThreads is >= 1 and <= 256, nameof(ReaderThreads), ReaderThreads, "1 to 256");
        Require(CheckpointInterval >= 1, nameof(CheckpointInterval), CheckpointInterval, "at least 1");
        Require(!Resume || CheckpointDirectory is not null, nameof(Resume), Resume, $"false where {nameof(CheckpointDirectory)} is not given");
    }

    /// <summary>Every option that bears on the weights, by name.</summary>
    internal SortedDictionary<string, string> Settings()
    {
        string[] others =
        [
            nameof(GpuDeviceId), nameof(FallbackToCpu), nameof(CheckpointDirectory), nameof(Resume), nameof(CheckpointInterval), nameof(Progress), nameof(Log), nameof(Warn),
            nameof(CancellationToken), nameof(ValidationInterval), nameof(ValidationSamples), nameof(CacheMegabytes), nameof(ReaderThreads),
        ];
        return new(GetType().GetProperties().Where(p => !others.Contains(p.Name)).ToDictionary(p => p.Name, p => FormattableString.Invariant($"{p.GetValue(this)}")), StringComparer.Ordinal);
    }
}

/// <summary>Axes of a volume along which its planes are played as a film.</summary>
public enum VolumeAxes
{
    /// <summary>The slice axis alone, slices as they are.</summary>
    Slice,
    /// <summary>
    /// All three. A volume whose slices are at least 1.5 times as far apart as its voxels in plane gives its slices as they are and, along both in-plane axes, planes of
    /// the volume that was refined along the slice axis (cubic B-spline): the geometry of self-SR's samples. All volumes, refined, must fit into memory; else use
    /// <see cref="Slice"/>.
    /// </summary>
    All,
}
