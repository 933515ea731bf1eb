namespace REHRSeg.Tests;

public class BatchPrefetcherTests
{
    [Fact]
    public void BatchesDependOnTheIterationAlone()
    {
        using var all = new BatchPrefetcher<(int, ulong)>(static (i, random) => (i, random.NextUInt64()), 3, "samples", 20);
        var batches = Enumerable.Range(0, 20).Select(i => all.Next(i)).ToArray();
        Assert.Equal(Enumerable.Range(0, 20), batches.Select(b => b.Item1));
        using var late = new BatchPrefetcher<(int, ulong)>(static (i, random) => { Thread.Sleep(i % 3); return (i, random.NextUInt64()); }, 3, "samples", 20, capacity: 1);
        Assert.Equal(batches[11..], Enumerable.Range(11, 9).Select(i => late.Next(i)));
        Assert.Equal(batches[4], late.Next(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => late.Next(20));
    }

    [Fact]
    public void FailuresReachTheCaller()
    {
        using var batches = new BatchPrefetcher<int>(static (i, _) => i < 2 ? i : throw new InvalidDataException("case 7"), 0, "samples", 10);
        Assert.Equal(0, batches.Next(0));
        Assert.Equal(1, batches.Next(1));
        Assert.Equal("case 7", Assert.Throws<InvalidDataException>(() => batches.Next(2)).Message);
    }

    [Fact]
    public void WaitingCanBeCancelled()
    {
        using var gate = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        using var batches = new BatchPrefetcher<int>((i, _) => { gate.Wait(); return i; }, 0, "samples", 10);
        Assert.Throws<OperationCanceledException>(() => batches.Next(0, stop.Token));
        gate.Set();
        Assert.Equal(0, batches.Next(0));
    }

    [Fact]
    public void DisposeFreesWhatWasNotFetched()
    {
        int made = 0, freed = 0;
        var batches = new BatchPrefetcher<int>((i, _) => { Interlocked.Increment(ref made); return i; }, 0, "samples", 1000, capacity: 3, release: _ => Interlocked.Increment(ref freed));
        batches.Next(0);
        batches.Next(1);
        batches.Dispose();
        batches.Dispose();
        Assert.Equal(made - 2, freed);
        Assert.InRange(made, 2, 6);
    }

    [Fact]
    public void SeveralThreadsGiveTheSameBatchesInOrder()
    {
        using var one = new BatchPrefetcher<(int, ulong)>(static (i, random) => (i, random.NextUInt64()), 3, "samples", 40);
        var expected = Enumerable.Range(0, 40).Select(i => one.Next(i)).ToArray();
        int busy = 0, most = 0, ahead = 0, fetched = 0;
        using var several = new BatchPrefetcher<(int, ulong)>((i, random) =>
        {
            lock (expected) (busy, most, ahead) = (busy + 1, Math.Max(most, busy + 1), Math.Max(ahead, i - Volatile.Read(ref fetched)));
            Thread.Sleep(i % 4 == 0 ? 5 : 1);
            lock (expected) busy--;
            return (i, random.NextUInt64());
        }, 3, "samples", 40, capacity: 5, threads: 3);
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(expected[i], several.Next(i));
            Volatile.Write(ref fetched, i + 1);
        }
        Assert.InRange(most, 2, 3);
        Assert.InRange(ahead, 0, 5);
    }

    [Fact]
    public void AFailureIsThrownAtItsIterationAlthoughOthersFollow()
    {
        using var batches = new BatchPrefetcher<int>(static (i, _) =>
        {
            if (i != 3) Thread.Sleep(10);
            return i == 3 ? throw new InvalidDataException("case 7") : i;
        }, 0, "samples", 100, threads: 4);
        Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(i => batches.Next(i)));
        Assert.Equal("case 7", Assert.Throws<InvalidDataException>(() => batches.Next(3)).Message);
    }

    [Fact]
    public async Task WaitingIsMeasured()
    {
        using var gate = new ManualResetEventSlim();
        using var batches = new BatchPrefetcher<int>((i, _) => { if (i == 0) gate.Wait(); return i; }, 0, "samples", 10);
        var open = Task.Run(async () => { await Task.Delay(60); gate.Set(); });
        batches.Next(0);
        Assert.InRange(batches.Waited.TotalMilliseconds, 30, 60_000);
        await open;
    }
}
