using System.Net;
using System.Net.Sockets;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Samples.Tests.Server;

/// <summary>Many requests, clients that leave, and health.</summary>
public sealed class LoadTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Fifty_requests_at_once_are_all_answered_alike()
    {
        await using var server = await RunningServer.StartAsync("--Scoring:Concurrency", "2");
        var images = Enumerable.Range(0, 5).Select(TestData.Image).ToArray();
        var expected = images.Select(i => TestData.Score(i).Hr!.Voxels.ToArray()).ToArray();
        byte[][] uploads = [.. images.Select(i => Upload.Bytes(i))];
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => server.Client.PostAsync("/segment", i % 2 == 0 ? Upload.Raw(uploads[i % 5]) : Upload.Form(uploads[i % 5]))));
        for (int i = 0; i < 50; i++) Assert.Equal(expected[i % 5], (await answers[i].LabelsAsync()).Voxels.ToArray());
    }

    [Fact]
    public async Task When_the_client_goes_away_scoring_stops_and_the_server_goes_on()
    {
        await using var server = await RunningServer.StartAsync("--Scoring:Concurrency", "1", "--Scoring:QueueLength", "1");
        using var leaving = new CancellationTokenSource();
        var large = server.Client.PostAsync("/segment", Upload.Raw(Upload.Bytes(TestData.Large(), type: VolumeDataType.UInt8)), leaving.Token);
        await server.Log.WaitForAsync("Segmenting MLVolume 320x320x64", s_patience);

        // The one turn is taken: of two further requests one waits, the other is refused at once; health answers.
        byte[] small = Upload.Bytes(TestData.Image(1));
        Task<HttpResponseMessage>[] two = [.. Enumerable.Range(0, 2).Select(_ => server.Client.PostAsync("/segment", Upload.Raw(small)))];
        var first = await Task.WhenAny(two).WaitAsync(s_patience);
        var (refused, waiting) = (await first, two.Single(t => t != first));
        Assert.Contains("1 requests wait already", await refused.ProblemAsync(503));
        Assert.Equal("10", refused.Headers.RetryAfter!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health/live")).StatusCode);
        Assert.False(large.IsCompleted || waiting.IsCompleted);

        leaving.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        await server.Log.WaitForAsync("The client went away; scoring has stopped", TimeSpan.FromSeconds(20));
        var labels = await (await waiting.WaitAsync(s_patience)).LabelsAsync();
        Assert.Equal(TestData.Score(TestData.Image(1)).Hr!.Voxels, labels.Voxels);
        Assert.Equal(0, server.Log.Count("Segmented MLVolume 320x320x64"));
        Assert.Equal(0, server.Log.Count("Error: "));
    }

    [Fact]
    public async Task A_client_that_leaves_the_queue_makes_room_in_it()
    {
        await using var server = await RunningServer.StartAsync("--Scoring:Concurrency", "1", "--Scoring:QueueLength", "1");
        using CancellationTokenSource end = new(), leaving = new();
        var large = server.Client.PostAsync("/segment", Upload.Raw(Upload.Bytes(TestData.Large(), type: VolumeDataType.UInt8)), end.Token);
        await server.Log.WaitForAsync("Segmenting MLVolume 320x320x64", s_patience);
        byte[] small = Upload.Bytes(TestData.Image(1));
        Task<HttpResponseMessage> PostAsync(CancellationToken token = default) => server.Client.PostAsync("/segment", Upload.Raw(small), token);
        Task<HttpResponseMessage>[] two = [PostAsync(leaving.Token), PostAsync(leaving.Token)];
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await (await Task.WhenAny(two).WaitAsync(s_patience))).StatusCode);   // so the other one waits
        leaving.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(two));

        Task<HttpResponseMessage> waiting;                                                            // until the server has noticed, it is refused at once
        while (await Task.WhenAny(waiting = PostAsync(), Task.Delay(2000)) == waiting) Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waiting).StatusCode);
        end.Cancel();
        Assert.True((await waiting.WaitAsync(s_patience)).IsSuccessStatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.Equal(0, server.Log.Count("Error: "));
    }

    [Fact]
    public async Task An_upload_that_stalls_is_answered_with_408_and_the_next_one_has_its_turn()
    {
        await using var server = await RunningServer.StartAsync("--Scoring:Concurrency", "1", "--Scoring:UploadTimeout", "00:00:00.5");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("POST /segment HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n0123456789"u8.ToArray());
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync().WaitAsync(s_patience));
        using var next = await server.Client.PostAsync("/segment", Upload.Raw(Upload.Bytes(TestData.Image(1))));
        Assert.True(next.IsSuccessStatusCode);
    }

    [Fact]
    public async Task An_image_beyond_the_memory_limit_is_answered_with_413()
    {
        var image = new MLVolume(new VolumeGeometry([100, 100, 30], [1, 1, 4]), new float[300_000]);
        using var scorer = new OnnxVolumeScorer(TestData.Model);
        long need = scorer.EstimateMemory(image.Geometry, new() { Lr = false });
        await using var server = await RunningServer.StartAsync("--Scoring:MemoryLimit", $"{need - 1}");
        Assert.Contains("MemoryLimit is", await (await server.Client.PostAsync("/segment", Upload.Raw(Upload.Bytes(image)))).ProblemAsync(413));
        Assert.True((await server.Client.PostAsync("/segment", Upload.Raw(Upload.Bytes(TestData.Image(1))))).IsSuccessStatusCode);
    }

    [Fact]
    public async Task It_is_live_at_once_and_ready_when_the_model_has_scored()
    {
        await using var server = await RunningServer.StartAsync();
        Assert.Equal("Healthy", await server.Client.GetStringAsync("/health/live"));
        for (var until = DateTime.UtcNow + s_patience; ; await Task.Delay(20))
        {
            using var ready = await server.Client.GetAsync("/health/ready");
            if (ready.StatusCode == HttpStatusCode.OK) break;
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
            Assert.True(DateTime.UtcNow < until);
        }
    }

    [Fact]
    public async Task A_GPU_that_cannot_be_had_is_warned_of_and_the_CPU_scores()
    {
        if (Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider")) return;
        await using var server = await RunningServer.StartAsync("--Scoring:Gpu", "0");
        await server.Log.WaitForAsync("Warning: GPU 0 cannot be used", s_patience);
        Assert.True((await server.Client.PostAsync("/segment", Upload.Raw(Upload.Bytes(TestData.Image(1))))).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Without_a_usable_model_it_does_not_start()
    {
        Assert.Contains("none.onnx does not exist", (await Assert.ThrowsAsync<FileNotFoundException>(() => RunningServer.StartAsync("--Scoring:Model", "none.onnx"))).Message);
        await Assert.ThrowsAsync<ModelFormatException>(() => RunningServer.StartAsync("--Scoring:Model", TestData.Oracle("tiny_models", "foreign.onnx")));
        Assert.Contains("Concurrency", (await Assert.ThrowsAsync<System.ComponentModel.DataAnnotations.ValidationException>(() => RunningServer.StartAsync("--Scoring:Concurrency", "0"))).Message);
        Assert.Contains("UploadTimeout", (await Assert.ThrowsAsync<System.ComponentModel.DataAnnotations.ValidationException>(() => RunningServer.StartAsync("--Scoring:UploadTimeout", "-00:00:01"))).Message);
    }
}
