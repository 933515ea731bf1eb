using System.Text;

namespace REHRSeg.Tool;

/// <summary>Writes the report: one HTML file that asks for nothing else, neither when it opens nor later.</summary>
internal static class ReportPage
{
    // Also the browser is told that nothing is to be fetched. blob: and data: are for what the page itself makes (3-D viewer).
    const string Policy = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; worker-src blob: data:; connect-src blob: data:; font-src data:";

    /// <param name="data">What is shown.</param>
    /// <param name="viewer">HTML of the 3-D viewer with its script; empty: none.</param>
    public static string Write(ReportData data, string viewer = "")
    {
        ReportSection[] sections =
        [
            new("results", "Results", ResultTables.Html(data)),
            new("cases", "Cases: best, median, worst", CasePanels.Html(data)),
            new("surfaces", "Staircase and smooth surface", SurfaceFigures.Html(data)),
            new("viewer", "3-D viewer", viewer),
            new("spread", "Spread over cases", ChartSections.Spread(data)),
            new("volumes", "Volumes", ChartSections.Volumes(data)),
            new("calibration", "Confidence", CalibrationSection.Html(data)),
            new("training", "Training", ChartSections.Training(data)),
        ];
        sections = [.. sections.Where(s => s.Html.Length > 0)];
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">\n<title>{HtmlText.Escape(data.Title)} – REHRSeg report</title>\n<style>\n{PageAssets.Text("report.css")}</style>\n</head>\n<body>\n");
        html.Append("<nav class=\"toc\" aria-label=\"Contents\"><a class=\"home\" href=\"#top\">REHRSeg report</a><ul>");
        foreach (var section in sections) html.Append($"<li><a href=\"#{section.Id}\">{HtmlText.Escape(section.Title)}</a></li>");
        html.Append("</ul></nav>\n<main id=\"top\">\n").Append(Headline.Html(data));
        foreach (var section in sections) html.Append($"<section id=\"{section.Id}\">\n<h2>{HtmlText.Escape(section.Title)}</h2>\n{section.Html}</section>\n");
        html.Append($"<footer><p>Not a medical device: for research, not for diagnosis or treatment. This file holds everything that it shows; it fetches nothing. Charts: Observable Plot {PageAssets.PlotVersion} and D3 {PageAssets.D3Version} (ISC and other permissive licences, in this file's source).</p></footer>\n</main>\n");
        html.Append($"<!--\nLicences of what draws the charts\n\n{PageAssets.Text("licenses.txt")}-->\n");
        html.Append($"<script type=\"application/json\" id=\"report-data\">{ChartData.Json(data)}</script>\n");
        foreach (string script in (string[])["d3.min.js", "plot.umd.min.js", "report.js"]) html.Append($"<script>{PageAssets.Text(script)}</script>\n");
        return html.Append("</body>\n</html>\n").ToString();
    }
}
