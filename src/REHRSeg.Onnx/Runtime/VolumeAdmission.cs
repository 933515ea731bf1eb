namespace REHRSeg.Onnx;

/// <summary>
/// Lets volumes in, in the order in which they came: at most so many at the same time, and only while their working memory together stays within a limit.
/// Thread-safe.
/// </summary>
/// <param name="maxConcurrency">Volumes at the same time, at least 1.</param>
/// <param name="memoryLimit">Bytes of all volumes together; null: no limit.</param>
internal sealed class VolumeAdmission(int maxConcurrency, long? memoryLimit)
{
    readonly Lock _lock = new();
    readonly LinkedList<Waiter> _waiting = [];
    int _running;
    long _bytes;
    string? _closed;

    /// <summary>Volumes that are let in now.</summary>
    public int Running { get { lock (_lock) return _running; } }

    /// <summary>Volumes that wait.</summary>
    public int Waiting { get { lock (_lock) return _waiting.Count; } }

    /// <summary>Waits for a turn without holding a thread.</summary>
    /// <param name="bytes">Working memory that the volume needs.</param>
    /// <param name="cancellationToken">Gives the place in the queue up.</param>
    /// <returns>The turn; disposing it lets the next ones in.</returns>
    /// <exception cref="MemoryLimitException">The volume alone needs more than the limit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while it waited.</exception>
    /// <exception cref="ObjectDisposedException">Closed before or while it waited.</exception>
    public async Task<IDisposable> EnterAsync(long bytes, CancellationToken cancellationToken)
    {
        if (Request(bytes, cancellationToken) is not { } waiter) return new Turn(this, bytes);
        using (cancellationToken.UnsafeRegister(_ => Withdraw(waiter, new OperationCanceledException(cancellationToken)), null)) await waiter.Admitted.Task.ConfigureAwait(false);
        return new Turn(this, bytes);
    }

    /// <summary>The same, holding the caller's thread.</summary>
    public IDisposable Enter(long bytes, CancellationToken cancellationToken)
    {
        if (Request(bytes, cancellationToken) is not { } waiter) return new Turn(this, bytes);
        using (cancellationToken.UnsafeRegister(_ => Withdraw(waiter, new OperationCanceledException(cancellationToken)), null)) waiter.Admitted.Task.GetAwaiter().GetResult();
        return new Turn(this, bytes);
    }

    /// <summary>Refuses those that wait and all that come; those that are in go on.</summary>
    public void Close(string name)
    {
        Waiter[] refused;
        lock (_lock)
        {
            _closed = name;
            refused = [.. _waiting];
            _waiting.Clear();
        }
        foreach (var waiter in refused) waiter.Admitted.TrySetException(new ObjectDisposedException(name));
    }

    /// <summary>Null if there is room at once.</summary>
    Waiter? Request(long bytes, CancellationToken cancellationToken)
    {
        if (bytes > memoryLimit) throw new MemoryLimitException(bytes, memoryLimit.Value);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_closed is not null) throw new ObjectDisposedException(_closed);
            if (_waiting.Count == 0 && HasRoom(bytes))
            {
                Take(bytes);
                return null;
            }
            var waiter = new Waiter(bytes, new(TaskCreationOptions.RunContinuationsAsynchronously));
            _waiting.AddLast(waiter);
            return waiter;
        }
    }

    bool HasRoom(long bytes) => _running < maxConcurrency && (memoryLimit is not { } limit || _bytes <= limit - bytes);

    void Take(long bytes)
    {
        _running++;
        _bytes += bytes;
    }

    void Leave(long bytes)
    {
        lock (_lock)
        {
            _running--;
            _bytes -= bytes;
            LetIn();
        }
    }

    /// <summary>The one that came first goes first, also where a later, smaller one would fit.</summary>
    void LetIn()
    {
        while (_waiting.First is { Value: var next } && HasRoom(next.Bytes))
        {
            _waiting.RemoveFirst();
            Take(next.Bytes);
            next.Admitted.SetResult();
        }
    }

    void Withdraw(Waiter waiter, Exception reason)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(waiter)) return;
            LetIn();
        }
        waiter.Admitted.TrySetException(reason);
    }

    sealed class Waiter(long bytes, TaskCompletionSource admitted)
    {
        public long Bytes => bytes;
        public TaskCompletionSource Admitted => admitted;
    }

    sealed class Turn(VolumeAdmission admission, long bytes) : IDisposable
    {
        int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) admission.Leave(bytes);
        }
    }
}
