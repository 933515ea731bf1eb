using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Cheap measures of progress on fixed simulated samples with positions of their own, without edge dropout: PSNR (range 1), the same for
/// linear interpolation between thick slices, and the mean Dice over foreground classes. They come from the training cases, so they
/// show fitting, not generalisation.
/// </summary>
internal sealed class SelfSrValidation(ThickSlicePatchSampler sampler, SelfSrOptions options, TrainingContext context, bool labels = true)
{
    readonly Lazy<SelfSrBatch[]> _batches = new(() =>
    {
        var random = TrainingSeeds.Random(context.Seed, "self-sr validation");
        return [.. Enumerable.Range(0, options.ValidationSamples).Chunk(Math.Max(2, options.BatchSize)).Select(part => sampler.Draw(part.Length, random))];
    });

    public IReadOnlyDictionary<string, double> Measure(SelfSrNetwork network, CancellationToken cancellationToken)
    {
        using var noGrad = torch.no_grad();
        var a = network.Architecture;
        double error = 0, linearError = 0;
        long voxels = 0;
        var (overlap, total) = (new double[a.LabelChannels], new double[a.LabelChannels]);
        foreach (var batch in _batches.Value)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var (windows, image, label) = SelfSrTensors.Of(batch, a, options.PatchSize, context.Device);
            var output = network.forward(windows);
            error += Squared(output.Image, image);
            linearError += Squared(Linear(windows.narrow(1, 0, a.ImageChannels), a.Factor), image);
            voxels += image.numel();
            var predicted = torch.cat([torch.zeros_like(output.LabelLogits.narrow(1, 0, 1)), output.LabelLogits], 1).argmax(1);
            for (int k = 1; k <= a.LabelChannels; k++)
            {
                using var mine = predicted.Is(k);
                using var truth = label.Is(k);
                overlap[k - 1] += mine.logical_and(truth).sum().item<long>();
                total[k - 1] += mine.sum().item<long>() + truth.sum().item<long>();
            }
        }
        var dice = overlap.Zip(total).Where(c => c.Second > 0).Select(c => 2 * c.First / c.Second).ToList();
        var measures = new Dictionary<string, double>
        {
            ["val_psnr"] = -10 * Math.Log10(Math.Max(error / voxels, 1e-12)),
            ["val_psnr_linear"] = -10 * Math.Log10(Math.Max(linearError / voxels, 1e-12)),
        };
        if (labels) measures["val_dice"] = dice.Count > 0 ? dice.Average() : 0;
        return measures;
    }

    /// <summary>Mean |e| of the image.</summary>
    public double MeanError(SelfSrNetwork network, CancellationToken cancellationToken)
    {
        using var noGrad = torch.no_grad();
        double sum = 0;
        foreach (var batch in _batches.Value)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var (windows, image, _) = SelfSrTensors.Of(batch, network.Architecture, options.PatchSize, context.Device);
            sum += (network.forward(windows).Image - image).abs().mean().item<float>() * batch.Count;
        }
        return sum / options.ValidationSamples;
    }

    /// <summary>Thin slices of the second of 4 thick ones by linear interpolation: <c>B x C x 4 x P x P</c> to <c>B x C x r x P x P</c>.</summary>
    static torch.Tensor Linear(torch.Tensor thick, int factor) => torch.cat([.. Enumerable.Range(0, factor).Select(t =>
    {
        double position = 1 + (t + 0.5) / factor - 0.5;
        int below = (int)position;
        return torch.lerp(thick.narrow(2, below, 1), thick.narrow(2, below + 1, 1), torch.tensor((float)(position - below), device: thick.device));
    })], 2);

    static double Squared(torch.Tensor a, torch.Tensor b) => (a - b).Squared().sum(torch.ScalarType.Float64).item<double>();
}
