using System.Diagnostics;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What a finished cell leaves in <c>cell.json</c>.</summary>
/// <param name="Setting">Everything its result depends on; another setting makes the cell run again.</param>
/// <param name="Seconds">Wall time of training and application.</param>
/// <param name="PeakMegabytes">Largest resident memory of the process until the cell's end.</param>
/// <param name="Scores">One measure of one case each.</param>
internal sealed record CellResult(string Setting, double Seconds, double PeakMegabytes, IReadOnlyList<MethodScore> Scores);

/// <summary>One row of an experiment in a folder of its own. Finished cells are not run again; an interrupted one continues.</summary>
internal static class ExperimentCell
{
    /// <summary>Runs a cell, or reads what it left.</summary>
    /// <param name="folder">The cell's folder.</param>
    /// <param name="setting">Everything its result depends on.</param>
    /// <param name="run">Trains and applies; leaves images/ and labels/ in the folder.</param>
    /// <param name="score">Reads them.</param>
    public static CellResult Run(string folder, string setting, Action run, Func<IReadOnlyList<MethodScore>> score)
    {
        string file = Path.Combine(folder, "cell.json");
        if (Read(file) is { } finished && finished.Setting == setting) return finished;
        Directory.CreateDirectory(folder);
        File.Delete(file);
        var watch = Stopwatch.StartNew();
        run();
        double seconds = watch.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        var result = new CellResult(setting, seconds, process.PeakWorkingSet64 / 1e6, score());
        AtomicFile.WriteText(file, JsonSerializer.Serialize(result, ToolConsole.JsonForm));
        return result;
    }

    static CellResult? Read(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<CellResult>(File.ReadAllText(file), ToolConsole.JsonForm) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
