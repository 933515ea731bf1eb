using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>
/// nnU-Net's validation while training (METHOD.md section 7): random patches of held-out cases, with foreground oversampling and without augmentation,
/// from generators of their own. The loss is that of the highest level alone. There is no thin truth of real cases, so the HR head is measured by the
/// majority of its r thin labels against the thick label: what it must agree with, not how well it places a border within a slice.
/// </summary>
/// <param name="sampler">Of the held-out cases.</param>
/// <param name="labels">Names of the classes.</param>
/// <param name="factor">Thin slices per thick slice, r.</param>
/// <param name="options">Batches of a validation.</param>
/// <param name="context">Device and seed.</param>
internal sealed class SegmentationValidation(PatchSampler sampler, ImmutableArray<LabelClass> labels, int factor, RehrSegOptions options, TrainingContext context)
{
    /// <summary>The measure that the best weights are picked by.</summary>
    public const string Score = "val_dice";

    /// <summary>Prepares the held-out cases; null: there are none, or they are not asked for.</summary>
    /// <exception cref="DatasetException">A held-out label map holds a value that has no name.</exception>
    public static SegmentationValidation? Create(RehrSegTrainingData data, SegmentationPlan plan, RehrSegTrainingSetup setup, CasePreparation preparation, RehrSegOptions options, TrainingContext context)
    {
        if (data.Validation.Count == 0 || options.ValidationInterval == 0) return null;
        var (held, axisOf) = MethodData.CasesOf(data.Validation, options, setup);
        var cases = preparation.Real(held, axisOf, context.CancellationToken);
        var settings = PatchSamplerSettings.From(plan, options) with { Spatial = new(0, 0, plan.InPlaneAugmentation), Transforms = [] };
        return new(new(cases, [], settings), setup.Labels, setup.Factor, options, context);
    }

    /// <summary>
    /// <c>val_dice</c> (mean foreground), <c>val_ce</c> and <c>val_loss</c> (cross-entropy - soft Dice) on thick slices, <c>val_dice_hr</c> if asked for,
    /// and <c>val_dice_CLASS</c> of every class that was there or predicted.
    /// </summary>
    /// <param name="network">On the context's device.</param>
    /// <param name="stage">Names the random sequence.</param>
    /// <param name="iteration">The patches depend on it.</param>
    /// <param name="hr">Measure the HR head too.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    public IReadOnlyDictionary<string, double> Measure(SegmentationNetwork network, string stage, int iteration, bool hr, CancellationToken cancellationToken)
    {
        using var noGrad = no_grad();
        var random = TrainingSeeds.Random(context.Seed, stage + " validation", iteration);
        OnlineDice dice = new(labels.Length), hrDice = new(labels.Length);
        double crossEntropy = 0, loss = 0;
        for (int i = 0; i < options.ValidationBatches; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var batch = sampler.Draw(random);
            var output = network.forward(batch.ImageTensor(context.Device), SegmentationOutputs.Lr | (hr ? SegmentationOutputs.Hr : 0));
            var terms = DiceCrossEntropyLoss.Compute(output.Lr!, batch.LabelTensor(context.Device), options.Method == SegmentationMethod.NnUNet2D);
            crossEntropy += terms.CrossEntropy.item<float>() / options.ValidationBatches;
            loss += terms.Loss.item<float>() / options.ValidationBatches;
            dice.Add(Classes(output.Lr!), batch.Label);
            if (hr) hrDice.Add(Thick(Classes(output.Hr!), batch), batch.Label);
        }
        var measures = new Dictionary<string, double> { [Score] = dice.MeanForeground, ["val_ce"] = crossEntropy, ["val_loss"] = loss };
        if (hr) measures["val_dice_hr"] = hrDice.MeanForeground;
        for (int c = 1; c < labels.Length; c++)
            if (dice.Of(c) is var value && double.IsFinite(value)) measures.TryAdd($"val_dice_{labels[c].Name}", value);
        return measures;
    }

    /// <summary>The most probable class of each voxel.</summary>
    static byte[] Classes(Tensor logits) => logits.argmax(1).to(ScalarType.Byte).cpu().contiguous().bytes.ToArray();

    /// <summary>Majority of the r thin labels of each thick voxel: <c>B x rD x H x W</c> to <c>B x D x H x W</c>.</summary>
    byte[] Thick(ReadOnlySpan<byte> thin, SegmentationBatch batch)
    {
        int plane = sampler.Patch.Height * sampler.Patch.Width;
        var thick = new byte[batch.Label.Length];
        for (int slice = 0; slice < thick.Length / plane; slice++)
            for (int i = 0; i < plane; i++)
                thick[slice * plane + i] = LabelMajority.Of(thin[(slice * factor * plane + i)..], factor, plane, (factor - 1) / 2);
        return thick;
    }
}
