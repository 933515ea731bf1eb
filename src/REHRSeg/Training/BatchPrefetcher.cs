using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace REHRSeg;

/// <summary>
/// Makes the batches of coming iterations on background threads of low priority and hands them out in order. Each batch has its own generator, derived from
/// (seed, purpose, iteration), so batches depend neither on timing nor on the number of threads nor on where a resumed training starts.
/// </summary>
/// <typeparam name="T">A batch; best managed arrays. Tensors must not belong to a dispose scope of the maker's thread.</typeparam>
internal sealed class BatchPrefetcher<T> : IDisposable
{
    readonly Func<int, SeededRandom, T> _make;
    readonly Action<T>? _release;
    readonly int _seed, _iterations, _capacity, _threads;
    readonly string _purpose;
    Workers? _workers;

    /// <summary>Nothing runs before the first <see cref="Next"/>.</summary>
    /// <param name="make">Makes the batch of an iteration; called on a background thread, with several threads concurrently.</param>
    /// <param name="seed">Seed of the training.</param>
    /// <param name="purpose">Names the random sequence, usually the stage.</param>
    /// <param name="iterations">No batch is made for this iteration or later.</param>
    /// <param name="capacity">Batches made ahead.</param>
    /// <param name="release">Frees a batch that was made and not fetched; null: <see cref="IDisposable.Dispose"/> where the batch has it.</param>
    /// <param name="threads">Threads that make batches, at least 1.</param>
    public BatchPrefetcher(Func<int, SeededRandom, T> make, int seed, string purpose, int iterations, int capacity = 4, Action<T>? release = null, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(purpose);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (_make, _seed, _purpose, _iterations, _capacity, _threads) = (make, seed, purpose, iterations, capacity, threads);
        _release = release ?? (static batch => (batch as IDisposable)?.Dispose());
    }

    /// <summary>Threads that leave the network most of the machine: one up to 7 cores, then one for every 4, at most 8.</summary>
    public static int DefaultThreads => Math.Clamp(Environment.ProcessorCount / 4, 1, 8);

    /// <summary>Time that <see cref="Next"/> has waited, all calls together.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>The batch of <paramref name="iteration"/>, which the caller owns. Iterations in ascending order are ready; any other starts anew from there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside the iterations.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the batch stays to be fetched.</exception>
    public T Next(int iteration, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iteration);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(iteration, _iterations);
        long start = Stopwatch.GetTimestamp();
        try
        {
            if (_workers?.Following != iteration)
            {
                _workers?.Stop();
                _workers = new Workers(this, iteration);
            }
            return _workers.Take(cancellationToken);
        }
        finally
        {
            Waited += Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>Stops the threads and frees the batches not fetched.</summary>
    public void Dispose()
    {
        _workers?.Stop();
        _workers = null;
    }

    /// <summary>Threads that claim iterations in order, at most the capacity ahead of the one to be fetched next.</summary>
    sealed class Workers
    {
        readonly BatchPrefetcher<T> _owner;
        readonly object _lock = new();
        readonly Dictionary<int, (T? Batch, ExceptionDispatchInfo? Failure)> _ready = [];
        readonly Thread[] _threads;
        int _claimed;
        bool _stop;

        public Workers(BatchPrefetcher<T> owner, int first)
        {
            (_owner, Following, _claimed) = (owner, first, first);
            _threads = [.. Enumerable.Range(0, owner._threads).Select(_ => new Thread(Run) { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = $"Batches of {owner._purpose}" })];
            foreach (var thread in _threads) thread.Start();
        }

        public int Following { get; private set; }

        public T Take(CancellationToken cancellationToken)
        {
            using var wake = cancellationToken.UnsafeRegister(static workers => ((Workers)workers!).Wake(), this);
            lock (_lock)
            {
                (T? Batch, ExceptionDispatchInfo? Failure) next;
                while (!_ready.TryGetValue(Following, out next))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Monitor.Wait(_lock);
                }
                next.Failure?.Throw();
                _ready.Remove(Following++);
                Monitor.PulseAll(_lock);
                return next.Batch!;
            }
        }

        public void Stop()
        {
            lock (_lock)
            {
                _stop = true;
                Monitor.PulseAll(_lock);
            }
            foreach (var thread in _threads) thread.Join();
            foreach (var (batch, failure) in _ready.Values)
                if (failure is null) _owner._release!(batch!);
        }

        void Wake()
        {
            lock (_lock) Monitor.PulseAll(_lock);
        }

        void Run()
        {
            while (Claim() is { } iteration)
            {
                (T?, ExceptionDispatchInfo?) made;
                try
                {
                    made = (_owner._make(iteration, TrainingSeeds.Random(_owner._seed, _owner._purpose, iteration)), null);
                }
                catch (Exception e)
                {
                    made = (default, ExceptionDispatchInfo.Capture(e));
                }
                lock (_lock)
                {
                    _ready[iteration] = made;
                    Monitor.PulseAll(_lock);
                    if (made.Item2 is not null) _claimed = _owner._iterations; // what follows a failure is not asked for
                }
            }
        }

        int? Claim()
        {
            lock (_lock)
            {
                while (!_stop && _claimed < _owner._iterations && _claimed >= Following + _owner._capacity) Monitor.Wait(_lock);
                return _stop || _claimed >= _owner._iterations ? null : _claimed++;
            }
        }
    }
}
