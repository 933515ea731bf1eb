using System.Diagnostics;
using TorchSharp;

namespace REHRSeg;

/// <summary>One training stage as the loop sees it.</summary>
internal interface ITrainingTask
{
    /// <summary>"self-sr 1a", "nnunet", ...: names checkpoints and log lines.</summary>
    string Stage { get; }
    int Iterations { get; }
    /// <summary>All that is trained; its parameters and buffers go into the checkpoint.</summary>
    torch.nn.Module Network { get; }
    /// <summary>Learning rate (and, for OneCycle, beta1) before iteration i, 0-based.</summary>
    void Schedule(int iteration, IOptimizer optimizer);
    /// <summary>
    /// Loss of one batch, inside the loop's dispose scope. <paramref name="random"/> is the loop's own generator, restored on resume.
    /// Terms worth reporting are added to <paramref name="metrics"/> as detached scalars.
    /// </summary>
    torch.Tensor Loss(int iteration, Random random, IDictionary<string, torch.Tensor> metrics);
    /// <summary>Micro-batches of an iteration: gradients are added up over them before the one step.</summary>
    int Parts => 1;
    /// <summary>Loss of micro-batch <paramref name="part"/>, asked for in ascending order; the step follows the mean of their gradients.</summary>
    torch.Tensor Loss(int iteration, int part, Random random, IDictionary<string, torch.Tensor> metrics) => Loss(iteration, random, metrics);
    /// <summary>Called every <see cref="ValidationInterval"/> iterations and at the end; returns measures to log. May return none.</summary>
    IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken);
    /// <summary>0: never.</summary>
    int ValidationInterval { get; }
    /// <summary>Gradient norm limit; null: none.</summary>
    double? ClipNorm { get; }
    /// <summary>Decay of a moving average of the weights, which validation sees and the network holds at the end; null: none.</summary>
    double? AverageDecay => null;
    /// <summary>Time that losses have waited for batches so far; its share of the time is <c>data_wait</c> in the journal; null: not measured.</summary>
    TimeSpan? DataWait => null;
}

/// <summary>The one loop of all trainers: schedule, loss, backward, clip, step, report, checkpoint, resume to the same bytes, cancel.</summary>
internal static class TrainingLoop
{
    /// <summary>Least time between two reports.</summary>
    static readonly TimeSpan s_reportEvery = TimeSpan.FromSeconds(1);

