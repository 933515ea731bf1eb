using MathNet.Numerics.Statistics;

namespace REHRSeg.Tool;

/// <summary>
/// From results to what the tables say. Values are means over classes, averaged over seeds first, so that a case counts once; a case that any seed leaves infinite or NaN is undefined.
/// Cells are paired by fold and case. Holm's correction is over the cells (or the claims' pairs) of one grid and measure.
/// </summary>
internal static class ExperimentAnalysis
{
    const double Alpha = 0.05;

    /// <param name="grid">Cells in the order of the table, reference, claims.</param>
    /// <param name="rows">Results, of some or all cells and folds.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public static ExperimentStatistics Of(ExperimentGrid grid, IReadOnlyList<ResultRow> rows, int seed = 1)
    {
        var bootstrap = new Bootstrap(seed);
        var (cells, comparisons, orderings) = (new List<CellSummary>(), new List<CellComparison>(), new List<OrderingVerdict>());
        foreach (string on in ResultColumns.Grids)
        {
            foreach (string measure in ResultColumns.Compared)
            {
                var scores = Scores(rows, ResultColumns.Mean(on, measure));
                cells.AddRange(grid.Cells.Where(c => scores.ContainsKey(c.Name)).Select(c => Summarise(c.Name, on, measure, scores[c.Name].Values, bootstrap)));
                comparisons.AddRange(Compare(grid, on, measure, scores, bootstrap));
                orderings.AddRange(Judge(grid.Orderings.Where(o => o.Grid == on && o.Measure == measure), scores));
            }
        }
        return new(cells, comparisons, [.. orderings.OrderBy(v => IndexOf(grid.Orderings, v.Ordering))])
        {
            Cases = rows.Select(r => (r.Fold, r.Case)).Distinct().Count(), Folds = [.. rows.Select(r => r.Fold).Distinct().Order()], Seeds = [.. rows.Select(r => r.Seed).Distinct().Order()],
        };
    }

    static Dictionary<string, Dictionary<CaseKey, double>> Scores(IReadOnlyList<ResultRow> rows, string column) =>
        rows.Where(r => r.Values.ContainsKey(column)).GroupBy(r => r.Cell).ToDictionary(c => c.Key, c => c.GroupBy(r => new CaseKey(r.Fold, r.Case)).ToDictionary(k => k.Key, k => k.Average(r => r.Values[column])));

    static CellSummary Summarise(string cell, string on, string measure, IReadOnlyCollection<double> values, Bootstrap bootstrap)
    {
        double[] defined = [.. values.Where(double.IsFinite)];
        var (low, high) = bootstrap.OfMean(defined);
        return new(cell, on, measure, defined.Mean(), defined.StandardDeviation(), low, high, defined.Length) { Undefined = values.Count - defined.Length };
    }

    static IEnumerable<CellComparison> Compare(ExperimentGrid grid, string on, string measure, Dictionary<string, Dictionary<CaseKey, double>> scores, Bootstrap bootstrap)
    {
        if (!scores.TryGetValue(grid.Reference, out var reference)) return [];
        (string Cell, PairedScores Pairs)[] pairs = [.. grid.Cells.Where(c => c.Name != grid.Reference && scores.ContainsKey(c.Name)).Select(c => (c.Name, PairedScores.Of(scores[c.Name], reference))).Where(p => p.Item2.Cases > 0)];
        double[] p = [.. pairs.Select(x => x.Pairs.PValue)], adjusted = Holm.Adjust(p);
        return pairs.Select((x, i) =>
        {
            var (low, high) = bootstrap.OfMean(x.Pairs.Differences);
            return new CellComparison(x.Cell, grid.Reference, on, measure, x.Pairs.Differences.Mean(), low, high, x.Pairs.FirstBetter(ResultColumns.LowerIsBetter(measure)), x.Pairs.Cases, p[i], adjusted[i]) { Undefined = x.Pairs.Undefined };
        });
    }

    /// <summary>Claims in one grid and measure. Two claims of the same pair are one test.</summary>
    static IEnumerable<OrderingVerdict> Judge(IEnumerable<GridOrdering> orderings, Dictionary<string, Dictionary<CaseKey, double>> scores)
    {
        static (string, string) Pair(GridOrdering o) => string.CompareOrdinal(o.Better, o.Than) < 0 ? (o.Better, o.Than) : (o.Than, o.Better);
        Dictionary<CaseKey, double> Of(string cell) => scores.GetValueOrDefault(cell) ?? [];
        var claims = orderings.Select(o => (Ordering: o, Pairs: PairedScores.Of(Of(o.Better), Of(o.Than)))).ToArray();
        var tests = claims.Where(c => c.Pairs.Cases > 0).GroupBy(c => Pair(c.Ordering)).ToDictionary(g => g.Key, g => g.First().Pairs.PValue);
        var adjusted = tests.Keys.Zip(Holm.Adjust([.. tests.Values])).ToDictionary(x => x.First, x => x.Second);
        return claims.Select(c => c.Pairs.Cases == 0
            ? new OrderingVerdict(c.Ordering, Verdict.NotRun, double.NaN, 0, double.NaN, double.NaN) { Undefined = c.Pairs.Undefined }
            : new OrderingVerdict(c.Ordering, Decide(c.Ordering, c.Pairs, adjusted[Pair(c.Ordering)]), c.Pairs.Differences.Mean(), c.Pairs.Cases, tests[Pair(c.Ordering)], adjusted[Pair(c.Ordering)]) { Undefined = c.Pairs.Undefined });
    }

    static Verdict Decide(GridOrdering ordering, PairedScores pairs, double adjusted)
    {
        int direction = pairs.Direction();
        if (adjusted >= Alpha || direction != Math.Sign(pairs.Differences.Mean())) return Verdict.NotSignificant;
        return direction == (ResultColumns.LowerIsBetter(ordering.Measure) ? -1 : 1) ? Verdict.Yes : Verdict.No;
    }

    static int IndexOf(IReadOnlyList<GridOrdering> orderings, GridOrdering ordering) => orderings.TakeWhile(o => o != ordering).Count();
}
