using System.Globalization;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary>An experiment's statistics as tables: means, comparisons with the reference, claimed orderings.</summary>
internal static class ExperimentTables
{
    public static string Markdown(ExperimentDescription experiment, ExperimentStatistics statistics)
    {
        var (grid, text) = (experiment.Grid, new List<string> { $"# {experiment.Grid.Title}\n", About(experiment, statistics) + "\n" });
        text.Add(Means(grid, statistics).ToMarkdown());
        text.Add($"Mean ± standard deviation over cases [95 % interval of the mean, BCa bootstrap]. Bold: the best mean. †: the reference. {LeftOut}\n");
        if (statistics.Comparisons.Count > 0)
        {
            text.Add($"## Against {Title(grid, grid.Reference)}\n");
            text.Add(Comparisons(grid, statistics).ToMarkdown());
            text.Add("Difference: the cell minus the reference, on their common cases [95 % interval]. p: two-sided paired Wilcoxon test; Holm p: corrected over the cells of a measure.\n");
        }
        if (statistics.Orderings.Count > 0)
        {
            text.Add("## Claimed orderings\n");
            text.Add(Orderings(grid, statistics).ToMarkdown());
            text.Add($"{Verdicts(statistics)}. Yes or no: p below 0.05 after Holm's correction over the pairs that are claimed in a measure. Difference: the better one by the claim minus the other.\n");
        }
        return string.Join('\n', text);
    }

    /// <summary>For a document with the packages booktabs and longtable.</summary>
    public static string Latex(ExperimentDescription experiment, ExperimentStatistics statistics)
    {
        List<string> text = ["% \\usepackage[T1]{fontenc} \\usepackage{booktabs,longtable}\n", Means(experiment.Grid, statistics, About(experiment, statistics)).ToLatex(pages: false)];
        if (statistics.Comparisons.Count > 0) text.Add(Comparisons(experiment.Grid, statistics).ToLatex(pages: true));
        if (statistics.Orderings.Count > 0) text.Add(Orderings(experiment.Grid, statistics).ToLatex(pages: true));
        return string.Join('\n', text);
    }

    /// <summary>Means, and differences to the reference with corrected p.</summary>
    public static Table Console(ExperimentGrid grid, ExperimentStatistics statistics)
    {
        var means = Means(grid, statistics);
        var columns = Columns(statistics);
        var differences = statistics.Comparisons.GroupBy(c => c.Cell).Select(g => (IReadOnlyList<TextField>)
            [$"{Title(grid, g.Key)} - {Title(grid, grid.Reference)}", "", .. columns.Select(k => (TextField)(g.FirstOrDefault(c => (c.Grid, c.Measure) == k) is { } c ? $"{Signed(c.Difference, c.Measure)} (p {P(c.Adjusted)})" : ""))]);
        return (means with { Rows = [.. means.Rows, .. differences] }).ToConsole();
    }

    /// <summary>How many claims hold.</summary>
    public static string Verdicts(ExperimentStatistics statistics) =>
        $"{statistics.Orderings.Count} orderings: " + string.Join(", ", Enum.GetValues<Verdict>().Select(v => $"{statistics.Orderings.Count(o => o.Verdict == v)} {Word(v)}"));

    /// <summary>Data, options and program behind the numbers.</summary>
    public static string About(ExperimentDescription experiment, ExperimentStatistics statistics)
    {
        string dataset = experiment.Dataset.Length > 12 ? experiment.Dataset[..12] : experiment.Dataset;
        string Listed(string one, string several, IReadOnlyList<int> numbers) => numbers.Count switch { 0 => $"no {several}", 1 => $"{one} {numbers[0]}", _ => $"{several} {string.Join(", ", numbers)}" };
        return $"{statistics.Cases} cases, {Listed("fold", "folds", statistics.Folds)} of {experiment.Folds}, {Listed("seed", "seeds", statistics.Seeds)}; dataset {Path.GetFileName(Path.TrimEndingDirectorySeparator(experiment.DatasetPath))} ({dataset}), r = {experiment.Factor}{(experiment.Axis is { } axis ? $" along {axis}" : "")}; preset {experiment.Preset}; rehrseg {experiment.Version}.";
    }

    const string LeftOut = "Cases where a measure is infinite or NaN (a class that only one of truth and result has) are left out, and counted in brackets.";

