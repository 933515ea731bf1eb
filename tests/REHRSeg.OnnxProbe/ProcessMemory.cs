using System.Globalization;

namespace REHRSeg.Probes;

/// <summary>Memory of this process, on Linux.</summary>
static class ProcessMemory
{
    /// <summary>Bytes of a line of /proc/self/status: VmRSS (now), VmHWM (peak).</summary>
    public static long Bytes(string name) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    /// <summary>Bytes by which the peak of what is done lies above what was there before.</summary>
    public static long Taken(Action work)
    {
        long before = Bytes("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak begins anew
        work();
        return Bytes("VmHWM") - before;
    }
}
