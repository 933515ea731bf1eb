using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace REHRSeg;

/// <summary>
/// Makes the batches of coming iterations on one background thread of low priority. Each batch has its own generator, derived from
/// (seed, purpose, iteration), so batches depend neither on timing nor on where a resumed training starts.
/// </summary>
/// <typeparam name="T">A batch; best managed arrays. Tensors must not belong to a dispose scope of the maker's thread.</typeparam>
internal sealed class BatchPrefetcher<T> : IDisposable
{
    readonly Func<int, SeededRandom, T> _make;
    readonly Action<T>? _release;
    readonly int _seed, _iterations, _capacity;
    readonly string _purpose;
    Worker? _worker;

    /// <summary>Nothing runs before the first <see cref="Next"/>.</summary>
    /// <param name="make">Makes the batch of an iteration; called on the background thread, one call at a time.</param>
    /// <param name="seed">Seed of the training.</param>
    /// <param name="purpose">Names the random sequence, usually the stage.</param>
    /// <param name="iterations">No batch is made for this iteration or later.</param>
    /// <param name="capacity">Batches made ahead.</param>
    /// <param name="release">Frees a batch that was made and not fetched; null: <see cref="IDisposable.Dispose"/> where the batch has it.</param>
    public BatchPrefetcher(Func<int, SeededRandom, T> make, int seed, string purpose, int iterations, int capacity = 4, Action<T>? release = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(purpose);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_make, _seed, _purpose, _iterations, _capacity) = (make, seed, purpose, iterations, capacity);
        _release = release ?? (static batch => (batch as IDisposable)?.Dispose());
    }

    /// <summary>The batch of <paramref name="iteration"/>, which the caller owns. Iterations in ascending order are ready; any other starts anew from there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside the iterations.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the batch stays to be fetched.</exception>
    public T Next(int iteration, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iteration);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(iteration, _iterations);
        if (_worker?.Following != iteration)
        {
            _worker?.Stop();
            _worker = new Worker(this, iteration);
        }
        return _worker.Take(cancellationToken);
    }

    /// <summary>Stops the thread and frees the batches not fetched.</summary>
    public void Dispose()
    {
        _worker?.Stop();
        _worker = null;
    }

    sealed class Worker
    {
        readonly BatchPrefetcher<T> _owner;
        readonly BlockingCollection<T> _ready;
        readonly CancellationTokenSource _stop = new();
        readonly Thread _thread;
        ExceptionDispatchInfo? _failure;

        public Worker(BatchPrefetcher<T> owner, int first)
        {
            (_owner, Following) = (owner, first);
            _ready = new BlockingCollection<T>(owner._capacity);
            _thread = new Thread(Run) { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = $"Batches of {owner._purpose}" };
            _thread.Start(first);
        }

        public int Following { get; private set; }

        public T Take(CancellationToken cancellationToken)
        {
            if (!_ready.TryTake(out var batch, Timeout.Infinite, cancellationToken))
            {
                _failure?.Throw();
                throw new InvalidOperationException($"The batches of {_owner._purpose} ended before iteration {Following}.");
            }
            Following++;
            return batch;
        }

        public void Stop()
        {
            _stop.Cancel();
            _thread.Join();
            while (_ready.TryTake(out var batch)) _owner._release!(batch);
            _ready.Dispose();
            _stop.Dispose();
        }

        void Run(object? first)
        {
            try
            {
                for (int i = (int)first!; i < _owner._iterations && !_stop.IsCancellationRequested; i++)
                {
                    var batch = _owner._make(i, TrainingSeeds.Random(_owner._seed, _owner._purpose, i));
                    try
                    {
                        _ready.Add(batch, _stop.Token);
                    }
                    catch (OperationCanceledException)
                    {
                        _owner._release!(batch);
                        return;
                    }
                }
            }
            catch (Exception e)
            {
                _failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                _ready.CompleteAdding();
            }
        }
    }
}
