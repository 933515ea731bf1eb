using System.Diagnostics;

namespace REHRSeg.Tool;

/// <summary>Time and memory of one stage.</summary>
internal sealed record StageCost(string Name, double Seconds, double PeakMegabytes);

/// <summary>Passes progress on and keeps wall time and peak memory by stage.</summary>
internal sealed class StageClock(ToolConsole console) : IProgress<TrainingProgress>
{
    readonly Stopwatch _watch = Stopwatch.StartNew();
    string _stage = "read and prepare";
    TimeSpan _before;
    public List<StageCost> Stages { get; } = [];

    public void Report(TrainingProgress value)
    {
        if (value.Stage != _stage)
        {
            Finish();
            (_stage, _before) = (value.Stage, value.Elapsed); // time before a resume counts too
        }
        console.Report(value);
    }

    public void Finish()
    {
        using var process = Process.GetCurrentProcess();
        Stages.Add(new(_stage, (_before + _watch.Elapsed).TotalSeconds, process.PeakWorkingSet64 / 1e6));
        _watch.Restart();
        (_stage, _before) = ("save", TimeSpan.Zero);
    }
}
