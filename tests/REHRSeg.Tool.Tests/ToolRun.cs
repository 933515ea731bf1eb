using System.Diagnostics;

namespace REHRSeg.Tool.Tests;

/// <summary>One run of the command line: in this process, or as a user's own process.</summary>
internal sealed record ToolRun(int Code, string Output, string Error)
{
    public static ToolRun InProcess(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.Run(args, output, error);
        return new(code, output.ToString(), error.ToString());
    }

    public static Process Start(string toolFolder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(toolFolder, "REHRSeg.Tool.dll"));
        foreach (string a in args) start.ArgumentList.Add(a);
        return Process.Start(start)!;
    }

    public static ToolRun Finish(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(120_000), "the tool did not end in 2 minutes");
        return new(process.ExitCode, output, error.Result);
    }

    /// <summary>Failed with exactly one line on stderr that holds every given word.</summary>
    public void AssertFailure(params string[] words)
    {
        Assert.Equal(CommandLine.Failed, Code);
        foreach (string word in words) Assert.Contains(word, Error, StringComparison.OrdinalIgnoreCase);
    }

    public void AssertDone() => Assert.True(Code == CommandLine.Done, $"exit {Code}: {Error}");
}
