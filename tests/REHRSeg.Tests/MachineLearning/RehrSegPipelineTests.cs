using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

/// <summary>The whole chain at tiny size, fitted once.</summary>
public sealed class FittedPipeline : IDisposable
{
    public MLContext Ml { get; } = new(seed: 7);
    public List<string> Log { get; } = [];
    public List<TrainingProgress> Progress { get; } = [];
    public string Folder { get; } = Directory.CreateTempSubdirectory("rehrseg-chain-").FullName;
    public TransformerChain<RehrSegTransformer> Model { get; }
    public IDataView Cases { get; }

    public FittedPipeline()
    {
        Ml.Log += (_, e) => { lock (Log) if (e.Kind >= ChannelMessageKind.Info) Log.Add(e.Message); };
        var progress = new Collect(Progress);
        Cases = TinyPhantoms.Data(Ml);
        Model = new EstimatorChain<ITransformer>()
            .Append(Ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { Progress = progress }), TransformerScope.Training)
            .Append(Ml.Transforms.PseudoData(), TransformerScope.Training)
            .Append(Ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { Progress = progress }))
            .Fit(Cases);
    }

    public void Dispose()
    {
        Model.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    sealed class Collect(List<TrainingProgress> list) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            lock (list) list.Add(value);
        }
    }
}

public sealed class RehrSegPipelineTests(FittedPipeline fitted) : IClassFixture<FittedPipeline>
{
    readonly MLContext _ml = fitted.Ml;

    static MLVolume NewImage => TinyPhantoms.Case(99).Image!;

    TinyPhantoms.Scored Score(ITransformer model, MLVolume image)
    {
        using var engine = _ml.Model.CreatePredictionEngine<TinyPhantoms.Row, TinyPhantoms.Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        return engine.Predict(new() { Image = image });
    }

    [Fact]
    public void Scoring_needs_the_image_alone_and_gives_both_grids()
    {
        var scored = Score(fitted.Model.ForScoring(), NewImage);
        Assert.Equal(TinyPhantoms.Grid, scored.LrSegmentation!.Geometry);
        Assert.True(TinyPhantoms.Grid.Refine(2, SliceAxis.Z).IsSameGrid(scored.HrSegmentation!.Geometry));
        Assert.All(scored.HrSegmentation.Voxels.ToArray().Distinct(), v => Assert.Contains(v, (float[])[0, 1]));
    }

    [Fact]
    public void ForScoring_leaves_training_members_out_with_and_without_scope()
    {
        Assert.Equal([typeof(RehrSegTransformer)], fitted.Model.ForScoring().Select(t => t.GetType()));
        var everything = new TransformerChain<RehrSegTransformer>([.. fitted.Model]);
        Assert.Equal(3, everything.Count());
        Assert.Equal([typeof(RehrSegTransformer)], everything.ForScoring().Select(t => t.GetType()));
        Assert.Same(fitted.Model.LastTransformer, everything.ForScoring().LastTransformer);
    }

    [Fact]
    public void The_training_view_has_every_column_and_r_rows_a_case()
    {
        var members = fitted.Model.ToArray();
        var view = members[1].Transform(members[0].Transform(fitted.Cases));
        Assert.Equal(["Id", "Image", "Label", "HrImage", "HrLabel", "Uncertainty", "PseudoImage", "PseudoLabel", "PseudoHrLabel", "PseudoUncertainty", "Start"], view.Schema.Select(c => c.Name));
        Assert.Equal([0, 1, 0, 1], view.GetColumn<int>("Start"));
        var pairs = view.GetColumn<MLVolume>("PseudoImage").ToList();
        Assert.All(pairs, p => Assert.Equal(2, p.Geometry.Spacing[2], 6));
        Assert.Equal([12, 11, 12, 11], pairs.Select(p => p.Depth));
    }

    [Fact]
    public void The_teacher_travels_with_HrImage_also_through_a_cache()
    {
        var selfSr = (SelfSrTransformer)fitted.Model.First();
        var view = _ml.Data.Cache(selfSr.Transform(fitted.Cases));
        Assert.Same(selfSr.Model, TeacherAnnotation.Find(view.Schema)!.Model);
        Assert.Null(TeacherAnnotation.Find(fitted.Cases.Schema));
        Assert.Equal(2, _ml.Transforms.PseudoData().Fit(view).Transform(view).GetColumn<int>("Start").Distinct().Count());
    }

    [Fact]
    public void An_isotropic_thin_volume_is_thickened_along_the_thick_images_axis()
    {
        var selfSr = (SelfSrTransformer)fitted.Model.First();
        var sagittal = TinyPhantoms.Case(3);
        var rows = _ml.Data.LoadFromEnumerable(new[] { new TinyPhantoms.Row { Image = sagittal.Image!.SwapAxes(SliceAxis.X, SliceAxis.Z), Label = sagittal.Label!.SwapAxes(SliceAxis.X, SliceAxis.Z) } });
        var thin = selfSr.Transform(rows);
        Assert.Null(thin.GetColumn<MLVolume>("HrImage").Single().Geometry.DetectSliceAxis());
        var pair = _ml.Transforms.PseudoData().Fit(thin).Transform(thin).GetColumn<MLVolume>("PseudoImage").First();
        Assert.True(pair.Geometry.IsSameGrid(rows.GetColumn<MLVolume>("Image").Single().Geometry));
    }

