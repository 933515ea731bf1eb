using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>One scorer, many callers.</summary>
public class ScorerConcurrencyTests
{
    static MLVolume Image(int seed, int slices = 6, int side = 20)
    {
        var random = new Random(seed);
        return new(new VolumeGeometry([side, side, slices], [1, 1, 4]), Enumerable.Range(0, side * side * slices).Select(_ => random.NextSingle()).ToArray());
    }

    static readonly SegmentationRequest[] s_requests =
        [new(), new() { Hr = false }, new() { Lr = false, Probabilities = true }, new() { Uncertainty = true, Mirror = false }, new() { BatchSize = 5, Probabilities = true }, new() { Axis = SliceAxis.X }];

    static void AssertEqual(SegmentationResult expected, SegmentationResult actual)
    {
        foreach (var part in (Func<SegmentationResult, MLVolume?>[])[r => r.Lr, r => r.Hr, r => r.LrProbabilities, r => r.HrProbabilities, r => r.LrUncertainty, r => r.HrUncertainty])
        {
            Assert.Equal(part(expected)?.Geometry, part(actual)?.Geometry);
            if (part(expected) is { } e) Assert.True(e.Voxels.SequenceEqual(part(actual)!.Voxels), "Voxels differ.");
        }
    }

    [Fact]
    public async Task FiftyRequestsAtOnceAreAnsweredAsOneByOne()
    {
        byte[] model = TinyOnnx.Build(convolutions: 2);
        using var alone = new OnnxVolumeScorer(model, "tiny.onnx", new() { Threads = 1, MaxConcurrency = 1 });
        var expected = Enumerable.Range(0, s_requests.Length).Select(i => alone.Score(Image(i), s_requests[i])).ToArray();
        long limit = 2 * s_requests.Max(r => alone.EstimateMemory(Image(0).Geometry, r));
        using var scorer = new OnnxVolumeScorer(model, "tiny.onnx", new() { Threads = 1, MaxConcurrency = 8, MemoryLimit = limit });
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i => (i, await (i % 3 == 0
            ? Task.Run(() => scorer.Score(Image(i % s_requests.Length), s_requests[i % s_requests.Length]))
            : scorer.ScoreAsync(Image(i % s_requests.Length), s_requests[i % s_requests.Length])))));
        foreach (var (i, result) in results) AssertEqual(expected[i % s_requests.Length], result);
    }

    [Theory]
    [InlineData(1, 1_000_000)]
    [InlineData(3, 1_000_000)]
    [InlineData(50, 2)]
    public async Task NoMoreVolumesAreInFlightThanConcurrencyAndMemoryAllow(int concurrency, int volumesOfMemory)
    {
        byte[] model = TinyOnnx.Build(convolutions: 2);
        using var measure = new OnnxVolumeScorer(model, "tiny.onnx");
        long need = measure.EstimateMemory(Image(0).Geometry);
        using var scorer = new OnnxVolumeScorer(model, "tiny.onnx", new() { Threads = 1, MaxConcurrency = concurrency, MemoryLimit = need * volumesOfMemory + need / 2 });
        int allowed = Math.Min(concurrency, volumesOfMemory), inFlight = 0, worst = 0;
        var counted = new object();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
        {
            bool begun = false;
            return scorer.ScoreAsync(Image(i), new() { Progress = new Report(part => { lock (counted) { if (!begun) { begun = true; worst = Math.Max(worst, ++inFlight); } if (part == 1) inFlight--; } }) });
        }));
        Assert.InRange(worst, 1, allowed);
    }

    [Fact]
    public async Task ACallThatWaitsHoldsNoThreadAndLeavesWhenCancelled()
    {
        using var scorer = new OnnxVolumeScorer(TinyOnnx.Build(), "tiny.onnx", new() { MaxConcurrency = 1 });
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var first = scorer.ScoreAsync(Image(0), new() { Progress = new Report(_ => { inside.Set(); goOn.Wait(); }) });
        inside.Wait();
        using var source = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 500).Select(i => scorer.ScoreAsync(Image(i), cancellationToken: i == 0 ? source.Token : default)).ToArray();
        // 500 wait, and none holds a thread: the pool would add one or two a second.
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => { }))).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[0].WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.True(waiting[0].IsCanceled);
        Assert.False(first.IsCompleted);
        goOn.Set();
        await first;
        Assert.Equal(499, (await Task.WhenAll(waiting.Skip(1))).Length);
    }

    [Fact]
    public async Task AVolumeBeyondTheLimitIsRefusedBeforeAnyWork()
    {
        using var scorer = new OnnxVolumeScorer(TinyOnnx.Build(), "tiny.onnx", new() { MemoryLimit = 200 << 20 });
        var large = new MLVolume(new([600, 600, 60], [1, 1, 4]), new float[600 * 600 * 60]);
        bool begun = false;
        var request = new SegmentationRequest { Probabilities = true, Progress = new Report(_ => begun = true) };
        var refused = Assert.Throws<MemoryLimitException>(() => scorer.Score(large, request));
        Assert.Equal(scorer.EstimateMemory(large.Geometry, request), refused.RequiredBytes);
        await Assert.ThrowsAsync<MemoryLimitException>(() => scorer.ScoreAsync(large, request));
        Assert.False(begun);
        scorer.Score(Image(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxVolumeScorer(TinyOnnx.Build(), "tiny.onnx", new() { MemoryLimit = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxVolumeScorer(TinyOnnx.Build(), "tiny.onnx", new() { MaxConcurrency = 0 }));
    }

    [Fact]
    public async Task ProgressRisesToOne()
    {
        using var scorer = new OnnxVolumeScorer(TinyOnnx.Build(), "tiny.onnx");
        var seen = new List<double>();
        await scorer.ScoreAsync(Image(1, 11, 37), new() { Progress = new Report(seen.Add) });
        Assert.True(seen.Count > 10);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(seen.Distinct(), seen);
        Assert.True(seen[0] > 0);
        Assert.Equal(1, seen[^1]);
    }

    [Fact]
    public async Task DisposingWhileVolumesAreInFlightLetsThemEnd()
    {
        for (int round = 0; round < 5; round++)
        {
            var scorer = new OnnxVolumeScorer(TinyOnnx.Build(convolutions: 3), "tiny.onnx", new() { Threads = 1, MaxConcurrency = 2 });
            var expected = scorer.Score(Image(3));
            using var inside = new CountdownEvent(2);
            int reported = 0;
            var running = Enumerable.Range(0, 2).Select(_ =>
            {
                bool begun = false;
                return scorer.ScoreAsync(Image(3), new() { Progress = new Report(_ => { Interlocked.Increment(ref reported); if (!begun) { begun = true; inside.Signal(); inside.Wait(); } }) });
            }).ToArray();
            inside.Wait();
            var waiting = scorer.ScoreAsync(Image(3));
            scorer.Dispose();
            scorer.Dispose();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
            Assert.Throws<ObjectDisposedException>(() => scorer.Score(Image(3)));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => scorer.ScoreAsync(Image(3)));
            foreach (var result in await Task.WhenAll(running)) AssertEqual(expected, result);
            Assert.True(reported > 4); // most of the work was done after Dispose
            Assert.Throws<ObjectDisposedException>(() => VolumeSegmenter.Segment(Image(3), scorer.Members)); // its members are gone with the last one
        }
    }

    sealed class Report(Action<double> report) : IProgress<double>
    {
        void IProgress<double>.Report(double value) => report(value);
    }
}
