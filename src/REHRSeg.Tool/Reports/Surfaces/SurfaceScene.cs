using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>A case's label maps under one camera.</summary>
internal sealed class SurfaceScene(CaseViews views)
{
    public SurfaceCamera Camera { get; } = SurfaceCamera.For([views.HrTruth ?? views.LrTruth, views.LrTruth, .. (views.Hr.Count > 0 ? views.Hr : views.Lr).Select(p => p.Volume)], views.SliceAxis);

    /// <summary>The thick label, what each cell made of it (thin, else thick), and the thin truth.</summary>
    public IEnumerable<(string Title, PlacedVolume Volume)> Volumes(ReportData data)
    {
        yield return ("thick label", views.LrTruth);
        foreach (var cell in data.Cells)
            foreach (var (_, volume) in (views.Hr.Count > 0 ? views.Hr : views.Lr).Where(p => p.Cell == cell.Name)) yield return (cell.Title, volume);
        if (views.HrTruth is not null) yield return ("thin truth", views.HrTruth);
    }

    /// <summary>A picture; the shading's ball has twice the truth's finest spacing.</summary>
    public SKBitmap Draw(PlacedVolume volume, int width) => SurfaceRendering.Draw(volume, Camera, width, 2 * (views.HrTruth ?? views.LrTruth).Volume.Geometry.Spacing.Min(), PanelColours.OfClass);
}
