using System.Text;
using static REHRSeg.Tool.HtmlText;

namespace REHRSeg.Tool;

/// <summary>What a reader wants first: which method wins, by how much, and on what data.</summary>
internal static class Headline
{
    static readonly (string Grid, string Measure)[] s_measures = [("HR", "DSC"), ("HR", "HD95"), ("LR", "DSC"), ("LR", "HD95"), ("HR", "PSNR"), ("HR", "SSIM")];

    public static string Html(ReportData data)
    {
        var html = new StringBuilder($"<header>\n<h1>{Escape(data.Title)}</h1>\n{Sentence(data)}<div class=\"tiles\">");
        foreach (var (grid, measure) in s_measures) html.Append(Tile(data, grid, measure));
        html.Append("</div>\n");
        if (data.Notes.Count > 0) html.Append($"<div class=\"note\">{string.Concat(data.Notes.Select(note => $"<p>{Escape(note)}</p>"))}</div>\n");
        html.Append("<dl class=\"facts\">");
        foreach (var fact in data.Facts) html.Append($"<div><dt>{Escape(fact.Name)}</dt><dd>{Escape(fact.Value)}</dd></div>");
        return html.Append("</dl>\n<p class=\"small\">LR: labels on the thick slices as acquired. HR: labels on thin slices. DSC: Dice, 1 is best. HD95: 95th percentile of surface distances, 0 mm is best; scores are means over classes, then over cases. <strong>Not a medical device.</strong></p>\n</header>\n").ToString();
    }

    /// <summary>Cells by the mean of a measure, best first; those that see the labels do not compete.</summary>
    public static IReadOnlyList<CellSummary> Ranking(ReportData data, string grid, string measure)
    {
        var rivals = data.Cells.Where(c => !c.SeesLabels).Select(c => c.Name).ToHashSet();
        var cells = data.Statistics.Cells.Where(c => c.Grid == grid && c.Measure == measure && rivals.Contains(c.Cell) && double.IsFinite(c.Mean));
        return [.. LowerIsBetter(measure) ? cells.OrderBy(c => c.Mean) : cells.OrderByDescending(c => c.Mean)];
    }

    static string Sentence(ReportData data)
    {
        string grid = Ranking(data, "HR", "DSC").Count > 0 ? "HR" : "LR";
        var ranking = Ranking(data, grid, "DSC");
        if (ranking.Count == 0) return "";
        var best = ranking[0];
        string text = $"<strong>{Escape(data.TitleOf(best.Cell))}</strong> has the {(ranking.Count > 1 ? "highest " : "")}mean {grid} Dice {(ranking.Count > 1 ? "" : "of ")}{(ranking.Count > 1 ? "of " : "")}{Number("DSC", best.Mean)}{Interval(best)} over {best.Cases} {(data.HeldOut ? "held-out " : "")}case{(best.Cases == 1 ? "" : "s")}";
        if (ranking.Count > 1)
        {
            text += $", {Number("DSC", best.Mean - ranking[1].Mean)} above {Escape(data.TitleOf(ranking[1].Cell))}";
            if (ranking.Count > 2) text += $" and {Number("DSC", best.Mean - ranking[^1].Mean)} above the last, {Escape(data.TitleOf(ranking[^1].Cell))}";
            if (Comparison(data, best.Cell, ranking[1].Cell, grid, "DSC") is { } test) text += double.IsFinite(test.Adjusted) ? $" (the first difference: p {PText(test.Adjusted)}, corrected)" : "";
        }
        text += ".";
        if (data.Cases.FirstOrDefault(c => c.Rank == "worst") is { } worst) text += $" The worst case of {Escape(data.TitleOf(data.Reference))} is {Escape(worst.Id)}, with {Escape(worst.Measure)} {Number("DSC", worst.Score)}.";
        return $"<p class=\"lead\">{text}</p>\n";
    }

    static string PText(double p) => p < 0.001 ? "&lt; 0.001" : "= " + PValue(p);

    static string Interval(CellSummary cell) => double.IsFinite(cell.Low) && double.IsFinite(cell.High) ? $" (95 % interval {Number(cell.Measure, cell.Low)} to {Number(cell.Measure, cell.High)})" : "";

    /// <summary>The test of one cell against another, whichever way round it was made.</summary>
    static CellComparison? Comparison(ReportData data, string cell, string other, string grid, string measure) =>
        data.Statistics.Comparisons.FirstOrDefault(c => c.Grid == grid && c.Measure == measure && (c.Cell == cell && c.Against == other || c.Cell == other && c.Against == cell));

    static string Tile(ReportData data, string grid, string measure)
    {
        var ranking = Ranking(data, grid, measure);
        if (ranking.Count == 0) return "";
        string next = ranking.Count > 1 ? $"<span class=\"next\">next: {Escape(data.TitleOf(ranking[1].Cell))}, {Number(measure, ranking[1].Mean)}</span>" : "";
        return $"<div class=\"tile\"><span class=\"measure\">{Title(grid, measure)}</span><span class=\"value\">{Number(measure, ranking[0].Mean)}</span><span class=\"winner\">{Escape(data.TitleOf(ranking[0].Cell))}</span>{next}</div>";
    }
}
