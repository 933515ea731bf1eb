using System.Diagnostics;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// The one loop of all trainers: schedule, loss, backward, clip, step, validate, report, checkpoint, resume to the same bytes, cancel.
/// A folder that takes nothing is found early: a stage that cannot open its journal does not begin, and one whose first checkpoint cannot be written
/// ends. After that a full disk stops nothing: a checkpoint or a line that cannot be written is warned of and tried again at its next time, and the
/// checkpoint before it stays, since a night's training outweighs a file.
/// </summary>
internal static class TrainingLoop
{
    /// <summary>Least time between two reports.</summary>
    static readonly TimeSpan s_reportEvery = TimeSpan.FromSeconds(1);

    /// <summary>Runs the stage to its end. A finished stage's checkpoint is loaded instead when resuming.</summary>
    /// <param name="task">The stage.</param>
    /// <param name="optimizer">Over the task's network, already on its device.</param>
    /// <param name="context">Seed, folder, reporting, cancellation.</param>
    /// <param name="checkpointInterval">Iterations between checkpoints, at least 1.</param>
    /// <remarks>
    /// The stage's first new checkpoint removes those of later stages that it outdates, so that a later resume does not mix runs. A stage that
    /// ended early (<see cref="ITrainingTask.Patience"/>) is finished for a later resume too, unless that has more patience.
    /// </remarks>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of the last finished iteration was written.</exception>
    /// <exception cref="TrainingDivergedException">The loss is not finite; the last checkpoint is untouched.</exception>
    /// <exception cref="ModelFormatException">The checkpoint to resume from is damaged or of another network.</exception>
    /// <exception cref="DatasetException">The checkpoint to resume from was trained on other cases.</exception>
    /// <exception cref="IOException">The folder cannot be written when the stage begins, or takes no first checkpoint.</exception>
    public static void Run(ITrainingTask task, IOptimizer optimizer, TrainingContext context, int checkpointInterval)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfLessThan(checkpointInterval, 1);
        context.CancellationToken.ThrowIfCancellationRequested();
        using var run = new StageRun(task, optimizer, context, checkpointInterval);
        run.Resume();
        if (run.WasFinished) return;
        while (true)
        {
            if (run.ValidationIsDue) run.Validate();
            if (run.IsAtEnd) break;
            if (run.CheckpointIsDue) run.SaveCheckpoint(orStop: true);
            if (run.ReportIsDue) run.Report();
            run.Step();
        }
        run.Finish();
    }

    sealed class StageRun : IDisposable
    {
        readonly ITrainingTask _task;
        readonly IOptimizer _optimizer;
        readonly TrainingContext _context;
        readonly WeightAverage? _average;
        readonly BestWeights _best;
        readonly SeededRandom _random;
        readonly Stopwatch _clock = Stopwatch.StartNew();
        readonly MetricSums _sums = new();
        readonly Dictionary<string, double> _measures = [];
        readonly int _checkpointInterval;
        TrainingJournal? _journal;
        ValidationScore _score = new();
        TimeSpan _before, _reported, _waited;
        int _first, _checkpoint, _failures;
        bool _resumed, _saved, _validated, _journalFails;

        public StageRun(ITrainingTask task, IOptimizer optimizer, TrainingContext context, int checkpointInterval)
        {
            (_task, _optimizer, _context, _checkpointInterval) = (task, optimizer, context, checkpointInterval);
            _random = TrainingSeeds.Random(context.Seed, task.Stage);
            _best = new(task, context);
            if (task.AverageDecay is { } decay) _average = new(task.Network, decay);
        }

        public int Iteration { get; private set; }
        public bool WasFinished { get; private set; }
        public bool ValidationIsDue { get; private set; }
        public bool IsAtEnd => Iteration >= _task.Iterations || (_task.Patience is { } patience && _score.SinceBest >= patience);
        public bool CheckpointIsDue => Iteration > _first && Iteration % _checkpointInterval == 0;
        public bool ReportIsDue => _validated || (Iteration > _first && _clock.Elapsed - _reported >= s_reportEvery);
        TimeSpan Elapsed => _before + _clock.Elapsed;

        public void Resume()
        {
            if (_context.Resume && _context.Directory is not null && Checkpoint.Load(_context.Directory, _task.Stage, _task.Network, _optimizer, _average) is { } position) Continue(position);
            _first = _checkpoint = Iteration;
            if (IsAtEnd && !ValidationIsDue)
            {
                WasFinished = true;
                _average?.Swap();
                TakeBest();
                _context.Progress?.Report(new(_task.Stage, Iteration, _task.Iterations, new Dictionary<string, double>(), Elapsed, TimeSpan.Zero));
                return;
            }
            if (_context.Directory is not null)
            {
                Checkpoint.DeleteUnfinished(_context.Directory, _task.Stage);
                _journal = new(_context.Directory, _task.Stage, Iteration);
            }
            _task.Network.train();
        }

        void Continue(Checkpoint.Position position)
        {
            string path = Checkpoint.PathOf(_context.Directory!, _task.Stage);
            if (position.Cases is { } trained && _context.Cases is { } cases && trained != cases)
                throw new DatasetException($"The checkpoint {path} was trained on other cases than these, and held-out ones may be among them. Give the same cases in the same order, choose another folder, or delete it.");
            if (position.Iteration > _task.Iterations)
                throw new InvalidOperationException($"The checkpoint of stage {_task.Stage} is at iteration {position.Iteration} and {_task.Iterations} are asked for. Ask for at least as many, or delete {path}.");
            if (position.Iterations != _task.Iterations) _context.Warn($"{_task.Stage}: the run that is resumed had {position.Iterations} iterations, this one has {_task.Iterations}; the learning rate follows the new length.");
            if (position.Seed != _context.Seed) _context.Warn($"{_task.Stage}: the run that is resumed had seed {position.Seed}, this one has {_context.Seed}.");
            _resumed = true;
            (Iteration, _random.State, _before, _score) = (position.Iteration, position.Random, TimeSpan.FromSeconds(position.Seconds), position.Score);
            ValidationIsDue = position.ValidationIsDue && _task.ValidationInterval > 0;
            if (_task.KeepBest && _score.Best is not null && !_best.IsAtHand(_score, Iteration))
            {
                _context.Warn($"{_task.Stage}: the best weights, of iteration {_score.BestIteration}, are not in {BestWeights.PathOf(_context.Directory!, _task.Stage)}; the best of the validations from here on are kept.");
                _score = _score with { Best = null, SinceBest = 0 };
            }
            _context.Log(Iteration == _task.Iterations ? $"{_task.Stage}: finished before; its checkpoint was loaded." : IsAtEnd ? $"{_task.Stage}: ended early before; its checkpoint was loaded." : $"{_task.Stage}: continued at iteration {Iteration} of {_task.Iterations}.");
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
                ValidationIsDue = _task.ValidationInterval > 0 && (Iteration == _task.Iterations || Iteration % _task.ValidationInterval == 0);
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
                if (_task.Score is { } measure && _measures.TryGetValue(measure, out double score)) Judge(measure, score);
            }
            catch (OperationCanceledException)
            {
                _average?.Swap();
                SaveCheckpoint();
                throw;
            }
            _average?.Swap();
            ValidationIsDue = false;
            _task.Network.train();
            if (!IsAtEnd) _validated = true;
            else if (Iteration < _task.Iterations) _context.Log(FormattableString.Invariant($"{_task.Stage}: ended at iteration {Iteration} of {_task.Iterations}; the best of its validations, {_score.Best:0.####}, was at iteration {_score.BestIteration}."));
        }

        /// <summary>Takes a validation's score in; keeps the weights if their average is the best.</summary>
        void Judge(string measure, double score)
        {
            var before = _score;
            _score = _score.With(Iteration, score);
            if (_score.Average is { } average) _measures[measure + "_ema"] = average;
            if (_score.Best == before.Best) return;
            TryWrite(() => _best.Keep(_score), e => $"the best weights, of iteration {Iteration}, were not written: {e.Message}");
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
            (_reported, _validated) = (_clock.Elapsed, false);
            var remaining = Iteration > _first && !IsAtEnd ? _clock.Elapsed * ((double)(_task.Iterations - Iteration) / (Iteration - _first)) : TimeSpan.Zero;
            _journalFails = !TryWrite(() => _journal?.Write(Iteration, _optimizer.LearningRate, Elapsed.TotalSeconds, journal),
                e => _journalFails ? null : $"the report of iteration {Iteration} was not written to {TrainingJournal.FileName} or the event file: {e.Message} Make space; later reports will be tried.");
            _context.Progress?.Report(new(_task.Stage, Iteration, _task.Iterations, metrics, Elapsed, remaining));
        }

        /// <param name="orStop">Where there is no checkpoint yet, one that cannot be written ends the stage: little is lost, and nothing says that a later one would fit.</param>
        public void SaveCheckpoint(bool orStop = false)
        {
            if (_context.Directory is not { } directory) return;
            bool written = true;
            if (orStop && _checkpoint == 0) Write();
            else written = TryWrite(Write, e => $"the checkpoint of iteration {Iteration} was not written ({++_failures} in a row): {e.Message} {(_checkpoint > 0 ? $"The one of iteration {_checkpoint} is intact" : "There is none before it")}{(orStop ? $"; the next attempt is after at most {_checkpointInterval} iterations" : "")}.");
            if (written) (_checkpoint, _failures) = (Iteration, 0);

            void Write()
            {
                if (!_saved)
                {
                    foreach (string stage in TrainingStages.OutdatedBy(_task.Stage, _resumed)) Checkpoint.Delete(directory, stage);
                    if (!_resumed && _score.Best is null) BestWeights.Delete(directory, _task.Stage);
                }
                _saved = true;
                var position = new Checkpoint.Position(_task.Stage, Iteration, _task.Iterations, _context.Seed, _random.State, Elapsed.TotalSeconds) { Score = _score, ValidationIsDue = ValidationIsDue, Cases = _context.Cases };
                Checkpoint.Save(directory, position, _task.Network, _optimizer, _average);
            }
        }

        public void Finish()
        {
            SaveCheckpoint();
            Report();
            _optimizer.ZeroGrad();
            _average?.Swap();
            TakeBest();
        }

        void TakeBest()
        {
            if (!_task.KeepBest || _score.Best is not { } best) return;
            if (_best.Restore(_score)) _context.Log(FormattableString.Invariant($"{_task.Stage}: has the weights of iteration {_score.BestIteration}, whose average score is {best:0.####}."));
            else _context.Warn($"{_task.Stage}: the best weights, of iteration {_score.BestIteration}, are gone; the last ones are used.");
        }

        /// <summary>False, with a warning (null: none), where the disk takes nothing.</summary>
        bool TryWrite(Action write, Func<Exception, string?> warning)
        {
            try
            {
                write();
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (warning(e) is { } text) _context.Warn($"{_task.Stage}: {text}");
                return false;
            }
        }

        public void Dispose()
        {
            _journal?.Dispose();
            _average?.Dispose();
            _best.Dispose();
            _sums.Dispose();
        }

        TrainingDivergedException Diverged(string what, Dictionary<string, torch.Tensor> metrics)
        {
            string terms = string.Join(", ", metrics.Select(m => $"{m.Key} {m.Value.detach().to(torch.ScalarType.Float32).item<float>():g4}"));
            return new($"Stage {_task.Stage}, iteration {Iteration + 1} of {_task.Iterations}: {what}{(terms.Length > 0 ? $" ({terms})" : "")}. Check the images for extreme values, lower the learning rate (now {_optimizer.LearningRate:g4}), or use float32 convolutions; then resume from the last checkpoint.");
        }
    }
}
