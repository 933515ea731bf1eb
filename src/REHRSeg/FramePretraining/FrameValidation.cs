using TorchSharp;

namespace REHRSeg;

/// <summary>
/// PSNR (range 1, over all pixels of fixed clips) of the made frames, and of the straight line between the two middle input frames: with one target their average.
/// </summary>
internal sealed class FrameValidation(FrameClipSampler sampler, FramePretrainingOptions options, TrainingContext context)
{
    /// <summary>Names of the measures.</summary>
    public const string Psnr = "val_psnr", LinearPsnr = "val_psnr_linear";

    readonly Lazy<FrameBatch[]> _batches = new(() =>
    {
        var random = TrainingSeeds.Random(context.Seed, "frame validation");
        return [.. Enumerable.Range(0, options.ValidationSamples).Chunk(Math.Max(2, options.BatchSize)).Select(part => sampler.Draw(part.Length, random))];
    });

    public IReadOnlyDictionary<string, double> Measure(FlavrNetwork network, CancellationToken cancellationToken)
    {
        using var noGrad = torch.no_grad();
        double error = 0, linearError = 0;
        long values = 0;
        foreach (var batch in _batches.Value)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var (inputs, targets) = FrameTask.Tensors(batch, options, context.Device);
            error += Squared(network.forward(inputs), targets);
            linearError += Squared(Linear(inputs), targets);
            values += targets.numel();
        }
        return new Dictionary<string, double> { [Psnr] = Decibel(error / values), [LinearPsnr] = Decibel(linearError / values) };
    }

    torch.Tensor Linear(torch.Tensor inputs)
    {
        torch.Tensor before = inputs.narrow(2, 1, 1), after = inputs.narrow(2, 2, 1);
        return torch.cat([.. Enumerable.Range(1, options.Outputs).Select(i => before.Plus((after - before).Times((double)i / options.Clip.Step)))], 2);
    }

    static double Squared(torch.Tensor a, torch.Tensor b) => (a - b).Squared().sum(torch.ScalarType.Float64).item<double>();

    static double Decibel(double meanSquare) => -10 * Math.Log10(Math.Max(meanSquare, 1e-12));
}
