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

    public SampleRun RequireSuccess()
    {
        Assert.True(ExitCode == 0, $"ended with {ExitCode}: {Error}{Output}");
        return this;
    }
}
