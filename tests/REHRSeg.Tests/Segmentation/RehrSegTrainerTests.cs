using System.Collections.Concurrent;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

public class RehrSegTrainerTests
{
    static readonly RehrSegOptions Small = new()
    {
        BaseFeatures = 6, MaxFeatures = 48, BatchSize = 2, NnUNetIterations = 40, FineTuneIterations = 40, FineTuneLearningRate = 5e-3, BFloat16 = false, FineTuneClipNorm = 12,
    };

    static TrainingContext Context(string? directory = null, Progress? progress = null) => new() { Device = torch.CPU, Seed = 7, Directory = directory, Progress = progress };

    sealed class Progress : IProgress<TrainingProgress>
    {
        public ConcurrentQueue<TrainingProgress> Reports { get; } = [];
        public void Report(TrainingProgress value) => Reports.Enqueue(value);
        public HashSet<string> Metrics(string stage) => [.. Reports.Where(r => r.Stage == stage).SelectMany(r => r.Metrics.Keys)];
    }

    [Fact]
    public void Learns_thick_labels_and_finer_thin_labels()
    {
        using var folder = new TemporaryFolder();
        var axis = SliceAxis.Y;
        double baselineLr = 0;
        bool? baselineHr = null;
        var (thinImage, thinLabel) = EllipsoidData.Thin(100, axis);
        var test = EllipsoidData.Thick(100, axis);
        var request = new REHRSeg.Onnx.SegmentationRequest { Mirror = false };
        var data = EllipsoidData.Dataset(6, pseudo: true, axis) with
        {
            BaselineReady = baseline =>
            {
                var result = baseline.Predict(test.Image, request);
                baselineHr = baseline.Info.HasHighResolutionHead || result.Hr is not null;
                baselineLr = EllipsoidData.Dice(result.Lr!, test.Label);
            },
        };
        var progress = new Progress();
        using var model = RehrSegTrainer.Train(data, Small, Context(folder.Path, progress));

        var plan = SegmentationPlan.Load(Path.Combine(folder.Path, "plan.json"));
        Assert.Equal((new(10, 32, 32), 2), (plan.Patch, plan.BatchSize));
        Assert.Equal([4.0, 1, 1], plan.TargetSpacing.Select(v => Math.Round(v, 6)));
        Assert.Equal(false, baselineHr);
        Assert.True(model.Info.HasHighResolutionHead);
        Assert.Equal((4, SliceAxis.Y), (model.Info.Factor, model.Info.DefaultSliceAxis));

        var prediction = model.Predict(test.Image, request);
        double lr = EllipsoidData.Dice(prediction.Lr!, test.Label), hr = EllipsoidData.Dice(prediction.Hr!, thinLabel);
        double nearest = EllipsoidData.Dice(LabelInterpolation.Nearest(prediction.Lr!, axis, EllipsoidData.Factor), thinLabel);
        string scores = $"baseline LR {baselineLr:0.000}, LR {lr:0.000}, HR {hr:0.000}, nearest {nearest:0.000}";
        Assert.True(baselineLr > 0.8, scores);
        Assert.True(lr > 0.85, scores);
        Assert.True(hr > nearest, scores);
        Assert.Null(prediction.Hr!.Geometry.DescribeDifference(thinLabel.Geometry));
        Assert.Equal(["ce", "dice", "loss"], progress.Metrics("nnunet").Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss"], progress.Metrics("rehrseg").Order());

        using var file = new MemoryStream();
        model.Save(file);
        file.Position = 0;
        using var loaded = RehrSegModel.Load(file);
        Assert.Equal(model.Info.ToMetadata(), loaded.Info.ToMetadata());
        var again = loaded.Predict(test.Image, request with { Probabilities = true });
        var probabilities = model.Predict(test.Image, request with { Probabilities = true });
        Assert.Equal(probabilities.HrProbabilities!.Voxels, again.HrProbabilities!.Voxels);
        Assert.Equal(probabilities.LrProbabilities!.Voxels, again.LrProbabilities!.Voxels);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        byte[] Run(int seed)
        {
            using var model = RehrSegTrainer.Train(EllipsoidData.Dataset(2, pseudo: true), Small with { NnUNetIterations = 3, FineTuneIterations = 3 }, Context() with { Seed = seed });
            using var file = new MemoryStream();
            model.Save(file);
            return file.ToArray();
        }
        var first = Run(1);
        Assert.Equal(first, Run(1));
        Assert.NotEqual(first, Run(2));
    }

    [Fact]
    public void A_run_stopped_between_the_phases_resumes_to_the_same_bytes()
    {
        var options = Small with { NnUNetIterations = 3, FineTuneIterations = 3 };
        var data = EllipsoidData.Dataset(2, pseudo: true);
        static byte[] Bytes(RehrSegModel model)
        {
            using (model)
            {
                using var file = new MemoryStream();
                model.Save(file);
                return file.ToArray();
            }
        }
        byte[] straight = Bytes(RehrSegTrainer.Train(data, options, Context()));
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => RehrSegTrainer.Train(data with { BaselineReady = _ => stop.Cancel() }, options, Context(folder.Path) with { CancellationToken = stop.Token }));
        Assert.Equal(straight, Bytes(RehrSegTrainer.Train(data, options, Context(folder.Path) with { Resume = true })));
    }