    static TextTable Means(ExperimentGrid grid, ExperimentStatistics statistics, string? about = null)
    {
        var columns = Columns(statistics);
        var best = statistics.Cells.Where(s => !double.IsNaN(s.Mean)).GroupBy(s => (s.Grid, s.Measure)).ToDictionary(g => g.Key, g => ResultColumns.LowerIsBetter(g.Key.Measure) ? g.Min(s => s.Mean) : g.Max(s => s.Mean));
        TextField Field(CellSummary? s) => s is null ? "" : new TextField($"{Number(s.Mean, s.Measure)} ± {Number(s.Sd, s.Measure)}", Interval(s.Low, s.High, s.Measure) + Undefined(s.Undefined), best.TryGetValue((s.Grid, s.Measure), out double b) && s.Mean == b);
        return new(about is null ? grid.Title : $"{grid.Title}. {about}", ["", "cases", .. columns.Select(k => ResultColumns.Mean(k.Grid, k.Measure))],
        [
            .. grid.Cells.Select(cell =>
            {
                CellSummary[] mine = [.. statistics.Cells.Where(s => s.Cell == cell.Name)];
                string cases = mine.Length == 0 ? "not run" : $"{mine.Max(s => s.Cases + s.Undefined)}";
                return (IReadOnlyList<TextField>)[cell.Title + (cell.Name == grid.Reference ? " †" : ""), cases, .. columns.Select(k => Field(mine.FirstOrDefault(s => (s.Grid, s.Measure) == k)))];
            }),
        ]);
    }

    static TextTable Comparisons(ExperimentGrid grid, ExperimentStatistics statistics) => new($"{grid.Title}: against {Title(grid, grid.Reference)}", ["", "measure", "difference", "better in", "p", "Holm p"],
    [
        .. statistics.Comparisons.Select(c => (IReadOnlyList<TextField>)
            [Title(grid, c.Cell), ResultColumns.Mean(c.Grid, c.Measure), $"{Signed(c.Difference, c.Measure)} {Interval(c.Low, c.High, c.Measure)}".TrimEnd(), $"{c.Better} of {c.Cases}{Undefined(c.Undefined)}", P(c.PValue), P(c.Adjusted)]),
    ]);

    static TextTable Orderings(ExperimentGrid grid, ExperimentStatistics statistics) => new($"{grid.Title}: claimed orderings", ["claim", "measure", "source", "difference", "cases", "p", "Holm p", "holds here"],
    [
        .. statistics.Orderings.Select(v => (IReadOnlyList<TextField>)
        [
            $"{Title(grid, v.Ordering.Better)} better than {Title(grid, v.Ordering.Than)}", ResultColumns.Mean(v.Ordering.Grid, v.Ordering.Measure), v.Ordering.Source,
            v.Verdict == Verdict.NotRun ? "" : Signed(v.Difference, v.Ordering.Measure), $"{v.Cases}{Undefined(v.Undefined)}", P(v.PValue), P(v.Adjusted), Word(v.Verdict),
        ]),
    ]);

    static List<(string Grid, string Measure)> Columns(ExperimentStatistics statistics) =>
        [.. from grid in ResultColumns.Grids from measure in ResultColumns.Compared where statistics.Cells.Any(s => s.Grid == grid && s.Measure == measure) select (grid, measure)];

    static string Title(ExperimentGrid grid, string cell) => grid.Cells.Single(c => c.Name == cell).Title;

    static string Word(Verdict verdict) => verdict switch { Verdict.Yes => "yes", Verdict.No => "no", Verdict.NotSignificant => "not significant", _ => "not run" };

    static string Undefined(int count) => count == 0 ? "" : $" ({count} left out)";

    static string Interval(double low, double high, string measure) => double.IsNaN(low) ? "" : $"[{Number(low, measure)}, {Number(high, measure)}]";

    static string Signed(double value, string measure) => (value >= 0 ? "+" : "") + Number(value, measure);

    static string Number(double value, string measure) => double.IsNaN(value) ? "-" : value.ToString(measure is "PSNR" or "HD95" ? "0.00" : "0.0000", CultureInfo.InvariantCulture);

    static string P(double p) => double.IsNaN(p) ? "" : p.ToString(p < 0.001 ? "0.#e-0" : "0.000", CultureInfo.InvariantCulture);
}
