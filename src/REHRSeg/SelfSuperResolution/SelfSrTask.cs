using TorchSharp;

namespace REHRSeg;

/// <summary>One phase of stage 1 as the training loop sees it.</summary>
internal sealed class SelfSrTask : ITrainingTask, IDisposable
{
    readonly SelfSrNetwork _network;
    readonly SelfSrOptions _options;
    readonly torch.Device _device;
    readonly CancellationToken _cancellationToken;
    readonly SelfSrLossForm _loss;
    readonly SelfSrValidation _validation;
    readonly BatchPrefetcher<SelfSrBatch> _batches;
    readonly Action<int, IOptimizer> _schedule;
    readonly bool _labels;
    SelfSrBatch[] _parts = [];
    torch.Tensor[] _diceSums = [];

    /// <param name="stage">Name.</param>
    /// <param name="iterations">Of the stage.</param>
    /// <param name="network">Trained here.</param>
    /// <param name="loss">Form of the image term.</param>
    /// <param name="schedule">Sets the learning rate.</param>
    /// <param name="sampler">Of patches.</param>
    /// <param name="validation">Measures.</param>
    /// <param name="options">Numbers.</param>
    /// <param name="context">Device, seed, cancellation.</param>
    /// <param name="labels">False: the loss has no label terms.</param>
    public SelfSrTask(string stage, int iterations, SelfSrNetwork network, SelfSrLossForm loss, Action<int, IOptimizer> schedule, ThickSlicePatchSampler sampler, SelfSrValidation validation, SelfSrOptions options, TrainingContext context, bool labels = true)
    {
        _labels = labels;
        (Stage, Iterations, _network, _loss, _schedule, _validation, _options, _device, _cancellationToken) = (stage, iterations, network, loss, schedule, validation, options, context.Device, context.CancellationToken);
        _batches = new((_, random) => sampler.Draw(options.BatchSize * options.Accumulation, random), context.Seed, stage + " samples", iterations, Math.Max(1, 4 / options.Accumulation));
    }

    public string Stage { get; }
    public int Iterations { get; }
    public torch.nn.Module Network => _network;
    public int ValidationInterval => _options.ValidationInterval;
    public double? ClipNorm => _options.ClipNorm;
    public double? AverageDecay => _options.EmaDecay > 0 ? _options.EmaDecay : null;

    public void Schedule(int iteration, IOptimizer optimizer) => _schedule(iteration, optimizer);

    public int Parts => _options.Accumulation;

    public torch.Tensor Loss(int iteration, Random random, IDictionary<string, torch.Tensor> metrics) => Loss(iteration, 0, random, metrics);

    public torch.Tensor Loss(int iteration, int part, Random random, IDictionary<string, torch.Tensor> metrics)
    {
        if (part == 0)
        {
            _parts = _batches.Next(iteration, _cancellationToken).Split(Parts);
            SumDice();
        }
        var (windows, image, label) = Tensors(_parts[part]);
        var rest = _diceSums.Length > 1 ? new DiceRest(torch.stack(_diceSums.Where((_, i) => i != part)).sum([0]), Parts) : null;
        return SelfSrLoss.Compute(_network.forward(windows), image, label, _loss, metrics, rest, _labels);
    }

    // Dice is over the whole batch: its sums come from a pass without gradient before the first micro-batch's.
    void SumDice()
    {
        if (Parts == 1 || !_labels) return;
        foreach (var sums in _diceSums) sums.Dispose();
        using var noGrad = torch.no_grad();
        _diceSums = [.. _parts.Select(part =>
        {
            _cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var (windows, _, label) = Tensors(part);
            return SelfSrLoss.DiceSums(_network.forward(windows).LabelLogits, label).DetachFromDisposeScope();
        })];
    }

    (torch.Tensor Windows, torch.Tensor Image, torch.Tensor Label) Tensors(SelfSrBatch batch) => SelfSrTensors.Of(batch, _network.Architecture, _options.PatchSize, _device);

    public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken) => _validation.Measure(_network, cancellationToken);

    public void Dispose()
    {
        _batches.Dispose();
        foreach (var sums in _diceSums) sums.Dispose();
    }
}

/// <summary>A batch as tensors on a device.</summary>
internal static class SelfSrTensors
{
    /// <summary>Windows <c>B x (C+L) x 4 x P x P</c>, thin image <c>B x C x r x P x P</c>, class indices <c>B x r x P x P</c> (int64).</summary>
    public static (torch.Tensor Windows, torch.Tensor Image, torch.Tensor Label) Of(SelfSrBatch batch, SelfSrArchitecture a, int side, torch.Device device) =>
        (torch.tensor(batch.Windows, [batch.Count, a.ImageChannels + a.LabelChannels, ThickSlicePatchSampler.WindowSlices, side, side]).to(device),
         torch.tensor(batch.Image, [batch.Count, a.ImageChannels, a.Factor, side, side]).to(device),
         torch.tensor(batch.Label, [batch.Count, a.Factor, side, side]).to(device).to(torch.int64));
}
