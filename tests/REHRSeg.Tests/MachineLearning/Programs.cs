using System.Diagnostics;

namespace REHRSeg.Tests;

/// <summary>Runs built programs of this repository in a process of their own.</summary>
static class Programs
{
    public static string LoadProbe => Built("tests", "REHRSeg.LoadProbe");
    public static string Quickstart => Built("samples", "Quickstart");
    public static string CrossValidation => Built("samples", "CrossValidation");
    public static string ScorePipeline => Built("samples", "ScorePipeline");

    public static string Run(string assembly, params string[] args) => RunWithErrors(assembly, args).Output;

    public static (string Output, string Error) RunWithErrors(string assembly, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{assembly} ended with {process.ExitCode}: {error.Result}");
        return (output, error.Result);
    }

    // .../tests/REHRSeg.Tests/bin/CONFIGURATION/net10.0/
    static string Built(string folder, string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/', '\\'));
        string root = framework.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, folder, project, "bin", framework.Parent.Name, framework.Name, project + ".dll");
    }
}
