namespace REHRSeg.Tool.Tests;

/// <summary>A test that looks at a page in headless Chromium. Skipped, and counted as that, where no Chromium is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChromiumFactAttribute : FactAttribute
{
    static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "chrome", "chrome.exe"];

    public ChromiumFactAttribute()
    {
        if (Executable is null) Skip = "No Chromium: install one (Debian: apt-get install chromium) or name its program in CHROMIUM.";
    }

    /// <summary>The program that CHROMIUM names, or the first on PATH; null if there is none.</summary>
    internal static string? Executable { get; } = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named
        ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).SelectMany(folder => s_names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
}
