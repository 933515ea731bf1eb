using System.Text.Json;
using REHRSeg.Imaging;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class TrainingLoopTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(0.9)]
    public void ResumedTrainingHasTheSameBytes(double? averageDecay)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var straight = new Regression { AverageDecay = averageDecay };
        Run(straight, new TrainingContext { Device = CPU, Seed = 4 });

        using var stop = new CancellationTokenSource();
        var first = new Regression { AverageDecay = averageDecay, OnLoss = i => { if (i == 10) stop.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => Run(first, new TrainingContext { Device = CPU, Seed = 4, Directory = folder.Path, CancellationToken = stop.Token }));
        var second = new Regression { AverageDecay = averageDecay, Offset = 5 };
        Run(second, new TrainingContext { Device = CPU, Seed = 4, Directory = folder.Path, Resume = true });
        Assert.Equal(10, second.Losses);
        Assert.Equal(straight.Weights, second.Weights);

        var third = new Regression { AverageDecay = averageDecay, Offset = 7 };
        string log = "";
        Run(third, new TrainingContext { Device = CPU, Seed = 4, Directory = folder.Path, Resume = true, Log = text => log += text });
        Assert.Equal(0, third.Losses);
        Assert.Equal(straight.Weights, third.Weights);
        Assert.Contains("finished before", log);
    }

    /// <summary>Four parts of a linear least-squares batch: the step, the reported loss and a resumed run are those of the whole.</summary>
    [Fact]
    public void PartsAddUpToOneStep()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var whole = new Regression { Rows = 12 };
        var parts = new Regression { Rows = 12, Parts = 3 };
        List<TrainingProgress> one = [], three = [];
        Run(whole, new TrainingContext { Device = CPU, Seed = 4, Progress = new Reports(one) });
        Run(parts, new TrainingContext { Device = CPU, Seed = 4, Progress = new Reports(three) });
        Assert.Equal(60, parts.Losses);
        foreach (var (a, b) in whole.Weights.Zip(parts.Weights)) Assert.Equal(a, b, 1e-4);
        Assert.Equal(one[^1].Metrics["loss"], three[^1].Metrics["loss"], 1e-5);
        Assert.Equal(one[^1].Metrics["squared"], three[^1].Metrics["squared"], 1e-5);

        using var stop = new CancellationTokenSource();
        var first = new Regression { Rows = 12, Parts = 3, OnPart = (i, part) => { if (i == 10 && part == 1) stop.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => Run(first, new TrainingContext { Device = CPU, Seed = 4, Directory = folder.Path, CancellationToken = stop.Token }));
        var second = new Regression { Rows = 12, Parts = 3, Offset = 5 };
        Run(second, new TrainingContext { Device = CPU, Seed = 4, Directory = folder.Path, Resume = true });
        Assert.Equal(parts.Weights, second.Weights);
        Assert.Equal(30, second.Losses);
    }

    [Fact]
    public void ReportsReachProgressJournalAndEvents()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var reports = new List<TrainingProgress>();
        var context = new TrainingContext { Device = CPU, Directory = folder.Path, Progress = new Reports(reports) };
        Run(new Regression { ValidationInterval = 8 }, context);
        Assert.Equal([8, 16, 20], reports.Select(r => r.Iteration));
        Assert.All(reports, r => Assert.Equal(["loss", "squared", "score"], r.Metrics.Keys));
        Assert.Equal(8, reports[0].Metrics["score"]);
        Assert.Equal(reports[0].Metrics["loss"], reports[0].Metrics["squared"], 1e-5);
        Assert.Equal(TimeSpan.Zero, reports[^1].Remaining);
        Assert.True(reports[0].Remaining > TimeSpan.Zero);

        Run(new Regression { ValidationInterval = 8 }, context);
        var lines = File.ReadAllLines(folder[TrainingJournal.FileName]).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal([8, 16, 20], lines.Select(l => l.GetProperty("iteration").GetInt32()));
        Assert.Equal("regression 1", lines[0].GetProperty("stage").GetString());
        Assert.Equal(0.05, lines[0].GetProperty("lr").GetDouble());
        Assert.Equal(2, Directory.GetFiles(folder.Path, "events.out.tfevents.*").Length);
    }

    [Fact]
    public void NonFiniteLossNamesStageAndIteration()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var e = Assert.Throws<TrainingDivergedException>(() => Run(new Regression { NanAt = 7 }, new TrainingContext { Device = CPU, Directory = folder.Path }, checkpointInterval: 5));
        Assert.Contains("regression 1, iteration 8 of 20", e.Message);
        Assert.Contains("learning rate", e.Message);
        var resumed = new Regression();
        Run(resumed, new TrainingContext { Device = CPU, Directory = folder.Path, Resume = true });
        Assert.Equal(15, resumed.Losses);
    }

    [Fact]
    public void DamagedCheckpointIsNamedAndThePreviousOneIsThere()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var context = new TrainingContext { Device = CPU, Directory = folder.Path };
        Run(new Regression(), context, checkpointInterval: 5);
        string path = Checkpoint.PathOf(folder.Path, "regression 1"), previous = Path.ChangeExtension(path, ".previous.safetensors");
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^3]);
        var e = Assert.Throws<ModelFormatException>(() => Run(new Regression(), context with { Resume = true }));
        Assert.Contains(path, e.Message);
        Assert.Contains(previous, e.Message);
        File.Delete(path);
        var resumed = new Regression();
        Run(resumed, context with { Resume = true });
        Assert.Equal(5, resumed.Losses);
        e = Assert.Throws<ModelFormatException>(() => Run(new Regression(width: 3), context with { Resume = true }));
        Assert.Contains("shape", e.Message);
        Assert.Throws<InvalidOperationException>(() => Run(new Regression { Iterations = 10 }, context with { Resume = true }));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(path)!).Length);
    }

    [Fact]
    public void CancelledValidationLeavesACheckpoint()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var task = new Regression { ValidationInterval = 6, OnValidate = stop.Cancel };
        Assert.Throws<OperationCanceledException>(() => Run(task, new TrainingContext { Device = CPU, Directory = folder.Path, CancellationToken = stop.Token }));
        var resumed = new Regression();
        Run(resumed, new TrainingContext { Device = CPU, Directory = folder.Path, Resume = true });
        Assert.Equal(14, resumed.Losses);
    }

    [Fact]
    public void AFreshStageOutdatesTheLaterOnes()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var context = new TrainingContext { Device = CPU, Directory = folder.Path };
        string[] stages = [TrainingStages.Smore, TrainingStages.SelfSr, TrainingStages.SelfSrUncertainty, TrainingStages.NnUNet, TrainingStages.RehrSeg];
        foreach (string stage in stages) Run(new Regression { Stage = stage }, context, checkpointInterval: 5);
        string[] Left() => [.. stages.Where(s => Checkpoint.Exists(folder.Path, s))];
        Assert.Equal(stages, Left());
        Run(new Regression { Stage = TrainingStages.SelfSr }, context with { Resume = true });
        Assert.Equal(stages, Left());
        Run(new Regression { Stage = TrainingStages.SelfSr, Iterations = 22 }, context with { Resume = true });
        Assert.Equal([TrainingStages.Smore, TrainingStages.SelfSr, TrainingStages.NnUNet], Left());
        Run(new Regression { Stage = TrainingStages.Smore, Iterations = 22 }, context with { Resume = true });
        Assert.Equal([TrainingStages.Smore, TrainingStages.NnUNet], Left());
        Run(new Regression { Stage = TrainingStages.SelfSr }, context);
        Assert.Equal([TrainingStages.Smore, TrainingStages.SelfSr], Left());
    }

    [Fact]
    public void StepsLeaveNoTensors()
    {
        long Growth(int iterations)
        {
            using var scope = NewDisposeScope();
            var task = new Regression { Iterations = iterations, AverageDecay = 0.9 };
            long before = Tensor.TotalCount;
            Run(task, new TrainingContext { Device = CPU });
            return Tensor.TotalCount - before;
        }
        Growth(1);
        Assert.InRange(Growth(60) - Growth(20), long.MinValue, 5);
    }

    static void Run(Regression task, TrainingContext context, int checkpointInterval = 100)
    {
        using var optimizer = new AdamOptimizer(task.Network, 0.05);
        TrainingLoop.Run(task, optimizer, context, checkpointInterval);
    }

    sealed class Reports(List<TrainingProgress> list) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => list.Add(value);
    }

    sealed class Regression : ITrainingTask
    {
        readonly TorchSharp.Modules.Linear _net;

        public Regression(int width = 2)
        {
            _net = nn.Linear(3, width);
            using var noGrad = no_grad();
            _net.weight!.copy_(LossOracle.Wave([width, 3], 0.5));
            _net.bias!.zero_();
        }

        public double Offset { init { using var noGrad = no_grad(); _net.weight!.add_(value); } }
        public Action<int>? OnLoss { get; init; }
        public Action? OnValidate { get; init; }
        public int? NanAt { get; init; }
        public int Losses { get; private set; }
        public float[] Weights => [.. LossOracle.Values(_net.weight!), .. LossOracle.Values(_net.bias!)];
        public string Stage { get; init; } = "regression 1";
        public int Iterations { get; init; } = 20;
        public nn.Module Network => _net;
        public int ValidationInterval { get; init; }
        public double? ClipNorm => 12;
        public double? AverageDecay { get; init; }

        public void Schedule(int iteration, IOptimizer optimizer) => optimizer.LearningRate = 0.05;

        public int Parts { get; init; } = 1;
        public int Rows { get; init; } = 4;
        public Action<int, int>? OnPart { get; init; }

        public Tensor Loss(int iteration, int part, Random random, IDictionary<string, Tensor> metrics)
        {
            OnPart?.Invoke(iteration, part);
            return Loss(iteration, random, metrics);
        }

        public Tensor Loss(int iteration, Random random, IDictionary<string, Tensor> metrics)
        {
            var values = new float[Rows / Parts * 3];
            for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle();
            OnLoss?.Invoke(iteration);
            var x = tensor(values, [Rows / Parts, 3]);
            var loss = (_net.forward(x) - x.sum(1, keepdim: true)).square().mean();
            metrics["squared"] = loss.detach();
            Losses++;
            return iteration == NanAt ? loss * float.NaN : loss;
        }

        public IReadOnlyDictionary<string, double> Validate(int iteration, CancellationToken cancellationToken)
        {
            OnValidate?.Invoke();
            cancellationToken.ThrowIfCancellationRequested();
            return new Dictionary<string, double> { ["score"] = iteration };
        }
    }
}