    /// <summary>Runs the stage to its end. A finished stage's checkpoint is loaded instead when resuming.</summary>
    /// <param name="task">The stage.</param>
    /// <param name="optimizer">Over the task's network, already on its device.</param>
    /// <param name="context">Seed, folder, reporting, cancellation.</param>
    /// <param name="checkpointInterval">Iterations between checkpoints, at least 1.</param>
    /// <remarks>The stage's first new checkpoint removes those of later stages that it outdates, so that a later resume does not mix runs.</remarks>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of the last finished iteration was written.</exception>
    /// <exception cref="TrainingDivergedException">The loss is not finite; the last checkpoint is untouched.</exception>
    /// <exception cref="Imaging.ModelFormatException">The checkpoint to resume from is damaged or of another network.</exception>
    public static void Run(ITrainingTask task, IOptimizer optimizer, TrainingContext context, int checkpointInterval)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfLessThan(checkpointInterval, 1);
        context.CancellationToken.ThrowIfCancellationRequested();
        using var run = new StageRun(task, optimizer, context);
        run.Resume();
        while (run.Iteration < task.Iterations)
        {
            run.Step();
            bool last = run.Iteration == task.Iterations;
            if (!last && run.Iteration % checkpointInterval == 0) run.SaveCheckpoint();
            if (task.ValidationInterval > 0 && (last || run.Iteration % task.ValidationInterval == 0)) run.Validate();
            if (last) run.Finish();
            else if (run.SinceReport >= s_reportEvery) run.Report();
        }
    }

    sealed class StageRun : IDisposable
    {
        readonly ITrainingTask _task;
        readonly IOptimizer _optimizer;
        readonly TrainingContext _context;
        readonly WeightAverage? _average;
        readonly SeededRandom _random;
        readonly Stopwatch _clock = Stopwatch.StartNew();
        readonly MetricSums _sums = new();
        readonly Dictionary<string, double> _measures = [];
        TrainingJournal? _journal;
        TimeSpan _before, _reported, _waited;
        int _first;
        bool _resumed, _saved;

        public StageRun(ITrainingTask task, IOptimizer optimizer, TrainingContext context)
        {
            (_task, _optimizer, _context) = (task, optimizer, context);
            _random = TrainingSeeds.Random(context.Seed, task.Stage);
            if (task.AverageDecay is { } decay) _average = new(task.Network, decay);
        }

        public int Iteration { get; private set; }
        public TimeSpan SinceReport => _clock.Elapsed - _reported;
        TimeSpan Elapsed => _before + _clock.Elapsed;

        public void Resume()
        {
            if (_context.Resume && _context.Directory is not null && Checkpoint.Load(_context.Directory, _task.Stage, _task.Network, _optimizer, _average) is { } position)
            {
                if (position.Iteration > _task.Iterations)
                    throw new InvalidOperationException($"The checkpoint of stage {_task.Stage} is at iteration {position.Iteration} and {_task.Iterations} are asked for. Ask for at least as many, or delete {Checkpoint.PathOf(_context.Directory, _task.Stage)}.");
                if (position.Iterations != _task.Iterations) _context.Warn($"{_task.Stage}: the run that is resumed had {position.Iterations} iterations, this one has {_task.Iterations}; the learning rate follows the new length.");
                if (position.Seed != _context.Seed) _context.Warn($"{_task.Stage}: the run that is resumed had seed {position.Seed}, this one has {_context.Seed}.");
                _resumed = true;
                (Iteration, _random.State, _before) = (position.Iteration, position.Random, TimeSpan.FromSeconds(position.Seconds));
                _context.Log(Iteration == _task.Iterations ? $"{_task.Stage}: finished before; its checkpoint was loaded." : $"{_task.Stage}: continued at iteration {Iteration} of {_task.Iterations}.");
            }
            _first = Iteration;
            if (Iteration >= _task.Iterations)
            {
                _average?.Swap();
                _context.Progress?.Report(new(_task.Stage, Iteration, _task.Iterations, new Dictionary<string, double>(), Elapsed, TimeSpan.Zero));
                return;
            }
            if (_context.Directory is not null) _journal = new(_context.Directory, _task.Stage, Iteration);
            _task.Network.train();
        }

        public void Step()
        {
            string random = _random.State;
            try
            {
                _context.CancellationToken.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                _task.Schedule(Iteration, _optimizer);
                var metrics = new Dictionary<string, torch.Tensor>();
                _optimizer.ZeroGrad();
                for (int part = 0; part < _task.Parts; part++) AddGradients(part, metrics);
                if (_task.ClipNorm is { } limit && GradientClipping.ClipNorm(_task.Network, limit) is var norm && !double.IsFinite(norm)) throw Diverged($"the gradient norm is {norm}", metrics);
                _optimizer.Step();
                _average?.Update();
                Iteration++;
            }
            catch (OperationCanceledException)
            {
                _random.State = random;
                SaveCheckpoint();
                throw;
            }
        }

        /// <summary>Forward and backward of one micro-batch; leaves its terms in <paramref name="metrics"/>.</summary>
        void AddGradients(int part, Dictionary<string, torch.Tensor> metrics)
        {
            using var scope = torch.NewDisposeScope();
            metrics.Clear();
            var loss = _task.Loss(Iteration, part, _random, metrics);
            _context.CancellationToken.ThrowIfCancellationRequested();
            double value = loss.detach().to(torch.ScalarType.Float32).item<float>();
            if (!double.IsFinite(value)) throw Diverged($"the loss is {value}", metrics);
            (_task.Parts == 1 ? loss : loss.Over(_task.Parts)).backward();
            _sums.Add("loss", value);
            foreach (var (name, term) in metrics) _sums.Add(name, term.MoveToOuterDisposeScope());
        }

        public void Validate()
        {
            _average?.Swap();
            try
            {
                using var scope = torch.NewDisposeScope();
                foreach (var (name, value) in _task.Validate(Iteration, _context.CancellationToken)) _measures[name] = value;
                _average?.Swap();
            }
            catch (OperationCanceledException)
            {
                _average?.Swap();
                SaveCheckpoint();
                throw;
            }
            _task.Network.train();
            if (Iteration < _task.Iterations) Report();
        }

        public void Report()
        {
            var metrics = _sums.Take();
            foreach (var (name, value) in _measures) metrics[name] = value;
            _measures.Clear();
            var journal = new Dictionary<string, double>(metrics);
            if (_task.DataWait is { } waited)
            {
                journal["data_wait"] = Math.Clamp((waited - _waited) / (_clock.Elapsed - _reported), 0, 1);
                _waited = waited;
            }
            _reported = _clock.Elapsed;
            var remaining = Iteration > _first ? _clock.Elapsed * ((double)(_task.Iterations - Iteration) / (Iteration - _first)) : TimeSpan.Zero;
            _journal?.Write(Iteration, _optimizer.LearningRate, Elapsed.TotalSeconds, journal);
            _context.Progress?.Report(new(_task.Stage, Iteration, _task.Iterations, metrics, Elapsed, remaining));
        }

        public void SaveCheckpoint()
        {
            if (_context.Directory is null) return;
            if (!_saved)
                foreach (string stage in TrainingStages.OutdatedBy(_task.Stage, _resumed)) Checkpoint.Delete(_context.Directory, stage);
            _saved = true;
            Checkpoint.Save(_context.Directory, new(_task.Stage, Iteration, _task.Iterations, _context.Seed, _random.State, Elapsed.TotalSeconds), _task.Network, _optimizer, _average);
        }

        public void Finish()
        {
            SaveCheckpoint();
            Report();
            _optimizer.ZeroGrad();
            _average?.Swap();
        }

        public void Dispose()
        {
            _journal?.Dispose();
            _average?.Dispose();
            _sums.Dispose();
        }

        TrainingDivergedException Diverged(string what, Dictionary<string, torch.Tensor> metrics)
        {
            string terms = string.Join(", ", metrics.Select(m => $"{m.Key} {m.Value.detach().to(torch.ScalarType.Float32).item<float>():g4}"));
            return new($"Stage {_task.Stage}, iteration {Iteration + 1} of {_task.Iterations}: {what}{(terms.Length > 0 ? $" ({terms})" : "")}. Check the images for extreme values, lower the learning rate (now {_optimizer.LearningRate:g4}), or use float32 convolutions; then resume from the last checkpoint.");
        }
    }

    /// <summary>Means of scalars since the last report, summed on their device.</summary>
    sealed class MetricSums : IDisposable
    {
        readonly Dictionary<string, (torch.Tensor? Sum, double Value, int Count)> _sums = [];

        public void Add(string name, double value)
        {
            var (sum, total, count) = _sums.GetValueOrDefault(name);
            _sums[name] = (sum, total + value, count + 1);
        }

        public void Add(string name, torch.Tensor value)
        {
            using var noGrad = torch.no_grad();
            var (sum, total, count) = _sums.GetValueOrDefault(name);
            if (sum is null) sum = value.detach().to(torch.ScalarType.Float32).clone().DetachFromDisposeScope();
            else sum.PlusInPlace(value.detach());
            _sums[name] = (sum, total, count + 1);
        }

        public Dictionary<string, double> Take()
        {
            var means = _sums.ToDictionary(s => s.Key, s => ((s.Value.Sum?.item<float>() ?? 0) + s.Value.Value) / s.Value.Count);
            Dispose();
            return means;
        }

        public void Dispose()
        {
            foreach (var (sum, _, _) in _sums.Values) sum?.Dispose();
            _sums.Clear();
        }
    }
}
