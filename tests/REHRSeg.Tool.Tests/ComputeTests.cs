using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace REHRSeg.Tool.Tests;

/// <summary>The switch <c>RehrSegCompute</c> between natives for the CPU and for a GPU, in evaluated projects: nothing is restored.</summary>
public sealed class ComputeTests
{
    [Theory]
    [InlineData("src/REHRSeg.Tool/REHRSeg.Tool.csproj")]
    [InlineData("samples/Quickstart/Quickstart.csproj")]
    [InlineData("tests/REHRSeg.Tests/REHRSeg.Tests.csproj")]
    public void The_switch_chooses_the_natives(string project)
    {
        string[] cpu = Packages(project, "cpu"), cuda = Packages(project, "cuda");
        Assert.Contains(cpu, p => p.StartsWith("libtorch-cpu-", StringComparison.Ordinal));
        Assert.Contains("Microsoft.ML.OnnxRuntime", cpu);
        Assert.Contains(cuda, p => p.StartsWith("TorchSharp-cuda-", StringComparison.Ordinal));
        Assert.Contains("Microsoft.ML.OnnxRuntime.Gpu", cuda);
        Assert.DoesNotContain(cuda, p => p.StartsWith("libtorch-cpu-", StringComparison.Ordinal) || p == "Microsoft.ML.OnnxRuntime");
    }

    [Theory]
    [InlineData("REHRSeg.Imaging")]
    [InlineData("REHRSeg.Onnx")]
    [InlineData("REHRSeg")]
    public void Libraries_reference_managed_packages_only(string library)
        => Assert.DoesNotContain(Packages($"src/{library}/{library}.csproj", "cuda"), p => p.StartsWith("libtorch-", StringComparison.Ordinal) || p.StartsWith("TorchSharp-", StringComparison.Ordinal)
            || p is "Microsoft.ML.OnnxRuntime" or "Microsoft.ML.OnnxRuntime.Gpu");

    static string[] Packages(string project, string compute, [CallerFilePath] string thisFile = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(root, project), "-getItem:PackageReference", $"-p:RehrSegCompute={compute}", "-nodeReuse:false"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        using var json = JsonDocument.Parse(output);
        return [.. json.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray().Select(p => p.GetProperty("Identity").GetString()!)];
    }
}
