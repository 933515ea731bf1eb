namespace REHRSeg.Imaging;

/// <summary>
/// nnU-Net's split: sorted case ids, KFold with shuffle, seed 12345, on numpy's RandomState (MT19937) (METHOD.md section 7).
/// </summary>
public static class CrossValidationFolds
{
    /// <summary>Training and validation ids for each fold, each sorted (ordinal). Every id validates in exactly one fold.</summary>
    /// <exception cref="ArgumentException">Fewer ids than folds, fewer than 2 folds, or an id given twice.</exception>
    public static IReadOnlyList<Fold> Split(IEnumerable<string> caseIds, int folds = 5, int seed = 12345)
    {
        ArgumentNullException.ThrowIfNull(caseIds);
        string[] ids = [.. caseIds.Order(StringComparer.Ordinal)];
        if (folds < 2) throw new ArgumentOutOfRangeException(nameof(folds), folds, "A cross-validation has at least 2 folds.");
        if (ids.Length < folds) throw new ArgumentException($"{ids.Length} case(s) cannot be split into {folds} folds; use fewer folds or more cases.", nameof(caseIds));
        for (int i = 1; i < ids.Length; i++)
            if (ids[i] == ids[i - 1]) throw new ArgumentException($"The case id {ids[i]} was given twice.", nameof(caseIds));

        int[] shuffled = Shuffle(ids.Length, seed);
        var result = new Fold[folds];
        for (int fold = 0, from = 0; fold < folds; fold++)
        {
            int count = ids.Length / folds + (fold < ids.Length % folds ? 1 : 0);
            var validation = shuffled.AsSpan(from, count).ToArray().ToHashSet();
            result[fold] = new([.. ids.Where((_, i) => !validation.Contains(i))], [.. ids.Where((_, i) => validation.Contains(i))]);
            from += count;
        }
        return result;
    }

    /// <summary><c>numpy.random.RandomState(seed).shuffle(arange(n))</c>: Fisher-Yates from the end, bounded draws by masked rejection.</summary>
    internal static int[] Shuffle(int n, int seed)
    {
        var random = new MersenneTwister(unchecked((uint)seed));
        var order = Enumerable.Range(0, n).ToArray();
        for (int i = n - 1; i > 0; i--)
        {
            int j = (int)random.NextAtMost((uint)i);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}

/// <summary>One fold of a cross-validation.</summary>
/// <param name="Train">Ids to train on.</param>
/// <param name="Validation">Ids held out.</param>
public sealed record Fold(IReadOnlyList<string> Train, IReadOnlyList<string> Validation);
