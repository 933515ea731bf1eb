using MathNet.Numerics.Statistics;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Two cells' scores on their common cases, paired by fold and case; pairs of which one is infinite or NaN are left out and counted.</summary>
/// <param name="First">Scores of one cell.</param>
/// <param name="Second">Scores of the other, of the same cases.</param>
/// <param name="Undefined">Pairs that are left out.</param>
internal sealed record PairedScores(double[] First, double[] Second, int Undefined)
{
    public static PairedScores Of(IReadOnlyDictionary<CaseKey, double> first, IReadOnlyDictionary<CaseKey, double> second)
    {
        CaseKey[] common = [.. first.Keys.Where(second.ContainsKey).Order()], defined = [.. common.Where(k => double.IsFinite(first[k]) && double.IsFinite(second[k]))];
        return new([.. defined.Select(k => first[k])], [.. defined.Select(k => second[k])], common.Length - defined.Length);
    }

    public int Cases => First.Length;

    public double[] Differences => [.. First.Zip(Second, (a, b) => a - b)];

    /// <summary>Cases where the first is better.</summary>
    public int FirstBetter(bool lowerIsBetter) => Differences.Count(d => lowerIsBetter ? d < 0 : d > 0);

    /// <summary>Two-sided Wilcoxon test; 1 where no case differs.</summary>
    public double PValue => WilcoxonSignedRank.Test(First, Second).PValue;

    /// <summary>Sign of the sum of the test's signed ranks: which side the test speaks for.</summary>
    public int Direction()
    {
        double[] differences = [.. Differences.Where(d => d != 0)];
        double[] ranks = differences.Select(Math.Abs).Ranks(RankDefinition.Average);
        return Math.Sign(differences.Zip(ranks, (d, rank) => Math.Sign(d) * rank).Sum());
    }
}

/// <summary>A case within a fold.</summary>
internal readonly record struct CaseKey(int Fold, string Case) : IComparable<CaseKey>
{
    public int CompareTo(CaseKey other) => Fold != other.Fold ? Fold.CompareTo(other.Fold) : string.CompareOrdinal(Case, other.Case);
}
