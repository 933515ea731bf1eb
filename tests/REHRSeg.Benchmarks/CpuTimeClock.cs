using Perfolizer.Horology;

namespace REHRSeg.Benchmarks;

/// <summary>Processor time of this process instead of the wall clock: with one thread, a fair measure on cores that other work shares.</summary>
internal sealed class CpuTimeClock : IClock
{
    /// <inheritdoc/>
    public string Title => "CPU time";
    /// <inheritdoc/>
    public bool IsAvailable => true;
    /// <inheritdoc/>
    public Frequency Frequency => new(TimeSpan.TicksPerSecond);

    /// <inheritdoc/>
    public long GetTimestamp() => Environment.CpuUsage.TotalTime.Ticks;
}
