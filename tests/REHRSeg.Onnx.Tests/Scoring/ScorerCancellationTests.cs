using System.Diagnostics;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>A network whose single run takes a minute is stopped in the middle of it.</summary>
public class ScorerCancellationTests
{
    static MLVolume Image() => new(new([128, 128, 16], [1, 1, 4]), Enumerable.Range(0, 128 * 128 * 16).Select(i => (float)Math.Sin(i)).ToArray());

    static OnnxVolumeScorer Slow() => new(TinyOnnx.Build(convolutions: 1000, metadata: new(TinyOnnx.Keys) { ["rehrseg.patch_size"] = "16,128,128" }), "slow.onnx", new() { Threads = 1, MaxConcurrency = 1 });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ARunIsStoppedAndTheScorerGoesOn(bool asynchronous)
    {
        using var scorer = Slow();
        var clock = Stopwatch.StartNew();
        int runs = 0;
        var request = new SegmentationRequest { Mirror = false, Progress = new Counting(() => runs++) };
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        if (asynchronous) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scorer.ScoreAsync(Image(), request, source.Token));
        else Assert.ThrowsAny<OperationCanceledException>(() => scorer.Score(Image(), request, source.Token));
        Assert.Equal(0, runs); // the one run was not finished
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"{clock.Elapsed}"); // a thousand convolutions of 262,144 voxels take longer
        var result = scorer.Score(Image(), request with { Hr = false }); // without the head it is fast
        Assert.Contains(3f, result.Lr!.Voxels.ToArray());
    }

    sealed class Counting(Action count) : IProgress<double>
    {
        public void Report(double value) => count();
    }
}
