using TorchSharp;

namespace REHRSeg;

/// <summary>Frame interpolation as the training loop sees it: L1 between the made frames and the true ones.</summary>
internal sealed class FrameTask : ITrainingTask, IDisposable
{
    /// <summary>Name of the only stage.</summary>
    public const string StageName = "frames";

    readonly FlavrNetwork _network;
    readonly FramePretrainingOptions _options;
    readonly FrameValidation _validation;
    readonly TrainingContext _context;
    readonly BatchPrefetcher<FrameBatch> _batches;
    readonly OneCycle _cycle;

    public FrameTask(FlavrNetwork network, FrameClipSampler sampler, FrameValidation validation, FramePretrainingOptions options, TrainingContext context)
    {
        (_network, _validation, _options, _context, _cycle) = (network, validation, options, context, new(options.Iterations, options.LearningRate));
        _batches = new((_, random) => sampler.Draw(options.BatchSize, random), context.Seed, "frame clips", checked(options.Iterations * options.Accumulation));
    }

    public string Stage => StageName;
    public int Iterations => _options.Iterations;
    public torch.nn.Module Network => _network;
    public int ValidationInterval => _options.ValidationInterval;
    public double? ClipNorm => _options.ClipNorm;
    public double? AverageDecay => _options.EmaDecay > 0 ? _options.EmaDecay : null;

    public void Schedule(int iteration, IOptimizer optimizer) => _cycle.Apply(iteration, optimizer);

    public int Parts => _options.Accumulation;

    public torch.Tensor Loss(int iteration, Random random, IDictionary<string, torch.Tensor> metrics) => Loss(iteration, 0, random, metrics);

    public torch.Tensor Loss(int iteration, int part, Random random, IDictionary<string, torch.Tensor> metrics)
    {
        var (inputs, targets) = Tensors(_batches.Next(iteration * Parts + part, _context.CancellationToken), _options, _context.Device);
        return (_network.forward(inputs) - targets).abs().mean();
    }

    public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken) => _validation.Measure(_network, cancellationToken);

    public void Dispose() => _batches.Dispose();

    /// <summary><c>B x 3 x 4 x P x P</c> and <c>B x 3 x n x P x P</c> on a device.</summary>
    public static (torch.Tensor Inputs, torch.Tensor Targets) Tensors(FrameBatch batch, FramePretrainingOptions options, torch.Device device) =>
        (torch.tensor(batch.Inputs, [batch.Count, 3, FrameClip.Inputs, options.PatchSize, options.PatchSize]).to(device),
         torch.tensor(batch.Targets, [batch.Count, 3, options.Outputs, options.PatchSize, options.PatchSize]).to(device));
}
