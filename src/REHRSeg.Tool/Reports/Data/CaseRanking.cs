namespace REHRSeg.Tool;

/// <summary>Which cases a report shows.</summary>
internal static class CaseRanking
{
    /// <summary>Best, median and worst case of a cell by HR DSC, or by LR DSC where there is no thin truth; fewer where there are fewer cases. Equal scores come in the order of ids.</summary>
    public static IReadOnlyList<RankedCase> Choose(IReadOnlyList<ResultRow> rows, string cell)
    {
        var own = rows.Where(r => r.Cell == cell).ToArray();
        string measure = own.Any(r => Score(r, "HR DSC") is not null) ? "HR DSC" : "LR DSC";
        var ranked = own.Select(r => (Row: r, Score: Score(r, measure))).Where(r => r.Score is not null).OrderByDescending(r => r.Score).ThenBy(r => r.Row.Case, StringComparer.Ordinal).ThenBy(r => r.Row.Fold).ToArray();
        var chosen = new List<RankedCase>();
        void Add(string rank, int at) => chosen.Add(new(rank, ranked[at].Row.Case, ranked[at].Row.Fold, ranked[at].Score!.Value, measure));
        if (ranked.Length > 0) Add(ranked.Length == 1 ? "only" : "best", 0);
        if (ranked.Length > 2) Add("median", ranked.Length / 2);
        if (ranked.Length > 1) Add("worst", ranked.Length - 1);
        return chosen;
    }

    static double? Score(ResultRow row, string measure) => row.Values.TryGetValue(measure, out double value) && double.IsFinite(value) ? value : null;
}

/// <summary>A case and why it was chosen.</summary>
internal sealed record RankedCase(string Rank, string Id, int Fold, double Score, string Measure);
