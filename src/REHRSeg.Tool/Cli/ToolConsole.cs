using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary>What a verb prints: progress and remarks for people, one JSON document for machines, errors on stderr.</summary>
internal sealed class ToolConsole(TextWriter output, TextWriter error, bool quiet, bool json, bool results = true, UnitLog? log = null) : IProgress<TrainingProgress>
{
    public static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    readonly bool _terminal = !quiet && !json && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
    readonly TextWriter _progress = json ? error : output;
    string _stage = "";
    DateTime _next;
    bool _openLine;

    /// <summary>For a step of a larger command: progress, warnings and errors, but no result of its own.</summary>
    public ToolConsole WithoutResults() => new(output, error, quiet, json, results: false, log);

    /// <summary>The same lines also to a log, quiet or not.</summary>
    public ToolConsole WithLog(UnitLog file) => new(output, error, quiet, json, results, file);

    public void Info(string line)
    {
        log?.Line(line);
        if (quiet) return;
        CloseLine();
        _progress.WriteLine(line);
    }

    public void Warn(string line)
    {
        log?.Line("warning: " + line);
        CloseLine();
        error.WriteLine("warning: " + line);
    }

    public void Error(string line)
    {
        log?.Line("error: " + line.ReplaceLineEndings(" "));
        CloseLine();
        error.WriteLine("error: " + line.ReplaceLineEndings(" "));
    }

    /// <summary>The verb's result: as JSON, or as the table that <paramref name="table"/> makes.</summary>
    public void Result<T>(T result, Func<Table>? table = null)
    {
        CloseLine();
        if (!results) return;
        if (json) output.WriteLine(JsonSerializer.Serialize(result, JsonForm));
        else if (table is not null)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
            if (!_terminal) console.Profile.Width = 140;
            console.Write(table());
        }
    }

    /// <summary>Rewrites one line on a terminal; elsewhere a plain line about every 10 seconds and at a stage's start and end.</summary>
    public void Report(TrainingProgress value)
    {
        if (quiet && log is null) return;
        bool newStage = value.Stage != _stage, finished = value.Iteration >= value.Iterations;
        _stage = value.Stage;
        var now = DateTime.UtcNow;
        if (!newStage && !finished && now < _next) return;
        _next = now + (_terminal ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromSeconds(10));
        string metrics = string.Join("  ", value.Metrics.Select(m => $"{m.Key} {m.Value.ToString("0.####", CultureInfo.InvariantCulture)}"));
        Line($"{value.Stage,-12} {value.Iteration,6}/{value.Iterations}  {Clock(value.Elapsed)} gone, {Clock(value.Remaining)} to go  {metrics}", finished);
    }

    /// <summary>Progress over cases.</summary>
    public void Step(string what, int done, int total, TimeSpan elapsed)
    {
        if (quiet && log is null) return;
        var now = DateTime.UtcNow;
        bool finished = done >= total;
        if (what == _stage && !finished && now < _next) return;
        _stage = what;
        _next = now + (_terminal ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromSeconds(10));
        Line($"{what,-12} {done,6}/{total}  {Clock(elapsed)} gone, {Clock(done == 0 ? TimeSpan.Zero : elapsed / done * (total - done))} to go", finished);
    }

    void Line(string text, bool finished)
    {
        log?.Line(text);
        if (quiet) return;
        if (!_terminal)
        {
            _progress.WriteLine(text);
            return;
        }
        int width = Math.Max(20, Console.WindowWidth - 1);
        output.Write("\r" + (text.Length > width ? text[..width] : text.PadRight(width)));
        _openLine = true;
        if (finished) CloseLine();
    }

    void CloseLine()
    {
        if (_openLine) output.WriteLine();
        _openLine = false;
    }

    static string Clock(TimeSpan t) => t.TotalHours >= 1 ? $"{(int)t.TotalHours}:{t.Minutes:00}:{t.Seconds:00}" : $"{t.Minutes}:{t.Seconds:00}";
}
