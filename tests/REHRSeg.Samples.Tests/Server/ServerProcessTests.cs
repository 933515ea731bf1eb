using System.Diagnostics;
using System.Text.RegularExpressions;

namespace REHRSeg.Samples.Tests.Server;

/// <summary>The server as it is started by its users, in a process of its own.</summary>
public sealed class ServerProcessTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Each upload is 15 MB of a header extension before few voxels: unbounded, fifty of them would take 750 MB and more.</summary>
    [Fact]
    public async Task Fifty_large_uploads_at_once_take_the_memory_of_two_and_leave_no_file()
    {
        const int extension = 15_000_000;
        byte[] small = Upload.Bytes(TestData.Image(1), "a.nii"), large = [.. small[..352], .. new byte[extension], .. small[352..]];
        BitConverter.TryWriteBytes(large.AsSpan(108), 352f + extension);                              // vox_offset
        var environment = new Dictionary<string, string?> { ["TMPDIR"] = _folder.Path, ["XDG_CACHE_HOME"] = _folder.Path, ["HOME"] = _folder.Path, ["DOTNET_EnableDiagnostics"] = "0" };
        using var server = SampleRun.Start("IntroScoreServer", environment, "--Scoring:Model", TestData.Model, "--urls", "http://127.0.0.1:0");
        try
        {
            string line;
            do line = await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await server.StandardError.ReadToEndAsync());
            while (!line.Contains("Now listening on:"));
            _ = server.StandardOutput.ReadToEndAsync();
            using var client = new HttpClient { BaseAddress = new(Regex.Match(line, "http://[^ ]+").Value) };
            var expected = TestData.Score(TestData.Image(1)).Hr!.Voxels.ToArray();

            await Parallel.ForAsync(0, 20, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (_, _) => await SegmentAsync());
            long two = Peak(server);
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SegmentAsync()));
            Assert.InRange(Peak(server) - two, 0, 350_000_000);
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));                         // no upload, and nothing of ONNX Runtime's telemetry

            async Task SegmentAsync()
            {
                using var response = await client.PostAsync("/segment", Upload.Raw(large));
                Assert.Equal(expected, (await response.LabelsAsync()).Voxels.ToArray());
            }
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    /// <summary>Largest resident memory so far in bytes.</summary>
    static long Peak(Process process)
    {
        process.Refresh();
        return process.PeakWorkingSet64;
    }
}
