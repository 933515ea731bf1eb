using System.Diagnostics;
using System.Globalization;

namespace REHRSeg.Onnx.Tests;

/// <summary>What only a process of its own can show.</summary>
public class ScoringProcessTests
{
    [Fact]
    public void WithoutNativesThePackagesToReferenceAreNamed()
    {
        string message = Probe("load", Path.Combine(AppContext.BaseDirectory, "oracles", "tiny_models", "segmenter.onnx"));
        Assert.Contains("native library is missing", message, StringComparison.Ordinal);
        Assert.Contains("Reference Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CUDA) of version", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("60", "512")]
    [InlineData("24", "256", "probabilities")]
    [InlineData("5", "400", "probabilities")]
    public void PeakMemoryStaysWithinTheEstimate(params string[] volume)
    {
        if (!OperatingSystem.IsLinux()) return;
        long[] bytes = [.. Probe(["peak", .. volume]).Split(' ').Select(b => long.Parse(b, CultureInfo.InvariantCulture))];
        Assert.InRange(bytes[1], bytes[0] / 3, bytes[0]); // a bound, and not a boundless one
    }

    static string Probe(params string[] args)
    {
        // .../tests/REHRSeg.Onnx.Tests/bin/CONFIGURATION/net10.0/
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/', '\\'));
        string tests = framework.Parent!.Parent!.Parent!.Parent!.FullName;
        string program = Path.Combine(tests, "REHRSeg.OnnxProbe", "bin", framework.Parent.Name, framework.Name, "REHRSeg.OnnxProbe.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }
}
