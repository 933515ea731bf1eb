using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>One stage's reports: a training journal thinned for drawing.</summary>
/// <param name="Name">What was trained: a cell or a shared stage.</param>
/// <param name="Fold">Fold that was held out; null: none.</param>
/// <param name="Stage">Name of the stage.</param>
/// <param name="Points">By measure: iteration and value.</param>
internal sealed record TrainingCurve(string Name, int? Fold, string Stage, IReadOnlyDictionary<string, IReadOnlyList<CurvePoint>> Points)
{
    /// <summary>Most points of a line; more are averaged in runs of equal length.</summary>
    const int MostPoints = 120;

    /// <summary>Reads <c>training.jsonl</c>; a file that is not there has no curves.</summary>
    /// <exception cref="DatasetException">A line is damaged; the last one may be cut short, as a killed training leaves it.</exception>
    public static IReadOnlyList<TrainingCurve> Read(string file, string name, int? fold)
    {
        if (!File.Exists(file)) return [];
        string[] lines = File.ReadAllLines(file);
        var stages = new Dictionary<string, Dictionary<string, List<CurvePoint>>>(StringComparer.Ordinal);
        var order = new List<string>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0) continue;
            try
            {
                using var json = JsonDocument.Parse(lines[i]);
                string stage = json.RootElement.GetProperty("stage").GetString() ?? throw new FormatException("its stage is null");
                int iteration = json.RootElement.GetProperty("iteration").GetInt32();
                if (!stages.TryGetValue(stage, out var measures))
                {
                    stages.Add(stage, measures = new(StringComparer.Ordinal));
                    order.Add(stage);
                }
                foreach (var field in json.RootElement.EnumerateObject().Where(f => f.Name is not ("stage" or "iteration" or "seconds" or "data_wait") && f.Value.ValueKind == JsonValueKind.Number))
                {
                    if (!measures.TryGetValue(field.Name, out var points)) measures.Add(field.Name, points = []);
                    points.Add(new(iteration, field.Value.GetDouble()));
                }
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                if (i == lines.Length - 1) break;
                throw new DatasetException($"{file}, line {i + 1} is no report of a training: {e.Message} Remove the line, or restore the file.", e);
            }
        }
        return [.. order.Select(stage => new TrainingCurve(name, fold, stage, stages[stage].ToDictionary(m => m.Key, m => Thin(m.Value), StringComparer.Ordinal)))];
    }

    static IReadOnlyList<CurvePoint> Thin(List<CurvePoint> points)
    {
        if (points.Count <= MostPoints) return points;
        int run = (points.Count + MostPoints - 1) / MostPoints;
        return [.. points.Chunk(run).Select(c => new CurvePoint((int)Math.Round(c.Average(p => p.Iteration)), c.Average(p => p.Value)))];
    }
}

/// <summary>A measure at an iteration.</summary>
internal readonly record struct CurvePoint(int Iteration, double Value);
