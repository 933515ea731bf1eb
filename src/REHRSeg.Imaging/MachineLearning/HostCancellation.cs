using Microsoft.ML.Runtime;

namespace REHRSeg.Imaging;

/// <summary>A token that follows both a caller's token and the MLContext's own cancellation, which is polled ten times a second.</summary>
internal sealed class HostCancellation : IDisposable
{
    readonly Lock _lock = new();
    readonly CancellationTokenSource _source;
    readonly Timer _poll;
    bool _disposed;

    public HostCancellation(IHostEnvironment host, CancellationToken token = default)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(token);
        if (MlNetInternals.IsCanceled(host)) _source.Cancel();
        _poll = new Timer(_ =>
        {
            if (!MlNetInternals.IsCanceled(host)) return;
            lock (_lock) if (!_disposed) _source.Cancel();
        }, null, 100, 100);
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        lock (_lock) _disposed = true;
        _poll.Dispose();
        _source.Dispose();
    }
}
