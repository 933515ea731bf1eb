using System.Text;
using static REHRSeg.Tool.HtmlText;

namespace REHRSeg.Tool;

/// <summary>The tables: means, differences to the reference, classes, claimed orderings.</summary>
internal static class ResultTables
{
    static readonly (string Grid, string Measure)[] s_columns = [("LR", "DSC"), ("LR", "HD95"), ("HR", "DSC"), ("HR", "HD95"), ("HR", "PSNR"), ("HR", "SSIM")];

    public static string Html(ReportData data) => Means(data) + Differences(data) + Orderings(data) + Classes(data);

    static string Means(ReportData data)
    {
        var columns = s_columns.Where(c => data.Statistics.Cells.Any(s => s.Grid == c.Grid && s.Measure == c.Measure)).ToArray();
        if (columns.Length == 0) return "";
        var html = new StringBuilder("<div class=\"scroll\"><table>\n<caption>Mean ± standard deviation over cases. <strong>Bold</strong>: best. <span class=\"sign\">*</span>: differs from the reference, p &lt; 0.05 (paired Wilcoxon, Holm).</caption>\n<thead><tr><th scope=\"col\">Method</th>");
        foreach (var (grid, measure) in columns) html.Append($"<th scope=\"col\">{Title(grid, measure)}</th>");
        html.Append("<th scope=\"col\">Cases</th></tr></thead>\n<tbody>\n");
        foreach (var cell in data.Cells)
        {
            html.Append($"<tr{(cell.Name == data.Reference ? " class=\"reference\"" : "")}><th scope=\"row\">{Escape(cell.Title)}{(cell.Name == data.Reference ? " <span class=\"tag\">reference</span>" : "")}</th>");
            foreach (var (grid, measure) in columns)
            {
                var own = data.Statistics.Cells.FirstOrDefault(s => s.Cell == cell.Name && s.Grid == grid && s.Measure == measure);
                bool best = Headline.Ranking(data, grid, measure) is { Count: > 1 } ranking && ranking[0].Cell == cell.Name;
                bool differs = data.Statistics.Comparisons.Any(c => c.Cell == cell.Name && c.Against == data.Reference && c.Grid == grid && c.Measure == measure && c.Adjusted < 0.05);
                html.Append(own is null ? "<td></td>" : $"<td{(best ? " class=\"best\"" : "")}>{Number(measure, own.Mean)}<span class=\"sd\"> ± {Number(measure, own.Sd)}</span>{(differs ? "<span class=\"sign\">*</span>" : "")}</td>");
            }
            html.Append($"<td>{data.Statistics.Cells.Where(s => s.Cell == cell.Name).Select(s => s.Cases).DefaultIfEmpty(0).Max()}</td></tr>\n");
        }
        return html.Append("</tbody></table></div>\n").ToString();
    }

    static string Differences(ReportData data)
    {
        var own = data.Statistics.Comparisons.Where(c => c.Against == data.Reference).ToArray();
        if (own.Length == 0) return "";
        var html = new StringBuilder($"<h3>Differences to {Escape(data.TitleOf(data.Reference))}</h3>\n<p>Mean difference on the same cases with its 95 % bootstrap interval. An interval that leaves out zero is drawn in full colour.</p>\n<div class=\"charts\">");
        foreach (var (grid, measure) in s_columns.Where(c => own.Any(o => o.Grid == c.Grid && o.Measure == c.Measure))) html.Append(ChartSections.Figure("forest", Title(grid, measure), $"data-grid=\"{grid}\" data-measure=\"{measure}\""));
        html.Append("</div>\n<details><summary>As a table</summary><div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Measure</th><th scope=\"col\">Difference</th><th scope=\"col\">95 % interval</th><th scope=\"col\">Better in</th><th scope=\"col\">p</th><th scope=\"col\">p (Holm)</th></tr></thead>\n<tbody>\n");
        foreach (var c in own)
            html.Append($"<tr><th scope=\"row\">{Escape(data.TitleOf(c.Cell))}</th><td>{Escape(Title(c.Grid, c.Measure))}</td><td>{Signed(c.Measure, c.Difference)}</td><td>{Signed(c.Measure, c.Low)} to {Signed(c.Measure, c.High)}</td><td>{c.Better} of {c.Cases}</td><td>{PValue(c.PValue)}</td><td>{PValue(c.Adjusted)}</td></tr>\n");
        return html.Append("</tbody></table></div></details>\n").ToString();
    }

    static string Orderings(ReportData data)
    {
        if (data.Statistics.Orderings.Count == 0) return "";
        var html = new StringBuilder("<h3>Do claimed orderings hold here?</h3>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Claim</th><th scope=\"col\">Measure</th><th scope=\"col\">Source</th><th scope=\"col\">Holds</th><th scope=\"col\">Difference</th><th scope=\"col\">p (Holm)</th></tr></thead>\n<tbody>\n");
        foreach (var o in data.Statistics.Orderings)
        {
            var (css, text) = o.Verdict switch { Verdict.Yes => ("yes", "yes"), Verdict.No => ("no", "no, the other way round"), Verdict.NotSignificant => ("unsure", "not significant"), _ => ("unsure", "not run") };
            html.Append($"<tr><th scope=\"row\">{Escape(data.TitleOf(o.Ordering.Better))} better than {Escape(data.TitleOf(o.Ordering.Than))}</th><td>{Escape(Title(o.Ordering.Grid, o.Ordering.Measure))}</td><td>{Escape(o.Ordering.Source)}</td><td><span class=\"verdict {css}\">{text}</span></td><td>{Signed(o.Ordering.Measure, o.Difference)}</td><td>{PValue(o.Adjusted)}</td></tr>\n");
        }
        return html.Append("</tbody></table></div>\n").ToString();
    }

    static string Classes(ReportData data)
    {
        string[] classes = [.. data.Labels.Where(l => l.Value != 0).Select(l => l.Name)];
        var columns = s_columns.Where(c => c.Measure is "DSC" or "HD95" && classes.Any(name => data.Rows.Any(r => r.Values.ContainsKey($"{c.Grid} {c.Measure} {name}")))).ToArray();
        if (classes.Length < 2 || columns.Length == 0) return "";
        var html = new StringBuilder("<details><summary>Means by class</summary><div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Class</th>");
        foreach (var (grid, measure) in columns) html.Append($"<th scope=\"col\">{Title(grid, measure)}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var cell in data.Cells)
            foreach (string name in classes)
            {
                html.Append($"<tr><th scope=\"row\">{Escape(cell.Title)}</th><td>{Escape(name)}</td>");
                foreach (var (grid, measure) in columns)
                    html.Append($"<td>{Number(measure, data.Rows.Where(r => r.Cell == cell.Name).Select(r => r.Values.GetValueOrDefault($"{grid} {measure} {name}", double.NaN)).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average())}</td>");
                html.Append("</tr>\n");
            }
        return html.Append("</tbody></table></div></details>\n").ToString();
    }
}
