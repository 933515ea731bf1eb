namespace REHRSeg.Tests;

/// <summary>Collects young garbage and runs its finalizers, over and over, until disposed.</summary>
sealed class BusyCollector : IDisposable
{
    readonly Thread _thread;
    bool _stop;

    public BusyCollector()
    {
        _thread = new(() =>
        {
            while (!Volatile.Read(ref _stop))
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        _thread.Start();
    }

    public void Dispose()
    {
        Volatile.Write(ref _stop, true);
        _thread.Join();
    }
}
