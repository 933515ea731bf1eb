using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

public class CrossValidationTests
{
    readonly MLContext _ml = new(seed: 3);

    /// <summary>A case whose volumes say who reads them.</summary>
    sealed class Guarded
    {
        readonly TinyPhantoms.Row _row;
        readonly HashSet<string> _forbidden;

        public Guarded(int seed, HashSet<string> forbidden) => (_row, _forbidden) = (TinyPhantoms.Case(seed), forbidden);

        public string Id { get => _row.Id; set { } }
        [VolumeType] public MLVolume? Image { get => Read(_row.Image); set { } }
        [VolumeType] public MLVolume? Label { get => Read(_row.Label); set { } }

        MLVolume? Read(MLVolume? volume) => _forbidden.Contains(_row.Id) ? throw new UnauthorizedAccessException($"{_row.Id} is held out and was read") : volume;
    }

    IEstimator<ITransformer> Pipeline(RehrSegOptions? options = null) => new EstimatorChain<ITransformer>()
        .Append(_ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { Seeds = SeedMode.Smore, Smore = new() { Width = 4, Blocks = 1, Iterations = 1, BatchSize = 2, PatchSlices = 6, PatchSize = 16 } }), TransformerScope.Training)
        .Append(_ml.Transforms.PseudoData(), TransformerScope.Training)
        .Append(_ml.Transforms.RehrSeg(options ?? TinyPhantoms.RehrSeg));

    [Fact]
    public void Fitting_reads_no_voxel_of_a_held_out_case()
    {
        HashSet<string> forbidden = [];
        var data = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 3).Select(i => new Guarded(i, forbidden)).ToList());
        var fold = _ml.MedicalImaging.CrossValidationFolds(data, folds: 3)[1];
        forbidden.UnionWith(fold.TestSet.GetColumn<string>("Id"));
        Assert.Single(forbidden);
        var model = Pipeline().Fit(fold.TrainSet);
        Assert.ThrowsAny<Exception>(() => fold.TestSet.GetColumn<MLVolume>("Image").Count()); // the guard works
        forbidden.Clear();
        Assert.Equal(TinyPhantoms.Grid, model.ForScoring().Transform(fold.TestSet).GetColumn<MLVolume>("LrSegmentation").Single().Geometry);
        (model as IDisposable)?.Dispose();
    }

    [Fact]
    public void Each_fold_has_a_model_scores_and_scored_rows()
    {
        var data = TinyPhantoms.Data(_ml, 4);
        var seen = new List<(int Fold, string[] Test)>();
        var progress = new List<TrainingProgress>();
        var results = _ml.MedicalImaging.CrossValidate(data, (fold, rows) =>
        {
            seen.Add((fold, [.. rows.TestSet.GetColumn<string>("Id")]));
            return Pipeline(TinyPhantoms.RehrSeg with { ValidationSet = rows.TestSet, ValidationInterval = 2, ValidationBatches = 1, Progress = new Reports(progress) });
        }, folds: 2);
        Assert.Equal([0, 1], results.Select(r => r.Fold));
        Assert.Equal(CrossValidationFolds.Split(["case0", "case1", "case2", "case3"], 2).Select(f => f.Validation), seen.Select(s => s.Test));
        Assert.Equal(4, progress.Count(p => p.Metrics.ContainsKey("val_dice")));
        foreach (var result in results)
        {
            Assert.Equal(seen[result.Fold].Test, result.Metrics.Cases.Select(c => c.Id));
            var (truth, predicted) = (result.ScoredTestSet.GetColumn<MLVolume>("Label").First(), result.ScoredTestSet.GetColumn<MLVolume>("LrSegmentation").First());
            Assert.Equal(Metrics.Dice(predicted, truth, 1), result.Metrics.Cases[0].Dice);
            Assert.InRange(result.Metrics.MeanDice, 0, 1);
            Assert.Equal(3, Assert.IsType<TransformerChain<RehrSegTransformer>>(result.Model).Count());
            ((IDisposable)result.Model).Dispose();
        }
    }

    [Fact]
    public void One_folds_checkpoints_are_not_continued_on_another()
    {
        using var folder = new TemporaryFolder();
        var estimator = _ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { CheckpointDirectory = folder.Path, Resume = true });
        Assert.Contains("held-out", Assert.Throws<DatasetException>(() => _ml.MedicalImaging.CrossValidate(TinyPhantoms.Data(_ml, 2), estimator, folds: 2)).Message);
        var folds = _ml.Data.PatientFolds(TinyPhantoms.Data(_ml, 2), 2);
        var selfSr = _ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { CheckpointDirectory = folder.Path, Resume = true });
        selfSr.Fit(folds[0].TrainSet).Dispose();
        Assert.Contains("held-out", Assert.Throws<DatasetException>(() => selfSr.Fit(folds[1].TrainSet)).Message);
        selfSr.Fit(folds[0].TrainSet).Dispose();
    }

    [Fact]
    public void Validation_sets_are_checked()
    {
        Assert.Contains("KeepBest", Assert.Throws<ArgumentException>(() => _ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { KeepBest = true })).Message);
        Assert.Contains("Patience", Assert.Throws<ArgumentException>(() => _ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { Patience = 3 })).Message);
        var numbers = _ml.Data.LoadFromEnumerable(new[] { new { Image = 1f } });
        Assert.Contains("'Image'", Assert.Throws<ArgumentException>(() => _ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { ValidationSet = numbers })).Message);
        var empty = _ml.Data.LoadFromEnumerable(Array.Empty<TinyPhantoms.Row>());
        Assert.Contains("ValidationSet has no row", Assert.Throws<DatasetException>(() => _ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { ValidationSet = empty }).Fit(TinyPhantoms.Data(_ml))).Message);
        var warnings = new List<string>();
        var ml = new MLContext(1);
        ml.Log += (_, e) => { if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) warnings.Add(e.Message); };
        ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { ValidationSet = TinyPhantoms.Data(ml, 1), ValidationBatches = 1 }).Fit(TinyPhantoms.Data(ml)).Dispose();
        Assert.Contains(warnings, w => w.Contains("case0") && w.Contains("fitting"));
    }

    sealed class Reports(List<TrainingProgress> list) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            lock (list) list.Add(value);
        }
    }
}
