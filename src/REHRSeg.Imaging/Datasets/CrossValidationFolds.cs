namespace REHRSeg.Imaging;

/// <summary>
/// nnU-Net's split: sorted case ids, KFold with shuffle, seed 12345, on numpy's RandomState (MT19937) (METHOD.md section 7).
/// </summary>
public static class CrossValidationFolds
{
    /// <summary>Training and validation ids for each fold.</summary>
    /// <exception cref="ArgumentException">Fewer ids than folds, or fewer than 2 folds.</exception>
    public static IReadOnlyList<Fold> Split(IEnumerable<string> caseIds, int folds = 5, int seed = 12345) => throw new NotImplementedException();
}

/// <summary>One fold of a cross-validation.</summary>
public sealed record Fold(IReadOnlyList<string> Train, IReadOnlyList<string> Validation);
