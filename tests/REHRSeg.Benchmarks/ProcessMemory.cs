using System.Globalization;

namespace REHRSeg.Benchmarks;

/// <summary>Memory of this process on Linux.</summary>
internal static class ProcessMemory
{
    /// <summary>A line of /proc/self/status in MB: VmRSS (now), VmHWM (peak).</summary>
    public static long MB(string name) =>
        long.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}
