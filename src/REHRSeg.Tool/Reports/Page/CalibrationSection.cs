using System.Globalization;
using System.Text;
using static REHRSeg.Tool.HtmlText;

namespace REHRSeg.Tool;

/// <summary>How far probabilities can be trusted, and whether uncertainty finds errors.</summary>
internal static class CalibrationSection
{
    public static string Html(ReportData data)
    {
        if (data.Calibrations.Count == 0) return "";
        string[] regions = [.. data.Calibrations.SelectMany(c => c.Grids).Select(g => g.Region).Distinct().OrderBy(r => r == "near" ? 0 : 1)];
        var html = new StringBuilder($"<p>Of the voxels that the network is p sure of, a share of p should be right: on the diagonal confidence is accuracy, below it the network is too sure. ECE is the mean distance to the diagonal, weighted by voxels. One temperature, fitted on other held-out cases, divides the logits.</p>\n{Choice(regions)}<div class=\"charts small\">");
        foreach (var cell in data.Calibrations)
            foreach (string grid in cell.Grids.Select(g => g.Grid).Distinct()) html.Append(ChartSections.Figure("reliability", $"{Escape(data.TitleOf(cell.Cell))}, {Escape(grid)}", $"data-cell=\"{Escape(cell.Cell)}\" data-grid=\"{Escape(grid)}\""));
        html.Append("</div>\n<h3>Calibration error, and does uncertainty find errors?</h3>\n<div class=\"scroll\"><table>\n<caption>AUROC: chance that a wrong voxel is more uncertain than a right one; 0.5 is guessing, 1 is perfect. U: uncertainty of self-SR, which was given the true thick labels of these cases, as a segmenter is not. Entropy: of the segmenter's probabilities.</caption>\n<thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Grid</th><th scope=\"col\">Voxels</th><th scope=\"col\">Temperature</th><th scope=\"col\">ECE before</th><th scope=\"col\">after</th><th scope=\"col\">NLL before</th><th scope=\"col\">after</th><th scope=\"col\">AUROC entropy</th><th scope=\"col\">AUROC U</th></tr></thead>\n<tbody>\n");
        foreach (var cell in data.Calibrations)
            foreach (var g in cell.Grids)
                html.Append($"<tr><th scope=\"row\">{Escape(data.TitleOf(cell.Cell))}</th><td>{Escape(g.Grid)}</td><td>{RegionName(g.Region)}, {g.Voxels.ToString("N0", CultureInfo.InvariantCulture)}</td><td>{Share(g.Temperature, "0.00")}</td><td>{Share(g.Before.Ece, "0.0000")}</td><td>{Share(g.After.Ece, "0.0000")}</td><td>{Share(g.Before.NegativeLogLikelihood, "0.0000")}</td><td>{Share(g.After.NegativeLogLikelihood, "0.0000")}</td><td>{Share(g.EntropyAuroc ?? double.NaN)}</td><td>{Share(g.UncertaintyAuroc ?? double.NaN)}</td></tr>\n");
        return html.Append("</tbody></table></div>\n").ToString();
    }

    static string Choice(string[] regions) => regions.Length < 2 ? "" : ChartSections.Choice("region", "Voxels", regions.Select(r => (r, RegionName(r))), regions[0]);

    static string RegionName(string region) => region switch { "near" => "near a class", "all" => "all", _ => Escape(region) };
}
