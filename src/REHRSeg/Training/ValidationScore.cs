using System.Globalization;

namespace REHRSeg;

/// <summary>
/// The score of a stage's validations: nnU-Net's moving average, 0.9 of the old value and 0.1 of the new one, the first as it is
/// (METHOD.md section 7), the best average so far, and how long ago that was.
/// </summary>
internal sealed record ValidationScore
{
    const double Kept = 0.9;
    const string AverageKey = "score_average", BestKey = "score_best", BestIterationKey = "score_best_iteration", SinceBestKey = "score_since_best";

    /// <summary>Moving average; null: nothing was scored yet.</summary>
    public double? Average { get; init; }
    /// <summary>Largest average so far.</summary>
    public double? Best { get; init; }
    /// <summary>Iteration of the largest average.</summary>
    public int BestIteration { get; init; }
    /// <summary>Scores after it.</summary>
    public int SinceBest { get; init; }

    /// <summary>With one more validation; a score that is not finite (no foreground was seen) changes nothing.</summary>
    public ValidationScore With(int iteration, double score)
    {
        if (!double.IsFinite(score)) return this;
        double average = Average is { } old ? Kept * old + (1 - Kept) * score : score;
        return Best is { } best && average <= best
            ? this with { Average = average, SinceBest = SinceBest + 1 }
            : new() { Average = average, Best = average, BestIteration = iteration };
    }

    /// <summary>For a checkpoint; empty before the first score.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToMetadata()
    {
        if (Average is { } average) yield return new(AverageKey, average.ToString("R", CultureInfo.InvariantCulture));
        if (Best is not { } best) yield break;
        yield return new(BestKey, best.ToString("R", CultureInfo.InvariantCulture));
        yield return new(BestIterationKey, BestIteration.ToString(CultureInfo.InvariantCulture));
        yield return new(SinceBestKey, SinceBest.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Reads <see cref="ToMetadata"/>.</summary>
    /// <exception cref="FormatException">A value is no number.</exception>
    public static ValidationScore Parse(IReadOnlyDictionary<string, string> metadata)
    {
        double? Number(string key) => metadata.TryGetValue(key, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;
        return new() { Average = Number(AverageKey), Best = Number(BestKey), BestIteration = (int)(Number(BestIterationKey) ?? 0), SinceBest = (int)(Number(SinceBestKey) ?? 0) };
    }
}
