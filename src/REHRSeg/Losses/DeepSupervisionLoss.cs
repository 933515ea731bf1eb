using static TorchSharp.torch;

namespace REHRSeg;

/// <summary><see cref="DiceCrossEntropyLoss"/> on every decoder level of nnU-Net's pre-training (METHOD.md 6.3).</summary>
internal static class DeepSupervisionLoss
{
    /// <summary>Weights of levels, high to low: 1, 1/2, 1/4, ..., the last 0, normalised to a sum of 1; a single level has 1.</summary>
    public static double[] Weights(int levels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 1);
        if (levels == 1) return [1];
        double sum = 2 - Math.Pow(2, 2 - levels);
        return [.. Enumerable.Range(0, levels).Select(i => i == levels - 1 ? 0 : Math.Pow(2, -i) / sum)];
    }

    /// <summary>The weighted loss; cross-entropy and Dice of the highest level go to <paramref name="metrics"/> as <c>ce</c> and <c>dice</c>.</summary>
    /// <param name="logits">Highest level, <c>B x K x D x H x W</c>.</param>
    /// <param name="deep">Lower levels, high to low.</param>
    /// <param name="label"><c>B x D x H x W</c> int64; reduced to each level by its nearest voxel.</param>
    /// <param name="metrics">Receives detached scalars.</param>
    /// <param name="batchDice">Dice of the whole batch as if it were one volume (nnU-Net 2-D), on every level.</param>
    public static Tensor Compute(Tensor logits, IReadOnlyList<Tensor> deep, Tensor label, IDictionary<string, Tensor>? metrics = null, bool batchDice = false)
    {
        var weights = Weights(deep.Count + 1);
        var highest = DiceCrossEntropyLoss.Compute(logits, label, batchDice);
        metrics?.TryAdd("ce", highest.CrossEntropy.detach());
        metrics?.TryAdd("dice", highest.Dice.detach());
        var loss = highest.Loss.Times(weights[0]);
        for (int i = 0; i < deep.Count; i++)
            if (weights[i + 1] > 0) loss = loss.Plus(DiceCrossEntropyLoss.Compute(deep[i], Reduce(label, deep[i].shape.AsSpan(2)), batchDice).Loss.Times(weights[i + 1]));
        return loss;
    }

    /// <summary>Nearest voxel with half-pixel centres (the later one at a tie), <c>B x D x H x W</c> to <c>B x size</c>.</summary>
    public static Tensor Reduce(Tensor label, ReadOnlySpan<long> size)
    {
        for (int axis = 0; axis < size.Length; axis++)
        {
            long from = label.shape[axis + 1], to = size[axis];
            if (from == to) continue;
            long[] source = [.. Enumerable.Range(0, (int)to).Select(i => Math.Min(from - 1, (2 * i + 1) * from / (2 * to)))];
            label = label.index_select(axis + 1, tensor(source, device: label.device));
        }
        return label;
    }
}
