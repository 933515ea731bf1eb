using Microsoft.ML;
using Microsoft.ML.Runtime;
using REHRSeg;
using REHRSeg.Imaging;

namespace IntroTraining;

/// <summary>
/// Both stages as one ML.NET pipeline, for keeps: a held-out fold that scores the result, options changed with <c>with</c>, checkpoints that a stopped training goes on from, progress,
/// warnings, Ctrl-C, and the model in ML.NET's form and as ONNX.
/// </summary>
static class IntroTrainPipeline
{
    public static int Main(string[] args)
    {
        if (args is not [var dataset, var output, var presetName]) throw new ArgumentException("TrainPipeline DATASET OUT tiny|demo|cpu|paper");
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) => { e.Cancel = true; cancel.Cancel(); };

        TorchRuntime.EnsureLoaded();                                                                  // for systems with an older libstdc++
        var ml = new MLContext(seed: 1);
        ml.Log += (_, e) => { if (e.Kind >= ChannelMessageKind.Warning) Console.Error.WriteLine(e.Message); };

        IDataView cases = ml.Data.LoadMedicalDataset(dataset);                                        // rows of Id, Image, Label, read when asked for
        var fold = ml.MedicalImaging.CrossValidationFolds(cases, folds: 5)[0];                        // whole cases; nnU-Net's split

        var preset = TrainingPreset.Named(presetName);
        var progress = new ProgressLines();
        var selfSr = preset.SelfSr with { Progress = progress, CancellationToken = cancel.Token, CheckpointDirectory = output, Resume = Directory.Exists(output) };
        var segmentation = preset.Segmentation with
        {
            FineTuneLearningRate = 2e-3,                                                              // every number of the method is an option
            ValidationSet = fold.TestSet,                                                             // measured while training; chooses nothing
            Progress = progress, CancellationToken = cancel.Token, CheckpointDirectory = output, Resume = selfSr.Resume,
        };
        var pipeline = ml.Transforms.SelfSuperResolution(selfSr).Append(ml.Transforms.PseudoData()).Append(ml.Transforms.RehrSeg(segmentation));
        try
        {
            var trained = pipeline.Fit(fold.TrainSet);
            var model = trained.ForScoring();                                                         // the part that needs the image alone
            ml.Model.Save(model, cases.Schema, Path.Combine(output, "model.zip"));
            using (var onnx = File.Create(Path.Combine(output, "segmentation.onnx"))) trained.LastTransformer.Model.ExportOnnx(onnx);

            var metrics = ml.MedicalImaging.EvaluateSegmentation(model.Transform(fold.TestSet));
            foreach (var score in metrics.Cases)
                Console.WriteLine($"{score.Id}, {score.Label.Name}: DSC {score.Dice:0.000}, HD95 {score.HausdorffDistance95:0.00} mm");
            Console.WriteLine($"held out: DSC {metrics.MeanDice:0.000}, HD95 {metrics.MeanHausdorffDistance95:0.00} mm");
            return 0;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"Stopped; the same command goes on from the checkpoints in {output}.");
            return 130;
        }
    }

    /// <summary>A line a report, in their order (<see cref="Progress{T}"/> hands reports to the thread pool, where they may overtake each other).</summary>
    sealed class ProgressLines : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress p) =>
            Console.WriteLine($"{p.Stage} {p.Iteration}/{p.Iterations}, {p.Remaining:d\\.hh\\:mm\\:ss} left: {string.Join(", ", p.Metrics.Select(m => $"{m.Key} {m.Value:0.000}"))}");
    }
}
