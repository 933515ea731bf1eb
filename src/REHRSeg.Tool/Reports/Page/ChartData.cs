using System.Globalization;
using System.Text;
using System.Text.Json;

namespace REHRSeg.Tool;

/// <summary>Numbers for the page's charts, as JSON that is safe within a script element.</summary>
internal static class ChartData
{
    public static string Json(ReportData data)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) // its default encoder escapes <, > and &
        {
            json.WriteStartObject();
            json.WriteString("reference", data.Reference);
            List(json, "cells", data.Cells, c => { json.WriteString("name", c.Name); json.WriteString("title", c.Title); json.WriteBoolean("seesLabels", c.SeesLabels); });
            json.WriteStartArray("classes");
            foreach (var label in data.Labels.Where(l => l.Value != 0)) json.WriteStringValue(label.Name);
            json.WriteEndArray();
            List(json, "shown", data.Cases, c => { json.WriteString("case", c.Id); json.WriteString("rank", c.Rank); });
            List(json, "rows", data.Rows, r =>
            {
                json.WriteString("cell", r.Cell);
                json.WriteString("case", r.Case);
                json.WriteNumber("fold", r.Fold);
                foreach (var (name, value) in r.Values) Number(json, name, value);
            });
            List(json, "comparisons", data.Statistics.Comparisons, c =>
            {
                json.WriteString("cell", c.Cell);
                json.WriteString("against", c.Against);
                json.WriteString("grid", c.Grid);
                json.WriteString("measure", c.Measure);
                Number(json, "difference", c.Difference);
                Number(json, "low", c.Low);
                Number(json, "high", c.High);
                Number(json, "p", c.Adjusted);
            });
            List(json, "curves", data.Curves, c =>
            {
                json.WriteString("name", data.TitleOf(c.Name));
                if (c.Fold is { } fold) json.WriteNumber("fold", fold);
                json.WriteString("stage", c.Stage);
                json.WriteStartObject("points");
                foreach (var (measure, points) in c.Points)
                {
                    json.WriteStartArray(measure);
                    foreach (var p in points)
                    {
                        json.WriteNumberValue(p.Iteration);
                        json.WriteRawValue(Rounded(p.Value));
                    }
                    json.WriteEndArray();
                }
                json.WriteEndObject();
            });
            List(json, "calibrations", data.Calibrations.SelectMany(c => c.Grids.Select(g => (c.Cell, Grid: g))), c =>
            {
                json.WriteString("cell", c.Cell);
                json.WriteString("grid", c.Grid.Grid);
                json.WriteString("region", c.Grid.Region);
                Number(json, "eceBefore", c.Grid.Before.Ece);
                Number(json, "eceAfter", c.Grid.After.Ece);
                Bins(json, "before", c.Grid.Before);
                Bins(json, "after", c.Grid.After);
            });
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    static void Bins(Utf8JsonWriter json, string name, Reliability reliability) => List(json, name, reliability.Bins.Where(b => b.Voxels > 0), b =>
    {
        json.WriteNumber("n", b.Voxels);
        Number(json, "c", b.Confidence);
        Number(json, "a", b.Accuracy);
    });

    static void List<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void Number(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        if (double.IsFinite(value)) json.WriteRawValue(Rounded(value));
        else json.WriteNullValue();
    }

    /// <summary>Five significant digits.</summary>
    static string Rounded(double value) => double.IsFinite(value) ? double.Parse(value.ToString("0.####E0", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture) : "null";
}
