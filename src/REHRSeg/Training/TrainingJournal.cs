using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Writes each report as one JSON object per line to <c>training.jsonl</c> and as TensorBoard scalars <c>STAGE/METRIC</c>.</summary>
internal sealed class TrainingJournal : IDisposable
{
    /// <summary>Name of the line file.</summary>
    public const string FileName = "training.jsonl";

    readonly string _path, _stage;
    readonly EventFileWriter _events;

    /// <summary>Opens the journal of a stage; lines of the stage beyond <paramref name="iteration"/>, left by an earlier run, are taken out.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public TrainingJournal(string directory, string stage, int iteration)
    {
        Directory.CreateDirectory(directory);
        (_path, _stage) = (Path.Combine(directory, FileName), stage);
        Rewind(iteration);
        _events = new EventFileWriter(directory);
    }

    /// <summary>Adds a report.</summary>
    /// <param name="iteration">Finished iterations.</param>
    /// <param name="learningRate">Of the last step.</param>
    /// <param name="seconds">Time in the stage.</param>
    /// <param name="metrics">Loss terms and measures.</param>
    /// <exception cref="IOException">There is no space; both files hold the reports before this one.</exception>
    public void Write(int iteration, double learningRate, double seconds, IReadOnlyDictionary<string, double> metrics)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("stage", _stage);
            json.WriteNumber("iteration", iteration);
            foreach (var (name, value) in metrics)
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteNull(name);
            json.WriteNumber("lr", learningRate);
            json.WriteNumber("seconds", Math.Round(seconds, 3));
            json.WriteEndObject();
        }
        line.WriteByte((byte)'\n');
        using (var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0)) WholeRecord.Append(file, line.GetBuffer().AsSpan(0, (int)line.Length));
        string stage = _stage.Replace(' ', '-');
        _events.Write(iteration, metrics.Append(new("lr", learningRate)).Select(m => KeyValuePair.Create($"{stage}/{m.Key}", m.Value)));
    }

    /// <inheritdoc/>
    public void Dispose() => _events.Dispose();

    void Rewind(int iteration)
    {
        if (!File.Exists(_path)) return;
        string[] lines = File.ReadAllLines(_path), kept = [.. lines.Where(line => Keep(line, iteration))];
        if (kept.Length == lines.Length) return;
        AtomicFile.WriteText(_path, string.Concat(kept.Select(line => line + "\n")));
    }

    bool Keep(string line, int iteration)
    {
        try
        {
            using var entry = JsonDocument.Parse(line);
            return entry.RootElement.GetProperty("stage").GetString() != _stage || entry.RootElement.GetProperty("iteration").GetInt32() <= iteration && iteration > 0;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return false;
        }
    }
}
