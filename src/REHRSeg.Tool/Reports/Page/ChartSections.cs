using System.Text;
using static REHRSeg.Tool.HtmlText;

namespace REHRSeg.Tool;

/// <summary>Places for charts, which the page's script draws from its data.</summary>
internal static class ChartSections
{
    static readonly (string Grid, string Measure)[] s_measures = [("LR", "DSC"), ("HR", "DSC"), ("LR", "HD95"), ("HR", "HD95"), ("HR", "PSNR"), ("HR", "SSIM")];

    public static string Figure(string chart, string caption, string attributes = "") => $"<figure class=\"chart\" data-chart=\"{chart}\" {attributes}><figcaption>{caption}</figcaption><div class=\"plot\"><noscript>This chart needs JavaScript.</noscript></div></figure>\n";

    /// <summary>One point a case over a box of quartiles, for every measure.</summary>
    public static string Spread(ReportData data)
    {
        var measures = s_measures.Where(m => data.Rows.Any(r => r.Values.TryGetValue($"{m.Grid} {m.Measure}", out double v) && double.IsFinite(v))).ToArray();
        if (measures.Length == 0) return "";
        var html = new StringBuilder("<p>One point a case (point at it for its name), box from the first to the third quartile with the median, whiskers to the last point within 1.5 box lengths. Rings: the cases shown above. Colour: the reference.</p>\n<div class=\"charts\">");
        foreach (var (grid, measure) in measures) html.Append(Figure("box", Title(grid, measure), $"data-grid=\"{grid}\" data-measure=\"{measure}\""));
        return html.Append("</div>\n").ToString();
    }

    /// <summary>Predicted against true volumes.</summary>
    public static string Volumes(ReportData data)
    {
        string[] grids = [.. new[] { "LR", "HR" }.Where(grid => data.Labels.Any(l => data.Rows.Any(r => r.Values.ContainsKey($"{grid} volume {l.Name}") && r.Values.ContainsKey($"{grid} reference volume {l.Name}"))))];
        if (grids.Length == 0) return "";
        var html = new StringBuilder($"<p>Predicted against true volume of each class, one point a case; on the line they are equal. Bias: mean of predicted minus true ± standard deviation.</p>\n{Choice("volumes", "Method", data.Cells.Where(c => data.Rows.Any(r => r.Cell == c.Name && r.Values.Keys.Any(k => k.Contains(" volume ", StringComparison.Ordinal)))).Select(c => (c.Name, c.Title)), data.Reference)}<div class=\"charts\">");
        foreach (string grid in grids)
            foreach (var label in data.Labels.Where(l => l.Value != 0 && data.Rows.Any(r => r.Values.ContainsKey($"{grid} volume {l.Name}"))))
                html.Append(Figure("volume", $"{Escape(label.Name)}, {grid}", $"data-grid=\"{grid}\" data-class=\"{Escape(label.Name)}\""));
        return html.Append("</div>\n").ToString();
    }

    /// <summary>One chart a stage; the measure can be chosen.</summary>
    public static string Training(ReportData data)
    {
        if (data.Curves.Count == 0) return "";
        var html = new StringBuilder("<p>One line a training and fold, means of neighbouring reports. val: on held-out cases.</p>\n<div class=\"charts\">");
        foreach (var stage in data.Curves.GroupBy(c => c.Stage))
        {
            string[] measures = [.. stage.SelectMany(c => c.Points.Keys).Distinct().OrderBy(m => m == "loss" ? 0 : m == "lr" ? 2 : 1)];
            html.Append(Figure("curves", Escape(stage.Key), $"data-stage=\"{Escape(stage.Key)}\" data-measures=\"{Escape(string.Join(' ', measures))}\""));
        }
        return html.Append("</div>\n").ToString();
    }

    /// <summary>A choice that the page's script listens to.</summary>
    public static string Choice(string name, string label, IEnumerable<(string Value, string Text)> options, string chosen) =>
        $"<label class=\"choice\">{label} <select data-choice=\"{name}\">{string.Concat(options.Select(o => $"<option value=\"{Escape(o.Value)}\"{(o.Value == chosen ? " selected" : "")}>{Escape(o.Text)}</option>"))}</select></label>\n";
}
