using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>
/// Fine-tuning on pseudo pairs (METHOD.md section 9): uncertainty-weighted cross-entropy on thick labels (eq. 7), cross-entropy and Dice on thin labels,
/// and distillation from the self-SR network (eq. 9-11, or another <see cref="DistillationKind"/>). The terms that the options switch off are not computed.
/// </summary>
internal sealed class RehrSegTask : ITrainingTask, IDisposable
{
    readonly DistillationStudent _student;
    readonly RehrSegOptions _options;
    readonly SelfSrModel? _teacher;
    readonly TrainingContext _context;
    readonly int _classes;
    readonly SegmentationValidation? _validation;
    readonly BatchPrefetcher<SegmentationBatch[]> _batches;
    SegmentationBatch[] _parts = [];

    /// <param name="student">Network and adaptor.</param>
    /// <param name="sampler">Pseudo pairs, and real cases to mix in.</param>
    /// <param name="options">Terms and their weights.</param>
    /// <param name="teacher">Self-SR model; null: nothing is distilled.</param>
    /// <param name="context">Device, seed, cancellation.</param>
    /// <param name="validation">Held-out cases; null: none.</param>
    public RehrSegTask(DistillationStudent student, PatchSampler sampler, RehrSegOptions options, SelfSrModel? teacher, TrainingContext context, SegmentationValidation? validation = null)
    {
        (_student, _options, _teacher, _context, _validation) = (student, options, teacher, context, validation);
        _classes = student.Network.Architecture.Classes;
        _batches = new((_, random) => sampler.Draw(random, options.Accumulation), context.Seed, Stage, options.FineTuneIterations, threads: BatchPrefetcher<SegmentationBatch[]>.DefaultThreads);
    }

    /// <inheritdoc/>
    public string Stage => TrainingStages.RehrSeg;
    /// <inheritdoc/>
    public int Iterations => _options.FineTuneIterations;
    /// <inheritdoc/>
    public nn.Module Network => _student;
    /// <inheritdoc/>
    public int ValidationInterval => _validation is null ? 0 : _options.ValidationInterval;
    /// <inheritdoc/>
    public string? Score => SegmentationValidation.Score;
    /// <inheritdoc/>
    public bool KeepBest => _options.KeepBest;
    /// <inheritdoc/>
    public int? Patience => _options.Patience;
    /// <inheritdoc/>
    public double? ClipNorm => _options.FineTuneClipNorm;

    /// <inheritdoc/>
    public void Schedule(int iteration, IOptimizer optimizer) => optimizer.LearningRate = Schedules.Linear(iteration, Iterations, _options.FineTuneLearningRate);

    /// <inheritdoc/>
    public int Parts => _options.Accumulation;
    /// <inheritdoc/>
    public Tensor Loss(int iteration, Random random, IDictionary<string, Tensor> metrics) => Loss(iteration, 0, random, metrics);

    /// <inheritdoc/>
    public Tensor Loss(int iteration, int part, Random random, IDictionary<string, Tensor> metrics)
    {
        if (part == 0) _parts = _batches.Next(iteration, _context.CancellationToken);
        var batch = _parts[part];
        // The HR term is a mean over the samples with thin labels, of which micro-batches may have different numbers.
        var terms = Terms with { HighResolution = Terms.HighResolution && batch.HrCount > 0, HrWeight = Parts == 1 ? Terms.HrWeight : Terms.HrWeight * batch.HrCount * Parts / Math.Max(1, _parts.Sum(p => p.HrCount)) };
        var outputs = SegmentationOutputs.Lr | (terms.HighResolution ? SegmentationOutputs.Hr : 0) | (terms.Distils ? SegmentationOutputs.Feature : 0);
        var output = _student.Network.forward(batch.ImageTensor(_context.Device), outputs);
        if (terms.HighResolution && batch.HrCount < batch.Count) output = output with { Hr = output.Hr!.narrow(0, 0, batch.HrCount) };
        var targets = new RehrSegTargets(
            batch.LabelTensor(_context.Device),
            terms.HighResolution ? batch.HrLabelTensor(_context.Device) : null,
            terms.Uncertainty ? batch.UncertaintyTensor(_context.Device) : null,
            terms.Distils ? TeacherFeature(batch) : null);
        return RehrSegLoss.Compute(output, targets, _student.Adaptor, terms, metrics);
    }

    Tensor TeacherFeature(SegmentationBatch batch)
    {
        using var noGrad = no_grad();
        return _teacher!.TeacherFeature(batch.TeacherTensor(_classes, _context.Device), _options.TeacherLayer);
    }

    RehrSegLossOptions Terms => new()
    {
        Uncertainty = _options.UseUncertainty,
        LrWeight = _options.LrLossWeight,
        LrDiceWeight = _options.LrDiceWeight,
        HighResolution = _options.HrLossWeight > 0,
        HrWeight = _options.HrLossWeight,
        Distillation = _teacher is null ? null : _options.Distillation,
        CorrelationWeight = _options.CorrelationWeight,
        SpatialWeight = _options.CosineWeight,
        DistillationWeight = _options.DistillationWeight,
    };

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken) => _validation!.Measure(_student.Network, Stage, iteration, _options.HrLossWeight > 0, cancellationToken);

    /// <inheritdoc/>
    public TimeSpan? DataWait => _batches.Waited;
    /// <inheritdoc/>
    public void Dispose() => _batches.Dispose();
}

/// <summary>What fine-tuning trains: the network and the adaptor of its feature, if a distillation term needs one.</summary>
internal sealed class DistillationStudent : nn.Module
{
    /// <param name="network">Student.</param>
    /// <param name="teacherChannels">Channels of the teacher's feature; null: no adaptor.</param>
    public DistillationStudent(SegmentationNetwork network, int? teacherChannels) : base(nameof(DistillationStudent))
    {
        Network = network;
        register_module("network", network);
        if (teacherChannels is not { } channels) return;
        Adaptor = new(network.Architecture.Features[1], channels);
        register_module("adaptor", Adaptor);
    }

    /// <summary>Student.</summary>
    public SegmentationNetwork Network { get; }
    /// <summary>From the student's to the teacher's channels; null: none.</summary>
    public FeatureAdaptor? Adaptor { get; }
}
