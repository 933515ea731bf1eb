using System.Collections.Concurrent;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

public class SegmentationValidationTests
{
    static readonly RehrSegOptions Small = new()
    {
        BaseFeatures = 6, MaxFeatures = 24, BatchSize = 2, NnUNetIterations = 12, FineTuneIterations = 12, FineTuneLearningRate = 5e-3, BFloat16 = false, FineTuneClipNorm = 12, ValidationInterval = 6, ValidationBatches = 2,
    };

    static readonly RehrSegTrainingData Data = EllipsoidData.Dataset(2, pseudo: true) with { Validation = [EllipsoidData.Thick(50)] };

    static TrainingContext Context(Progress? progress = null) => new() { Device = torch.CPU, Seed = 7, Progress = progress };

    sealed class Progress : IProgress<TrainingProgress>
    {
        public ConcurrentQueue<TrainingProgress> Reports { get; } = [];
        public void Report(TrainingProgress value) => Reports.Enqueue(value);
        public double Last(string stage, string metric) => Reports.Last(r => r.Stage == stage && r.Metrics.ContainsKey(metric)).Metrics[metric];
    }

    /// <summary>The patch is the whole case, so the measures at the end are those of the model's prediction.</summary>
    [Fact]
    public void Measures_are_those_of_the_prediction()
    {
        var progress = new Progress();
        (double Dice, double CrossEntropy) baseline = default;
        var request = new SegmentationRequest { Mirror = false, Probabilities = true };
        var held = Data.Validation[0];
        using var model = RehrSegTrainer.Train(Data with { BaselineReady = m => baseline = Measure(m.Predict(held.Image, request)) }, Small, Context(progress));
        Assert.Equal(new(10, 32, 32), model.Info.Patch);
        var result = model.Predict(held.Image, request);
        var final = Measure(result);
        foreach (var (stage, expected) in new[] { (TrainingStages.NnUNet, baseline), (TrainingStages.RehrSeg, final) })
        {
            Assert.Equal([6, 12], progress.Reports.Where(r => r.Stage == stage && r.Metrics.ContainsKey("val_dice")).Select(r => r.Iteration));
            Assert.Equal(expected.Dice, progress.Last(stage, "val_dice"), 1e-6);
            Assert.Equal(expected.Dice, progress.Last(stage, "val_dice_class 1"), 1e-6);
            Assert.Equal(expected.CrossEntropy, progress.Last(stage, "val_ce"), 1e-4);
            Assert.InRange(progress.Last(stage, "val_loss"), expected.CrossEntropy - 1, expected.CrossEntropy);
            var scores = progress.Reports.Where(r => r.Stage == stage && r.Metrics.ContainsKey("val_dice")).Select(r => r.Metrics["val_dice"]).ToArray();
            Assert.Equal(0.9 * scores[0] + 0.1 * scores[1], progress.Last(stage, "val_dice_ema"), 1e-12);
        }
        var thick = ThickSliceSimulator.Label(result.Hr!, SliceAxis.Z, EllipsoidData.Factor);
        Assert.Equal(EllipsoidData.Dice(thick, held.Label), progress.Last(TrainingStages.RehrSeg, "val_dice_hr"), 1e-6);
        Assert.DoesNotContain(progress.Reports, r => r.Stage == TrainingStages.NnUNet && r.Metrics.ContainsKey("val_dice_hr"));

        (double Dice, double CrossEntropy) Measure(SegmentationResult r)
        {
            int voxels = held.Label.Voxels.Length;
            double sum = 0;
            for (int i = 0; i < voxels; i++) sum -= Math.Log(r.LrProbabilities!.Voxels[(int)held.Label.Voxels[i] * voxels + i]);
            return (EllipsoidData.Dice(r.Lr!, held.Label), sum / voxels);
        }
    }

    [Fact]
    public void Validation_leaves_training_as_it_is()
    {
        byte[] Bytes(RehrSegTrainingData data, RehrSegOptions options)
        {
            using var model = RehrSegTrainer.Train(data, options with { NnUNetIterations = 5, FineTuneIterations = 5, ValidationInterval = 2 }, Context());
            using var file = new MemoryStream();
            model.Save(file);
            return file.ToArray();
        }
        byte[] without = Bytes(Data with { Validation = [] }, Small);
        Assert.Equal(without, Bytes(Data, Small));
        Assert.Equal(without, Bytes(Data with { Validation = [EllipsoidData.Thick(51), EllipsoidData.Thick(52)] }, Small));
    }

    [Fact]
    public void Each_phase_can_end_with_its_best_weights()
    {
        using var folder = new TemporaryFolder();
        var options = Small with { NnUNetIterations = 6, FineTuneIterations = 6, ValidationInterval = 2, KeepBest = true, LearningRate = 0.05 };
        using var model = RehrSegTrainer.Train(Data, options, Context() with { Directory = folder.Path });
        using var best = SafeTensors.Read(BestWeights.PathOf(folder.Path, TrainingStages.RehrSeg));
        foreach (var (name, tensor) in ModuleTensors.Of(model.Network)) Assert.True(best.Tensors["network." + name].bytes.SequenceEqual(tensor.bytes), name);
        using var again = RehrSegTrainer.Train(Data, options, Context() with { Directory = folder.Path, Resume = true });
        foreach (var (name, tensor) in ModuleTensors.Of(again.Network)) Assert.True(best.Tensors["network." + name].bytes.SequenceEqual(tensor.bytes), name);
    }

    [Fact]
    public void Bad_held_out_cases_are_refused_before_work_starts()
    {
        void Throws<T>(TrainingCase held, params string[] parts) where T : Exception
        {
            string message = Assert.ThrowsAny<T>(() => RehrSegTrainer.Train(Data with { Validation = [held] }, Small, Context())).Message;
            Assert.All(parts, p => Assert.Contains(p, message));
        }
        var good = EllipsoidData.Thick(50) with { Id = "held" };
        float[] image = good.Image.Voxels.ToArray(), label = good.Label.Voxels.ToArray();
        label[7] = 3;
        Throws<DatasetException>(good with { Label = good.Label.WithVoxels(label) }, "held", "value 3");
        Throws<DatasetException>(good with { Image = good.Image.WithVoxels((float[])[.. image, .. image], 2) }, "held has 2 image channel(s)");
        image[0] = float.NaN;
        Throws<DatasetException>(good with { Image = good.Image.WithVoxels(image) }, "held", "NaN");
        Throws<GeometryMismatchException>(good with { Label = EllipsoidData.Thick(50, SliceAxis.Y).Label }, "held");
        Assert.Contains("ValidationInterval", Assert.Throws<ArgumentException>(() => RehrSegTrainer.Train(Data, Small with { ValidationInterval = 0, KeepBest = true }, Context())).Message);
        Assert.Contains("Patience", Assert.Throws<ArgumentException>(() => RehrSegTrainer.Train(Data, Small with { Patience = 0 }, Context())).Message);
    }
}