    [Fact]
    public void Log_and_progress_tell_of_both_trainings()
    {
        lock (fitted.Log)
        {
            Assert.Contains(fitted.Log, m => m.Contains("SelfSrEstimator") && m.Contains("Training on cpu"));
            Assert.Contains(fitted.Log, m => m.Contains("RehrSegEstimator") && m.Contains("Training on cpu"));
        }
        Assert.Contains(fitted.Progress, p => p.Stage.StartsWith("self-sr"));
        Assert.Contains(fitted.Progress, p => p.Stage == "nnunet");
        Assert.Contains(fitted.Progress, p => p.Stage == "rehrseg");
    }

    [Fact]
    public void Prediction_engines_run_in_parallel()
    {
        var model = fitted.Model.ForScoring();
        MLVolume[] images = [.. Enumerable.Range(10, 4).Select(s => TinyPhantoms.Case(s).Image!)];
        var single = images.Select(i => Score(model, i).HrSegmentation!.Voxels.ToArray()).ToArray();
        var parallel = images.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(i => Score(model, i).HrSegmentation!.Voxels.ToArray()).ToArray();
        Assert.Equal(single, parallel);
    }

    [Fact]
    public void The_whole_chain_loads_typed()
    {
        string file = Path.Combine(fitted.Folder, "whole.zip");
        _ml.Model.Save(fitted.Model, fitted.Cases.Schema, file);
        var loaded = (TransformerChain<ITransformer>)new MLContext().Model.Load(file, out _);
        Assert.Equal([typeof(SelfSrTransformer), typeof(PseudoDataTransformer), typeof(RehrSegTransformer)], loaded.Select(t => t.GetType()));
        var before = fitted.Model.First().Transform(fitted.Cases).GetColumn<MLVolume>("HrImage").First();
        var after = loaded.First().Transform(fitted.Cases).GetColumn<MLVolume>("HrImage").First();
        Assert.Equal(before.Voxels, after.Voxels);
        Assert.Equal([typeof(RehrSegTransformer)], ((TransformerChain<ITransformer>)((ITransformer)loaded).ForScoring()).Select(t => t.GetType()));
    }

    [Fact]
    public void A_new_process_loads_and_scores_the_same()
    {
        string model = Path.Combine(fitted.Folder, "model.zip"), image = Path.Combine(fitted.Folder, "image.nii"), lr = Path.Combine(fitted.Folder, "lr.nii"), hr = Path.Combine(fitted.Folder, "hr.nii");
        var scoring = fitted.Model.ForScoring();
        _ml.Model.Save(scoring, fitted.Cases.Schema, model);
        VolumeFile.Write(NewImage, image);
        string output = Programs.Run(Programs.LoadProbe, model, image, lr, hr);
        Assert.Equal("REHRSeg.RehrSegTransformer", output.Trim());
        var here = Score(scoring, VolumeFile.Read(image));
        Assert.Equal(here.LrSegmentation!.Voxels, VolumeFile.Read(lr).Voxels);
        Assert.Equal(here.HrSegmentation!.Voxels, VolumeFile.Read(hr).Voxels);
        Assert.True(here.HrSegmentation.Geometry.IsSameGrid(VolumeFile.ReadGeometry(hr)));
    }

    [Fact]
    public void Without_pseudo_columns_the_plain_phase_is_trained_and_probabilities_come_on_request()
    {
        var options = TinyPhantoms.RehrSeg with { LrProbabilitiesColumnName = "P" };
        using var plain = _ml.Transforms.RehrSeg(options).Fit(fitted.Cases);
        var view = plain.Transform(fitted.Cases);
        var probabilities = view.GetColumn<MLVolume>("P").First();
        Assert.Equal(2, probabilities.Channels);
        for (int i = 0; i < 100; i++) Assert.Equal(1f, probabilities.Channel(0)[i] + probabilities.Channel(1)[i], 3);
        Assert.Equal(TinyPhantoms.Grid, view.GetColumn<MLVolume>("LrSegmentation").First().Geometry);
        Assert.Null(view.Schema.GetColumnOrNull("HrSegmentation"));
        Assert.DoesNotContain("HrSegmentation", _ml.Transforms.RehrSeg(options).GetOutputSchema(MlNetInternals.ShapeOf(fitted.Cases.Schema)).Select(c => c.Name));
    }

    [Fact]
    public void The_same_seed_gives_the_same_model()
    {
        MLVolume Train(int seed)
        {
            var ml = new MLContext(seed);
            using var model = ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr).Fit(TinyPhantoms.Data(ml));
            return model.Transform(fitted.Cases).GetColumn<MLVolume>("HrImage").First();
        }
        var first = Train(3);
        Assert.Equal(first.Voxels, Train(3).Voxels);
        Assert.False(first.Voxels.SequenceEqual(Train(4).Voxels));
    }

    [Fact]
    public void A_token_stops_a_running_Fit_soon()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var watch = Stopwatch.StartNew();
        var error = Assert.ThrowsAny<OperationCanceledException>(() => _ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { Iterations = 100_000, CancellationToken = source.Token }).Fit(fitted.Cases));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }
}