    [Fact]
    public void Distils_from_the_self_SR_teacher()
    {
        var info = new REHRSeg.Onnx.SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "class 1")] };
        var network = new SelfSrNetwork(new SelfSrArchitecture { Width = 4, Factor = 4 });
        using var teacher = new SelfSrModel(network, info, torch.CPU);
        float[][] before = [.. network.parameters().Select(LossOracle.Values)];
        var data = EllipsoidData.Dataset(2, pseudo: true) with { Teacher = teacher };
        HashSet<string> Terms(RehrSegOptions options)
        {
            var progress = new Progress();
            using var model = RehrSegTrainer.Train(data, options with { NnUNetIterations = 1, FineTuneIterations = Math.Min(2, options.FineTuneIterations) }, Context(progress: progress));
            Assert.All(progress.Reports, r => Assert.All(r.Metrics.Values, v => Assert.True(double.IsFinite(v))));
            return progress.Metrics("rehrseg");
        }
        Assert.Equal(["ce_hr", "ce_lr", "corr", "dice_hr", "loss", "spatial"], Terms(Small).Order());
        Assert.Equal(["ce_hr", "ce_lr", "corr", "dice_hr", "loss"], Terms(Small with { CosineWeight = 0 }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss", "spatial"], Terms(Small with { CorrelationWeight = 0 }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "corr", "dice_hr", "loss"], Terms(Small with { Distillation = DistillationKind.CorrelationOnly }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss", "mimic"], Terms(Small with { Distillation = DistillationKind.Mimic, TeacherLayer = TeacherLayer.Layer3 }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss", "mimic"], Terms(Small with { Distillation = DistillationKind.MimicSmoothL1, TeacherLayer = TeacherLayer.Decoder }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "ifvd", "loss"], Terms(Small with { Distillation = DistillationKind.Ifvd, RealFraction = 0.5 }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "corr", "dice_hr", "loss", "spatial"], Terms(Small with { Distillation = DistillationKind.Published }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss"], Terms(Small with { UseDistillation = false }).Order());
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss"], Terms(Small with { DistillationWeight = 0 }).Order());
        Assert.Equal(before, network.parameters().Select(LossOracle.Values));
        Assert.All(network.parameters(), p => Assert.True(!p.requires_grad && p.grad is null));
        var three = EllipsoidData.Dataset(1, pseudo: false) with { Teacher = teacher };
        string message = Assert.Throws<ArgumentException>(() => RehrSegTrainer.Train(three, Small with { Labels = [new(0, "background"), new(1, "a"), new(2, "b")] }, Context())).Message;
        Assert.Contains("teacher knows 1", message);
    }

    [Fact]
    public void Switches_change_the_terms()
    {
        HashSet<string> Terms(RehrSegOptions options, bool pseudo = true)
        {
            var progress = new Progress();
            using var model = RehrSegTrainer.Train(EllipsoidData.Dataset(2, pseudo), options with { NnUNetIterations = 1, FineTuneIterations = Math.Min(2, options.FineTuneIterations) }, Context(progress: progress));
            Assert.Equal(pseudo && options.UsePseudoData && options.FineTuneIterations > 0 && options.HrLossWeight > 0, model.Info.HasHighResolutionHead);
            return progress.Metrics("rehrseg");
        }
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "dice_lr", "loss"], Terms(Small with { UseUncertainty = false }).Order());
        Assert.Equal(["ce_lr", "loss"], Terms(Small with { HrLossWeight = 0 }).Order());
        Assert.Equal(["ce_lr", "loss"], Terms(Small with { HrLossWeight = 0, RealFraction = 1 }).Order());
        Assert.Empty(Terms(Small with { UsePseudoData = false }));
        Assert.Empty(Terms(Small with { FineTuneIterations = 0 }));
        Assert.Empty(Terms(Small, pseudo: false));
        Assert.Equal(["ce_hr", "ce_lr", "dice_hr", "loss"], Terms(Small with { RealFraction = 0.5, HrHeadLearningRate = 1e-2 }).Order());
    }

    [Fact]
    public void Bad_data_is_refused_before_work_starts()
    {
        var good = EllipsoidData.Dataset(1, pseudo: true);
        void Throws<T>(RehrSegTrainingData data, RehrSegOptions options, params string[] parts) where T : Exception
        {
            string message = Assert.ThrowsAny<T>(() => RehrSegTrainer.Train(data, options, Context())).Message;
            Assert.All(parts, p => Assert.Contains(p, message));
        }
        Throws<DatasetException>(good with { Real = [] }, Small, "no annotated cases");
        var other = EllipsoidData.Thick(0, SliceAxis.Y);
        Throws<GeometryMismatchException>(good with { Real = [good.Real[0] with { Label = other.Label }] }, Small, "case_0", "size");
        Throws<DatasetException>(good, Small with { Labels = [new(0, "background"), new(2, "node")] }, "case_0", "value 1");
        Throws<DatasetException>(good, Small with { Factor = 2 }, "factor 2");
        var (thin, label) = EllipsoidData.Thin(0);
        Throws<DatasetException>(new() { Real = [new("iso", thin, label)], Pseudo = [] }, Small, "isotropic", "iso");
        Throws<DatasetException>(good with { Real = [good.Real[0] with { Label = good.Real[0].Label.WithVoxels(new float[good.Real[0].Label.Voxels.Length]) }], Pseudo = [] }, Small, "background");
        Throws<ArgumentException>(good, Small with { GammaProbability = 1.5 }, "GammaProbability", "1.5");
        Throws<ArgumentException>(good, Small with { BatchSize = 0 }, "BatchSize");
        Throws<ArgumentException>(good, Small with { RealFraction = 1 }, "RealFraction", "HrLossWeight");
        Throws<ArgumentException>(good, Small with { Distillation = (DistillationKind)9 }, "Distillation", "Ifvd");
    }
}
