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

    /// <summary>Failed, with every given word on stderr and nothing but lines of errors and warnings there (no stack trace).</summary>
    public void AssertFailure(params string[] words) => AssertCode(CommandLine.Failed, words);

    /// <summary>As a failure, but by a wrong command line.</summary>
    public void AssertUsage(params string[] words) => AssertCode(CommandLine.Usage, words);

    void AssertCode(int code, string[] words)
    {
        Assert.Equal(code, Code);
        string[] lines = Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches("^(error|warning): ", line));
        Assert.DoesNotContain("(Parameter '", Error, StringComparison.Ordinal);
        foreach (string word in words) Assert.Contains(word, Error, StringComparison.OrdinalIgnoreCase);
    }

    public void AssertDone() => Assert.True(Code == CommandLine.Done, $"exit {Code}: {Error}");
}
