using System.Diagnostics;
using TorchSharp;

namespace REHRSeg.Tests;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void LoadsUnderTheTestRunner()
    {
        TorchRuntime.EnsureLoaded();
        using var sum = torch.arange(101).sum();
        Assert.Equal(5050, sum.item<long>());
        Assert.Contains("LibTorchSharp", TorchRuntime.Status);
    }

    [Fact]
    public void NativeErrorsAreCaughtAsExceptions() =>
        Assert.ThrowsAny<Exception>(() => torch.zeros(2, 3) + torch.zeros(4, 5));

    [Fact]
    public async Task LoadsInAConsoleProgram()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "REHRSeg.NativeLoaderProbe.dll")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string[] lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        Assert.Equal("5050", lines[0].Trim());
        Assert.Contains("LibTorchSharp", lines[1]);
        Assert.Equal(File.Exists("/lib64/ld-linux-x86-64.so.2").ToString(), lines[2].Trim()); // glibc's own settings
    }

    [Fact]
    public void ThreadsAreSet()
    {
        int before = TorchRuntime.Threads;
        try
        {
            TorchRuntime.Threads = 1;
            Assert.Equal(1, torch.get_num_threads());
        }
        finally
        {
            TorchRuntime.Threads = before;
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => TorchRuntime.Threads = 0);
    }
}
