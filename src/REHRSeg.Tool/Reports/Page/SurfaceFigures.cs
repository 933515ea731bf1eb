using System.Text;
using static REHRSeg.Tool.HtmlText;

namespace REHRSeg.Tool;

/// <summary>The same surface from thick labels, from each cell, and in truth, under one camera.</summary>
internal static class SurfaceFigures
{
    const int Width = 420;

    public static string Html(ReportData data)
    {
        if ((data.Cases.FirstOrDefault(c => c.Rank == "median") ?? data.Cases.FirstOrDefault()) is not { } item) return "";
        var scene = new SurfaceScene(new CaseViews(item));
        var html = new StringBuilder($"<p>Case {Escape(item.Id)} ({Escape(item.Rank)}). Surfaces of the voxels as they are, nothing smoothed: same camera, light and scale ({LabelContour.Number(Math.Round(scene.Camera.Width))} mm across).</p>\n<div class=\"surfaces\">");
        foreach (var (title, volume) in scene.Volumes(data))
        {
            using var bitmap = scene.Draw(volume, Width);
            html.Append($"<figure><img width=\"{bitmap.Width}\" height=\"{bitmap.Height}\" alt=\"Surface: {Escape(title)}\" src=\"{PlanePicture.DataUri(bitmap)}\"><figcaption>{Escape(title)}</figcaption></figure>\n");
        }
        return html.Append("</div>\n").ToString();
    }
}
