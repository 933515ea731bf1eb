using REHRSeg.Imaging;
using REHRSeg.Onnx;
using static TorchSharp.torch;

namespace REHRSeg.Tests.Segmentation;

public class RehrSegTaskTests
{
    const int Seed = 7, Classes = 2;

    static readonly SegmentationModelInfo Info = new() { Factor = 4, Patch = new(8, 16, 16), Divisor = new(1, 2, 2), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a")] };

    static readonly SegmentationArchitecture Architecture = new() { Classes = Classes, Factor = 4, Features = [4, 8], Kernels = [new(1, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)] };

    /// <summary>Real samples: certain, distilled with their own image and labels, no HR loss; each term computed sample by sample.</summary>
    [Fact]
    public void Real_samples_are_certain_and_have_no_HR_loss()
    {
        using var scope = NewDisposeScope();
        var options = new RehrSegOptions { FineTuneIterations = 20, RealFraction = 0.5, LrDiceWeight = 0.5, HrLossWeight = 0.8, DistillationWeight = 0.3 };
        var teacherNetwork = new SelfSrNetwork(new SelfSrArchitecture { Width = 4, Factor = 4 });
        using var teacher = new SelfSrModel(teacherNetwork, new SelfSrModelInfo { Factor = 4, Labels = Info.Labels }, CPU);
        var data = EllipsoidData.Dataset(2, pseudo: true);
        var preparation = new CasePreparation(Info, teacher.Info.RobustRange, Seed);
        var sampler = new PatchSampler(preparation.Pseudo(data.Pseudo, default), preparation.Real(data.Real, _ => SliceAxis.Z, default),
            new() { Patch = Info.Patch, BatchSize = 4, RealFraction = options.RealFraction, Spatial = new(0, 0, true), Transforms = [] });
        var student = new DistillationStudent(new SegmentationNetwork(Architecture, Seed), 4);
        using var task = new RehrSegTask(student, sampler, options, teacher, new() { Device = CPU, Seed = Seed });

        int iteration = Enumerable.Range(0, 20).First(i => sampler.Draw(TrainingSeeds.Random(Seed, task.Stage, i)).HrCount is 1 or 2 or 3);
        var batch = sampler.Draw(TrainingSeeds.Random(Seed, task.Stage, iteration));
        float loss = task.Loss(iteration, new Random(0), new Dictionary<string, Tensor>()).item<float>();

        using var noGrad = no_grad();
        var output = student.Network.forward(batch.ImageTensor(CPU), SegmentationOutputs.Lr | SegmentationOutputs.Hr | SegmentationOutputs.Feature);
        var (label, hrLabel, uncertainty) = (batch.LabelTensor(CPU), batch.HrLabelTensor(CPU), batch.UncertaintyTensor(CPU));
        double lr = 0, hr = 0;
        for (int b = 0; b < batch.Count; b++)
        {
            var (logits, y) = (output.Lr!.narrow(0, b, 1), label.narrow(0, b, 1));
            bool real = b >= batch.HrCount;
            var plain = DiceCrossEntropyLoss.Compute(logits, y);
            lr += (real ? plain.CrossEntropy : UncertaintyWeightedCrossEntropy.Compute(logits, y, uncertainty.narrow(0, b, 1))).item<float>() - 0.5 * plain.Dice.item<float>();
            if (!real) hr += DiceCrossEntropyLoss.Compute(output.Hr!.narrow(0, b, 1), hrLabel.narrow(0, b, 1)).Loss.item<float>();
        }
        var unit = tensor(batch.Unit!, [batch.Count, 1, 8, 16, 16]);
        var feature = teacher.TeacherFeature(cat([unit, label.unsqueeze(1).to(float32)], 1));
        double distillation = CorrelationDistillationLoss.Compute(output.Feature!, feature).item<float>() + SpatialDistillationLoss.Compute(student.Adaptor!.forward(output.Feature!), feature).item<float>();
        Assert.Equal(lr / batch.Count + 0.8 * hr / batch.HrCount + 0.3 * distillation, loss, 1e-5);
        Assert.True(label.narrow(0, batch.HrCount, batch.Count - batch.HrCount).sum().item<long>() > 0, "the real samples have no labels to see");
    }
}
