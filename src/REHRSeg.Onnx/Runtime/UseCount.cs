namespace REHRSeg.Onnx;

/// <summary>Releases something once it was disposed and the last one who uses it is done. Thread-safe.</summary>
/// <param name="name">What is used, for <see cref="ObjectDisposedException"/>.</param>
/// <param name="release">Called exactly once.</param>
internal sealed class UseCount(string name, Action release) : IDisposable
{
    readonly Lock _lock = new();
    int _users;
    bool _disposed;

    /// <summary>Begins a use; disposing what is returned, once, ends it.</summary>
    /// <exception cref="ObjectDisposedException">Disposed before.</exception>
    public Use Begin()
    {
        lock (_lock)
        {
            if (_disposed) throw new ObjectDisposedException(name);
            _users++;
        }
        return new(this);
    }

    /// <summary>Ends the time in which uses may begin.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            if (_users > 0) return;
        }
        release();
    }

    void End()
    {
        lock (_lock)
            if (--_users > 0 || !_disposed) return;
        release();
    }

    /// <summary>A use that has begun.</summary>
    public readonly struct Use(UseCount count) : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => count.End();
    }
}
