using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>The median case in one PNG: a plane across the thick slices as it was acquired, super-resolved and segmented, above the surfaces of labels.</summary>
internal static class CaseFigure
{
    const int Side = 300, Gap = 12, Caption = 30;

    public static void Write(string file, ReportData data)
    {
        var item = data.Cases.FirstOrDefault(c => c.Rank == "median") ?? data.Cases.FirstOrDefault() ?? throw new DatasetException("There is no scored case, so there is no picture.");
        var views = new CaseViews(item);
        var plane = AcrossSlices(views.SliceAxis);
        var scene = new SurfaceScene(views);
        var surfaces = Chosen(data, [.. scene.Volumes(data)]);
        int columns = Math.Max(views.Columns.Count, surfaces.Count);
        var (left, top, width, height) = views.Box.Picture(plane);
        float scale = (float)(Side / Math.Max(width, height)), panelHeight = (float)(height * scale);
        using var bitmap = new SKBitmap(columns * (Side + Gap) + Gap, (int)panelHeight + scene.Camera.Rows(Side) + 3 * Caption + 4 * Gap);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using var font = new SKFont(SKTypeface.Default, 15);
        using var ink = new SKPaint { Color = new(0x33, 0x3a, 0x42), IsAntialias = true };
        for (int i = 0; i < views.Columns.Count; i++)
        {
            float x = Gap + i * (Side + Gap) + (Side - (float)width * scale) / 2;
            canvas.DrawText(Title(data, views.Columns[i]), Gap + i * (Side + Gap), Gap + 15, font, ink);
            canvas.Save();
            canvas.Translate(x, Caption + Gap);
            canvas.Scale(scale);
            canvas.Translate((float)-left, (float)-top);
            canvas.ClipRect(SKRect.Create((float)left, (float)top, (float)width, (float)height));
            canvas.DrawColor(SKColors.Black);
            Draw(canvas, data, views, views.Columns[i], plane, 1.6f / scale);
            canvas.Restore();
        }
        for (int i = 0; i < surfaces.Count; i++)
        {
            float x = Gap + i * (Side + Gap), y = Caption + 2 * Gap + panelHeight;
            canvas.DrawText(surfaces[i].Title, x, y + 15, font, ink);
            using var surface = scene.Draw(surfaces[i].Volume, Side);
            canvas.DrawBitmap(surface, x, y + Caption);
        }
        Legend(canvas, data, bitmap.Height - Gap, font, ink);
        canvas.Flush();
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        AtomicFile.Write(file, s => bitmap.Encode(s, SKEncodedImageFormat.Png, 100));
    }

    static void Legend(SKCanvas canvas, ReportData data, float bottom, SKFont font, SKPaint ink)
    {
        using var measure = new SKPaint(font);
        float x = Gap;
        var labels = data.Labels.Where(l => l.Value != 0).Select(l => (PanelColours.Class(l.Value), l.Name));
        foreach (var (colour, text) in labels.Concat([(PanelColours.Truth, "truth, missed"), (PanelColours.Prediction, "prediction, too much"), (PanelColours.Confused, "wrong class")]))
        {
            using var paint = new SKPaint { Color = SKColor.Parse(colour) };
            canvas.DrawRect(x, bottom - 12, 12, 12, paint);
            canvas.DrawText(text, x + 18, bottom - 1, font, ink);
            x += 18 + measure.MeasureText(text) + 24;
        }
    }

    /// <summary>A plane that contains the axis across the slices, and has the superior direction upwards.</summary>
    static AnatomicalPlane AcrossSlices(int sliceAxis) => sliceAxis == 1 ? AnatomicalPlane.Sagittal : AnatomicalPlane.Coronal;

    /// <summary>At most four surfaces: the thick label, the first rival, the reference, the truth.</summary>
    static IReadOnlyList<(string Title, PlacedVolume Volume)> Chosen(ReportData data, IReadOnlyList<(string Title, PlacedVolume Volume)> all)
    {
        string reference = data.TitleOf(data.Reference);
        string? rival = data.Cells.FirstOrDefault(c => !c.SeesLabels && c.Name != data.Reference)?.Title;
        return [.. all.Where((s, i) => i == 0 || s.Title == reference || s.Title == rival || s.Title == "thin truth").Take(4)];
    }

    static string Title(ReportData data, CaseColumn column) => column.Errors ? $"{column.Title}, {data.TitleOf(data.Reference)}" : column.Title;

    static void Draw(SKCanvas canvas, ReportData data, CaseViews views, CaseColumn column, AnatomicalPlane plane, float stroke)
    {
        PlaneSlice Cut(PlacedVolume volume) => volume.Cut(plane, views.Position(plane), views.Box);
        var images = column.Images.Where(i => i.Cell is null || i.Cell == data.Reference).ToArray();
        foreach (var (_, volume, tone) in images.Length > 0 ? images : [.. column.Images.Take(1)])
        {
            var slice = Cut(volume);
            using var picture = PlanePicture.Draw(slice, tone);
            canvas.DrawBitmap(picture, SKRect.Create((float)slice.Left, (float)slice.Top, (float)slice.Width, (float)slice.Height));
        }
        var prediction = column.Predictions.Where(p => p.Cell == data.Reference).Select(p => Cut(p.Volume)).FirstOrDefault();
        if (column.Errors && prediction is not null)
        {
            var truth = Cut(column.Truth!);
            void Fill(string colour, byte alpha, Func<float, float, bool> inside) => Paint(canvas, prediction with { Values = [.. prediction.Values.Zip(truth.Values, (p, t) => inside(p, t) ? 1f : 0f)] }, v => v == 1, SKColor.Parse(colour).WithAlpha(alpha), 0);
            foreach (var label in data.Labels.Where(l => l.Value != 0)) Fill(PanelColours.Class(label.Value), 190, (p, t) => p == label.Value && p == t);
            Fill(PanelColours.Truth, 255, (p, t) => p == 0 && t != 0);
            Fill(PanelColours.Prediction, 255, (p, t) => p != 0 && t == 0);
            Fill(PanelColours.Confused, 255, (p, t) => p != 0 && t != 0 && p != t);
            return;
        }
        foreach (var label in data.Labels.Where(l => l.Value != 0))
        {
            if (prediction is not null) Paint(canvas, prediction, v => v == label.Value, SKColor.Parse(PanelColours.Prediction), stroke);
            if (column.Truth is not null) Paint(canvas, Cut(column.Truth), v => v == label.Value, SKColor.Parse(PanelColours.Truth), stroke);
        }
    }

    /// <summary>An outline, or an area where the stroke is 0.</summary>
    static void Paint(SKCanvas canvas, PlaneSlice slice, Predicate<float> inside, SKColor colour, float stroke)
    {
        using var path = SKPath.ParseSvgPathData(LabelContour.ToPath(slice, LabelContour.Trace(slice, inside)));
        using var paint = new SKPaint { Color = colour, IsAntialias = true, IsStroke = stroke > 0, StrokeWidth = stroke, StrokeJoin = SKStrokeJoin.Round };
        if (path is not null) canvas.DrawPath(path, paint);
    }
}
