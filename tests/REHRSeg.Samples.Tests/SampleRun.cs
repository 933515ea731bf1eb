using System.Diagnostics;

namespace REHRSeg.Samples.Tests;

/// <summary>A sample that ran in a process of its own.</summary>
sealed record SampleRun(int ExitCode, string Output, string Error)
{
    public static SampleRun Of(string project, params string[] args)
    {
        using var process = Start(project, [], args);
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.Result);
    }

    public static Process Start(string project, Dictionary<string, string?> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, project + ".dll"), .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>True if a child process can be sent Ctrl-C: not on Windows, nor where a shell has started these tests in the background, which ignores SIGINT for all that come after.</summary>
    public static bool CanInterrupt => !OperatingSystem.IsWindows()
        && !(File.Exists("/proc/self/status") && File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0);

    public static void Interrupt(Process process) => Process.Start("kill", ["-INT", process.Id.ToString()]).WaitForExit();

    public SampleRun RequireSuccess()
    {
        Assert.True(ExitCode == 0, $"ended with {ExitCode}: {Error}{Output}");
        return this;
    }
}
