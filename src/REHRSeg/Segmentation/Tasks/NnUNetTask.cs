using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>
/// The nnU-Net phase on real thick cases: cross-entropy and Dice with deep supervision, polynomial learning rate (METHOD.md section 7). It falls at each
/// iteration, nnU-Net's at each epoch of 250: over its 250,000 iterations the two differ by at most 0.1 % of the first one until the last epoch.
/// </summary>
internal sealed class NnUNetTask : ITrainingTask, IDisposable
{
    readonly SegmentationNetwork _network;
    readonly RehrSegOptions _options;
    readonly TrainingContext _context;
    readonly SegmentationValidation? _validation;
    readonly BatchPrefetcher<SegmentationBatch[]> _batches;
    SegmentationBatch[] _parts = [];

    public NnUNetTask(SegmentationNetwork network, PatchSampler sampler, RehrSegOptions options, TrainingContext context, SegmentationValidation? validation = null)
    {
        (_network, _options, _context, _validation) = (network, options, context, validation);
        _batches = new((_, random) => sampler.Draw(random, options.Accumulation), context.Seed, Stage, options.NnUNetIterations, threads: BatchPrefetcher<SegmentationBatch[]>.DefaultThreads);
    }

    /// <inheritdoc/>
    public string Stage => TrainingStages.NnUNet;
    /// <inheritdoc/>
    public int Iterations => _options.NnUNetIterations;
    /// <inheritdoc/>
    public nn.Module Network => _network;
    /// <inheritdoc/>
    public int ValidationInterval => _validation is null ? 0 : _options.ValidationInterval;
    /// <inheritdoc/>
    public string? Score => SegmentationValidation.Score;
    /// <inheritdoc/>
    public bool KeepBest => _options.KeepBest;
    /// <inheritdoc/>
    public int? Patience => _options.Patience;
    /// <inheritdoc/>
    public double? ClipNorm => _options.ClipNorm;

    /// <inheritdoc/>
    public void Schedule(int iteration, IOptimizer optimizer)
        => optimizer.LearningRate = Schedules.Polynomial(iteration, Iterations, _options.LearningRate, _options.LearningRatePower);

    /// <inheritdoc/>
    public int Parts => _options.Accumulation;
    /// <inheritdoc/>
    public Tensor Loss(int iteration, Random random, IDictionary<string, Tensor> metrics) => Loss(iteration, 0, random, metrics);

    /// <inheritdoc/>
    public Tensor Loss(int iteration, int part, Random random, IDictionary<string, Tensor> metrics)
    {
        if (part == 0) _parts = _batches.Next(iteration, _context.CancellationToken);
        var batch = _parts[part];
        var output = _network.forward(batch.ImageTensor(_context.Device), SegmentationOutputs.Lr | (_options.DeepSupervision ? SegmentationOutputs.DeepSupervision : 0));
        return DeepSupervisionLoss.Compute(output.Lr!, _options.DeepSupervision ? output.Deep : [], batch.LabelTensor(_context.Device), metrics, batchDice: _options.Method == SegmentationMethod.NnUNet2D);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken) => _validation!.Measure(_network, Stage, iteration, hr: false, cancellationToken);

    /// <inheritdoc/>
    public TimeSpan? DataWait => _batches.Waited;
    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();
}
