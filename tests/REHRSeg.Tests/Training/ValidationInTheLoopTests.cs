using System.Text.Json;
using REHRSeg.Imaging;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class ValidationInTheLoopTests
{
    // Averages at 4, 8, ...: 0.5, 0.51, 0.549, 0.5341, 0.53069: the best is that of iteration 12.
    static double Scores(int iteration) => iteration switch { 4 => 0.5, 8 => 0.6, 12 => 0.9, 16 => 0.4, _ => 0.5 };

    static TrainingContext Context(string? folder = null) => new() { Device = CPU, Seed = 4, Directory = folder };

    static (int Iteration, double Score, byte[] Tensors) Best(string folder, string stage = "scripted")
    {
        using var content = SafeTensors.Read(BestWeights.PathOf(folder, stage));
        return (int.Parse(content.Metadata["iteration"]), double.Parse(content.Metadata["score"]), [.. content.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal).SelectMany(t => t.Value.bytes.ToArray())]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.8)]
    public void Best_and_last_weights_are_kept(double? averageDecay)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var last = new ScriptedTask { Scores = Scores, AverageDecay = averageDecay };
        last.Run(Context(folder.Path));
        Assert.Equal([4, 8, 12, 16, 20], last.Validated.Keys);
        Assert.Equal(last.Validated[20], last.Weights);
        var (iteration, score, _) = Best(folder.Path);
        Assert.Equal(12, iteration);
        Assert.Equal(0.9 * 0.51 + 0.1 * 0.9, score, 1e-12);

        var inMemory = new ScriptedTask { Scores = Scores, AverageDecay = averageDecay, KeepBest = true };
        inMemory.Run(Context());
        Assert.Equal(last.Validated[12], inMemory.Weights);
        var again = new ScriptedTask { Scores = Scores, AverageDecay = averageDecay, KeepBest = true };
        again.Run(Context(folder.Path) with { Resume = true });
        Assert.Equal(last.Validated[12], again.Weights);
        var lastAgain = new ScriptedTask { Scores = Scores, AverageDecay = averageDecay };
        lastAgain.Run(Context(folder.Path) with { Resume = true });
        Assert.Equal(last.Weights, lastAgain.Weights);
    }

    [Fact]
    public void Validation_changes_no_weight()
    {
        using var scope = NewDisposeScope();
        ScriptedTask with = new() { Scores = Scores }, without = new() { ValidationInterval = 0 };
        with.Run(Context());
        without.Run(Context());
        Assert.Equal(without.Weights, with.Weights);
    }

    /// <summary>Stopped before every step, within every validation, and killed (nothing saved) before every step: always the same end.</summary>
    [Fact]
    public void A_resumed_run_has_the_same_scores_best_and_last_weights()
    {
        using var scope = NewDisposeScope();
        using var whole = new TemporaryFolder();
        var straight = new ScriptedTask { Scores = Scores, KeepBest = true };
        straight.Run(Context(whole.Path));
        var best = Best(whole.Path);
        for (int at = 0; at <= 20; at++)
            foreach (string how in (string[])["stop", "validation", "kill"])
            {
                if (how == "validation" ? at % 4 != 0 || at == 0 : at == 20) continue;
                using var folder = new TemporaryFolder();
                using var stop = new CancellationTokenSource();
                var first = new ScriptedTask
                {
                    Scores = Scores, KeepBest = true,
                    OnLoss = i => { if (i == at && how == "stop") stop.Cancel(); if (i == at && how == "kill") throw new InvalidProgramException(); },
                    OnValidate = i => { if (i == at && how == "validation") stop.Cancel(); },
                };
                Assert.ThrowsAny<Exception>(() => first.Run(Context(folder.Path) with { CancellationToken = stop.Token }));
                var second = new ScriptedTask { Scores = Scores, KeepBest = true };
                second.Run(Context(folder.Path) with { Resume = true });
                string name = $"{how} {at}";
                Assert.True(straight.Weights.AsSpan().SequenceEqual(second.Weights), name);
                var (iteration, score, tensors) = Best(folder.Path);
                Assert.True((best.Iteration, best.Score) == (iteration, score) && best.Tensors.AsSpan().SequenceEqual(tensors), name);
                using var checkpoint = SafeTensors.Read(Checkpoint.PathOf(folder.Path, "scripted"));
                Assert.Equal(ValidationScore.Parse(checkpoint.Metadata), new() { Average = ValidationScore.Parse(checkpoint.Metadata).Average, Best = best.Score, BestIteration = 12, SinceBest = 2 });
                Assert.Equal(Lines(whole), Lines(folder));
            }

        static (int, double, double)[] Lines(TemporaryFolder folder) => [.. File.ReadAllLines(folder[TrainingJournal.FileName]).Select(l => JsonDocument.Parse(l).RootElement)
            .Where(l => l.TryGetProperty("score", out _)).Select(l => (l.GetProperty("iteration").GetInt32(), l.Number("score"), l.Number("score_ema")))];
    }

    [Fact]
    public void Patience_ends_a_stage_and_the_end_lasts()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var log = new List<string>();
        var reports = new List<TrainingProgress>();
        ScriptedTask Make(int? patience = 1) => new() { Scores = Scores, Patience = patience };
        var first = Make();
        first.Run(Context(folder.Path) with { Log = log.Add, Progress = new Reports(reports) });
        Assert.Equal([4, 8, 12, 16], first.Validated.Keys);
        Assert.Contains(log, l => l.Contains("ended at iteration 16 of 20") && l.Contains("0.549, was at iteration 12"));
        Assert.Equal((16, TimeSpan.Zero), (reports[^1].Iteration, reports[^1].Remaining));
        var again = Make();
        again.Run(Context(folder.Path) with { Resume = true, Log = log.Add });
        Assert.Empty(again.Validated);
        Assert.Equal(first.Weights, again.Weights);
        var patient = Make(patience: 3);
        patient.Run(Context(folder.Path) with { Resume = true });
        Assert.Equal([20], patient.Validated.Keys);
        var straight = Make(patience: null);
        straight.Run(Context());
        Assert.Equal(straight.Weights, patient.Weights);
    }

    [Fact]
    public void Lost_or_damaged_best_weights_are_warned_of()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var first = new ScriptedTask { Scores = Scores, KeepBest = true, OnLoss = i => { if (i == 14) stop.Cancel(); } };
        Assert.ThrowsAny<OperationCanceledException>(() => first.Run(Context(folder.Path) with { CancellationToken = stop.Token }));
        string best = BestWeights.PathOf(folder.Path, "scripted");
        File.WriteAllBytes(best, File.ReadAllBytes(best)[..^3]);
        var warnings = new List<string>();
        var second = new ScriptedTask { Scores = Scores, KeepBest = true };
        second.Run(Context(folder.Path) with { Resume = true, Warn = warnings.Add });
        Assert.Contains(warnings, w => w.Contains(best) && w.Contains("iteration 12"));
        Assert.Equal(second.Validated[16], second.Weights); // 0.5341, the best from there on
    }

    [Fact]
    public void Best_weights_go_with_the_checkpoints_that_are_outdated()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        string[] stages = [TrainingStages.NnUNet, TrainingStages.RehrSeg];
        foreach (string stage in stages) new ScriptedTask { Stage = stage }.Run(Context(folder.Path));
        Assert.All(stages, s => Assert.True(File.Exists(BestWeights.PathOf(folder.Path, s))));
        new ScriptedTask { Stage = TrainingStages.NnUNet, ValidationInterval = 0 }.Run(Context(folder.Path));
        Assert.All(stages, s => Assert.False(File.Exists(BestWeights.PathOf(folder.Path, s)), s));
    }

    [Fact]
    public void A_checkpoint_of_other_cases_is_not_continued()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        new ScriptedTask { Iterations = 8 }.Run(Context(folder.Path) with { Cases = "aaaa" });
        var e = Assert.Throws<DatasetException>(() => new ScriptedTask().Run(Context(folder.Path) with { Cases = "bbbb", Resume = true }));
        Assert.Contains(Checkpoint.PathOf(folder.Path, "scripted"), e.Message);
        new ScriptedTask().Run(Context(folder.Path) with { Cases = "aaaa", Resume = true });
    }

    sealed class Reports(List<TrainingProgress> list) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => list.Add(value);
    }
}
