using System.Diagnostics;

namespace REHRSeg.Tests;

/// <summary>Runs built programs of this repository in a process of their own.</summary>
static class Programs
{
    public static string LoadProbe => Built("tests", "REHRSeg.LoadProbe");
    public static string Quickstart => Built("samples", "Quickstart");
    public static string IntroTraining => Built("samples", "IntroTraining");

    public static string Run(string assembly, params string[] args) => RunWithErrors(assembly, args).Output;

    public static (string Output, string Error) RunWithErrors(string assembly, params string[] args)
    {
        using var process = Start(assembly, args);
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{assembly} ended with {process.ExitCode}: {error.Result}");
        return (output, error.Result);
    }

    public static Process Start(string assembly, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>True if a child process can be sent Ctrl-C: not on Windows, nor where a shell has started these tests in the background, which ignores SIGINT for all that come after.</summary>
    public static bool CanInterrupt => !OperatingSystem.IsWindows()
        && !(File.Exists("/proc/self/status") && File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0);

    public static void Interrupt(Process process) => Process.Start("kill", ["-INT", process.Id.ToString()]).WaitForExit();

    // .../tests/REHRSeg.Tests/bin/CONFIGURATION/net10.0/
    static string Built(string folder, string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/', '\\'));
        string root = framework.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, folder, project, "bin", framework.Parent.Name, framework.Name, project + ".dll");
    }
}
