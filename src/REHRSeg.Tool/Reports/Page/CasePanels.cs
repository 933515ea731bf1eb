using System.Globalization;
using System.Text;
using REHRSeg.Imaging;
using static REHRSeg.Tool.HtmlText;

namespace REHRSeg.Tool;

/// <summary>Cases as axial, coronal and sagittal panels: images of one pixel a voxel, outlines as vector paths over them.</summary>
internal static class CasePanels
{
    public static string Html(ReportData data)
    {
        if (data.Cases.Count == 0) return "";
        var html = new StringBuilder("<p>Each plane cuts the truth where its area is largest. Voxels are shown as they are, at true proportions: a thick slice looks thick. The outlines follow the edges of voxels.</p>\n<div class=\"controls\">");
        string[] withPredictions = [.. data.Cases.SelectMany(c => c.Predictions).Select(p => p.Cell).Distinct()];
        html.Append(ChartSections.Choice("panels", "Prediction of", data.Cells.Where(c => withPredictions.Contains(c.Name)).Select(c => (c.Name, c.Title)), data.Reference));
        html.Append("<label><input type=\"checkbox\" data-show=\"truth\" checked> <span class=\"key truth\"></span>truth</label> <label><input type=\"checkbox\" data-show=\"prediction\" checked> <span class=\"key prediction\"></span>prediction</label></div>\n").Append(Legend(data));
        foreach (var item in data.Cases) html.Append(Case(data, item));
        return html.ToString();
    }

    static string Legend(ReportData data)
    {
        var html = new StringBuilder("<p class=\"legend small\">");
        foreach (var label in data.Labels.Where(l => l.Value != 0))
            html.Append($"<span><svg viewBox=\"0 0 34 10\" aria-hidden=\"true\"><rect width=\"10\" height=\"10\" fill=\"{PanelColours.Class(label.Value)}\"/><path class=\"k{LineStyle(label.Value)}\" d=\"M13 5H34\"/></svg>{Escape(label.Name)}</span> ");
        return html.Append("<span><i class=\"key missed\"></i>missed</span> <span><i class=\"key extra\"></i>too much</span> <span><i class=\"key confused\"></i>wrong class</span></p>\n").ToString();
    }

    static string Case(ReportData data, ReportCase item)
    {
        var views = new CaseViews(item);
        var html = new StringBuilder($"<article class=\"case\"><h3>{Escape(char.ToUpperInvariant(item.Rank[0]) + item.Rank[1..])}: {Escape(item.Id)} <span class=\"score\">{Escape(item.Measure)} {Number("DSC", item.Score)}{(item.Fold is { } fold ? $", fold {fold}" : "")}</span></h3>\n<div class=\"panels\" style=\"--columns:{views.Columns.Count}\">");
        foreach (var plane in Enum.GetValues<AnatomicalPlane>())
            foreach (var column in views.Columns) html.Append(Panel(data, views, plane, column));
        html.Append("</div>\n");
        if (views.Uncertainty is { } tone) html.Append($"<p class=\"small\">Uncertainty: <span class=\"heat\" aria-hidden=\"true\"></span> 0 to {tone.High.ToString("0.###", CultureInfo.InvariantCulture)} (99.9 % of voxels are below).</p>\n");
        return html.Append("</article>\n").ToString();
    }

    static string Panel(ReportData data, CaseViews views, AnatomicalPlane plane, CaseColumn column)
    {
        var (left, top, width, height) = views.Box.Picture(plane);
        var axes = PlaneAxes.Of(plane);
        string N(double v) => LabelContour.Number(v);
        var svg = new StringBuilder($"<figure class=\"panel{(column.Errors ? " errors" : "")}\"><svg viewBox=\"{N(left)} {N(top)} {N(width)} {N(height)}\" role=\"img\" aria-label=\"{plane}, {Escape(column.Title)}\">");
        foreach (var (cell, volume, tone) in column.Images)
        {
            var slice = volume.Cut(plane, views.Position(plane), views.Box);
            using var bitmap = PlanePicture.Draw(slice, tone);
            svg.Append($"<image{Of(data, cell)} x=\"{N(slice.Left)}\" y=\"{N(slice.Top)}\" width=\"{N(slice.Width)}\" height=\"{N(slice.Height)}\" preserveAspectRatio=\"none\" href=\"{PlanePicture.DataUri(bitmap)}\"/>");
        }
        var truth = column.Truth?.Cut(plane, views.Position(plane), views.Box);
        foreach (var (cell, volume) in column.Predictions)
        {
            var prediction = volume.Cut(plane, views.Position(plane), views.Box);
            if (column.Errors) svg.Append($"<g{Of(data, cell)}>{Errors(data, prediction, truth!)}</g>");
            else svg.Append($"<g{Of(data, cell, "prediction")}>{Outlines(data, prediction, "prediction")}</g>");
        }
        if (truth is not null && !column.Errors) svg.Append($"<g class=\"truth\">{Outlines(data, truth, "truth")}</g>");
        svg.Append("</svg>");
        foreach (var (place, letter) in (ReadOnlySpan<(string, string)>)[("l", axes.Left), ("r", axes.Right), ("t", axes.Top), ("b", axes.Bottom)]) svg.Append($"<span class=\"side {place}\">{letter}</span>");
        return svg.Append($"<figcaption>{plane} · {Escape(column.Title)}</figcaption></figure>\n").ToString();
    }

    static string Outlines(ReportData data, PlaneSlice slice, string what)
    {
        var html = new StringBuilder();
        foreach (var label in data.Labels.Where(l => l.Value != 0))
            if (LabelContour.ToPath(slice, LabelContour.Trace(slice, v => v == label.Value)) is { Length: > 0 } path) html.Append($"<path class=\"k{LineStyle(label.Value)}\" d=\"{path}\"><title>{Escape(label.Name)}, {what}</title></path>");
        return html.ToString();
    }

    /// <summary>The predicted classes, and over them what is wrong. Both slices lie on one grid.</summary>
    static string Errors(ReportData data, PlaneSlice prediction, PlaneSlice truth)
    {
        var html = new StringBuilder();
        void Fill(string css, string style, string title, Func<float, float, bool> inside)
        {
            float[] mask = [.. prediction.Values.Zip(truth.Values, (p, t) => inside(p, t) ? 1f : 0f)];
            if (LabelContour.ToPath(prediction, LabelContour.Trace(prediction with { Values = mask }, v => v == 1)) is { Length: > 0 } path) html.Append($"<path class=\"fill {css}\"{style} d=\"{path}\"><title>{title}</title></path>");
        }
        foreach (var label in data.Labels.Where(l => l.Value != 0)) Fill("right", $" fill=\"{PanelColours.Class(label.Value)}\"", $"{Escape(label.Name)}, right", (p, t) => p == label.Value && t == p);
        Fill("missed", "", "missed", (p, t) => p == 0 && t != 0);
        Fill("extra", "", "too much", (p, t) => p != 0 && t == 0);
        Fill("confused", "", "wrong class", (p, t) => p != 0 && t != 0 && p != t);
        return html.ToString();
    }

    /// <summary>Attributes of what belongs to one cell: all but the chosen one are hidden.</summary>
    static string Of(ReportData data, string? cell, string css = "") =>
        cell is null ? css.Length > 0 ? $" class=\"{css}\"" : "" : $" class=\"cell {css}\" data-cell=\"{Escape(cell)}\"{(cell == data.Reference ? "" : " hidden")}";

    static int LineStyle(int label) => (label - 1) % 4;
}
