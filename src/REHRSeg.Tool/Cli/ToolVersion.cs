using System.Reflection;

namespace REHRSeg.Tool;

/// <summary>Of this build.</summary>
internal static class ToolVersion
{
    /// <summary>Version and commit, as in <c>0.1.0+1a2b3c…</c>.</summary>
    public static string Full { get; } = typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The part that changes results are kept apart by: major.minor.patch.</summary>
    public static string Release { get; } = typeof(ToolVersion).Assembly.GetName().Version?.ToString(3) ?? "unknown";
}
