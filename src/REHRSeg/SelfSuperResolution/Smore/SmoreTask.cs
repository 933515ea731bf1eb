using TorchSharp;

namespace REHRSeg;

/// <summary>SMORE's training as the training loop sees it: L1, cross-entropy and Dice (METHOD.md 3.4).</summary>
internal sealed class SmoreTask : ITrainingTask, IDisposable
{
    readonly WdsrNetwork _network;
    readonly SmoreOptions _options;
    readonly SmorePatchSampler _sampler;
    readonly TrainingContext _context;
    readonly BatchPrefetcher<SmoreBatch> _batches;
    readonly OneCycle _cycle;
    readonly bool _labels;

    public SmoreTask(WdsrNetwork network, SmorePatchSampler sampler, SmoreOptions options, TrainingContext context, bool labels)
    {
        (_network, _sampler, _options, _context, _labels, _cycle) = (network, sampler, options, context, labels, new(options.Iterations, options.LearningRate));
        _batches = new((_, random) => sampler.Draw(options.BatchSize, random), context.Seed, TrainingStages.Smore + " samples", options.Iterations);
    }

    public string Stage => TrainingStages.Smore;
    public int Iterations => _options.Iterations;
    public torch.nn.Module Network => _network;
    public int ValidationInterval => 0;
    public double? ClipNorm => _options.ClipNorm;
    public double? AverageDecay => _options.EmaDecay > 0 ? _options.EmaDecay : null;

    public void Schedule(int iteration, IOptimizer optimizer) => _cycle.Apply(iteration, optimizer);

    public torch.Tensor Loss(int iteration, Random random, IDictionary<string, torch.Tensor> metrics)
    {
        var batch = _batches.Next(iteration, _context.CancellationToken);
        var a = _network.Architecture;
        int rows = _sampler.Rows, columns = _sampler.Columns;
        torch.Tensor On(torch.Tensor tensor) => tensor.to(_context.Device);
        var (image, logits) = _network.forward(On(torch.tensor(batch.Thick, [batch.Count, a.ImageChannels + a.LabelChannels, rows, columns])));
        return SelfSrLoss.Compute(new(image.unsqueeze(2), logits.unsqueeze(2), null),
            On(torch.tensor(batch.Image, [batch.Count, a.ImageChannels, 1, a.Factor * rows, columns])),
            On(torch.tensor(batch.Label, [batch.Count, 1, a.Factor * rows, columns])).to(torch.int64), SelfSrLossForm.Pixel, metrics, labels: _labels);
    }

    public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken) => new Dictionary<string, double>();

    public void Dispose() => _batches.Dispose();
}
