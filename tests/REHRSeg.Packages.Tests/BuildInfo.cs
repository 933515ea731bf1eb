using System.Reflection;

namespace REHRSeg.Packages.Tests;

/// <summary>What the build of this assembly knew.</summary>
static class BuildInfo
{
    static readonly Dictionary<string, string> s_values = typeof(BuildInfo).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToDictionary(a => a.Key, a => a.Value ?? "");

    public static string RepositoryRoot => s_values["RepositoryRoot"];
    public static string Configuration => s_values["Configuration"];
    public static string HostRid => s_values["HostRid"];
    /// <summary>The user's global packages folder.</summary>
    public static string PackageFolder => s_values["PackageFolder"];
    /// <summary>Versions of Directory.Packages.props.</summary>
    public static IReadOnlyDictionary<string, string> Versions { get; } = s_values["Versions"].Split('|').Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);

    /// <summary>True in a clone, false in a source archive.</summary>
    public static bool InGit => Path.Exists(Path.Combine(RepositoryRoot, ".git"));
}
