namespace REHRSeg.Onnx.Tests;

public class VolumeAdmissionTests
{
    [Fact]
    public async Task TheyComeInInTheOrderInWhichTheyCame()
    {
        var admission = new VolumeAdmission(2, 100);
        using var first = await admission.EnterAsync(60, default);
        var large = admission.EnterAsync(80, default);
        var small = admission.EnterAsync(10, default); // would fit, but came later
        Assert.Equal((1, 2), (admission.Running, admission.Waiting));
        Assert.False(large.IsCompleted || small.IsCompleted);
        first.Dispose();
        using (await large)
        using (await small) Assert.Equal(2, admission.Running);
        Assert.Equal((0, 0), (admission.Running, admission.Waiting));
        first.Dispose(); // a second time: nothing
        Assert.Equal(0, admission.Running);
    }

    [Fact]
    public async Task OneThatGivesUpMakesRoomForTheNext()
    {
        var admission = new VolumeAdmission(4, 100);
        using var first = await admission.EnterAsync(60, default);
        using var source = new CancellationTokenSource();
        var large = admission.EnterAsync(80, source.Token);
        var small = admission.EnterAsync(10, default);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        using (await small.WaitAsync(TimeSpan.FromSeconds(30))) { }
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => admission.EnterAsync(1, source.Token));
    }

    [Fact]
    public void WhatIsTooLargeForTheLimitIsRefusedAtOnce()
    {
        var refused = Assert.Throws<MemoryLimitException>(() => new VolumeAdmission(1, 2_000_000).Enter(5_000_000, default));
        Assert.Equal((5_000_000, 2_000_000), (refused.RequiredBytes, refused.LimitBytes));
        Assert.Contains("needs about 5 MB", refused.Message, StringComparison.Ordinal);
        Assert.Contains("MemoryLimit is 2 MB", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Raise the limit", refused.Message, StringComparison.Ordinal);
        new VolumeAdmission(1, 5_000_000).Enter(5_000_000, default).Dispose();
    }

    [Fact]
    public async Task ClosingRefusesThoseThatWait()
    {
        var admission = new VolumeAdmission(1, null);
        using var first = admission.Enter(1, default);
        var waiting = admission.EnterAsync(1, default);
        var thread = Task.Run(() => admission.Enter(1, default));
        while (admission.Waiting < 2) await Task.Delay(1);
        admission.Close("scorer");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => thread);
        Assert.Throws<ObjectDisposedException>(() => admission.Enter(1, default));
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, null)]
    [InlineData(8, 100L)]
    public async Task NeverMoreThanAllowed(int most, long? limit)
    {
        var admission = new VolumeAdmission(most, limit);
        int running = 0, worst = 0;
        long bytes = 0, worstBytes = 0;
        var random = new Random(1);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => (Bytes: (long)random.Next(1, 60), Delay: random.Next(2), Thread: i % 20 == 0)).ToArray().Select(async one =>
        {
            using (one.Thread ? await Task.Run(() => admission.Enter(one.Bytes, default)) : await admission.EnterAsync(one.Bytes, default))
            {
                InterlockedMax(ref worst, Interlocked.Increment(ref running));
                InterlockedMax(ref worstBytes, Interlocked.Add(ref bytes, one.Bytes));
                await Task.Delay(one.Delay);
                Interlocked.Add(ref bytes, -one.Bytes);
                Interlocked.Decrement(ref running);
            }
        }));
        Assert.InRange(worst, 1, most);
        if (limit is { } l) Assert.InRange(worstBytes, 1, l);
        Assert.Equal((0, 0), (admission.Running, admission.Waiting));
    }

    static void InterlockedMax(ref int target, int value)
    {
        for (int seen = target; seen < value && Interlocked.CompareExchange(ref target, value, seen) != seen; seen = target) { }
    }

    static void InterlockedMax(ref long target, long value)
    {
        for (long seen = target; seen < value && Interlocked.CompareExchange(ref target, value, seen) != seen; seen = target) { }
    }
}
