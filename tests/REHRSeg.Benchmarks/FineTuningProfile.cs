using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Where the processor time of a fine-tuning step goes, patch 12 x 40 x 40, batch 2, base 16, r = 4, teacher of width 16, without sampling: <c>--fine-tuning [STEPS] [KIND]</c>.
/// The phases are those of <see cref="RehrSegTask"/> and the training loop.
/// </summary>
internal static class FineTuningProfile
{
    static readonly string[] s_phases = ["Batch to tensors", "Teacher forward", "Student forward", "LR and HR losses", "Distillation loss", "Backward", "Optimizer"];

    public static void Run(string[] args)
    {
        int steps = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 20;
        var kind = args.Length > 2 ? Enum.Parse<DistillationKind>(args[2], ignoreCase: true) : DistillationKind.Structure;
        var info = new SelfSrModelInfo { Factor = BenchmarkCases.Info.Factor, Labels = BenchmarkCases.Info.Labels };
        using var teacher = new SelfSrModel(new SelfSrNetwork(new SelfSrArchitecture { Width = 16, LabelChannels = 2 }, seed: 1), info, CPU);
        var student = new DistillationStudent(new SegmentationNetwork(BenchmarkCases.Segmenter, seed: 1), kind.Adapts() ? 16 : null);
        using var optimizer = new SgdOptimizer(student, 1e-3) { Beta1 = 0.99, WeightDecay = 3e-5 };
        var terms = new RehrSegLossOptions { Distillation = null };
        var distillation = new RehrSegLossOptions { Distillation = kind };
        var batch = new SegmentationBatch([Sample(1), Sample(2)]);
        var times = new TimeSpan[s_phases.Length];
        for (int step = -3; step < steps; step++) // three to warm up
        {
            using var scope = NewDisposeScope();
            if (step == 0) Array.Clear(times);
            optimizer.ZeroGrad();
            Tensor image = null!, label = null!, hrLabel = null!, uncertainty = null!, thick = null!, feature = null!, loss = null!;
            SegmentationOutput output = null!;
            Time(0, () => (image, label, hrLabel, uncertainty, thick) = (batch.ImageTensor(CPU), batch.LabelTensor(CPU), batch.HrLabelTensor(CPU), batch.UncertaintyTensor(CPU), batch.TeacherTensor(3, CPU)));
            Time(1, () => feature = teacher.TeacherFeature(thick));
            Time(2, () => output = student.Network.forward(image, SegmentationOutputs.Lr | SegmentationOutputs.Hr | SegmentationOutputs.Feature));
            Time(3, () => loss = RehrSegLoss.Compute(output, new(label, hrLabel, uncertainty, null), null, terms));
            Time(4, () => loss = loss.Plus(DistillationLoss.Compute(output.Feature!, feature, label, 3, student.Adaptor, distillation, null)));
            Time(5, () => loss.backward());
            Time(6, optimizer.Step);
        }
        double total = times.Sum(t => t.TotalMilliseconds);
        Console.WriteLine(FormattableString.Invariant($"{kind}, {steps} steps, {total / steps:0} ms of processor time each"));
        for (int i = 0; i < times.Length; i++) Console.WriteLine(FormattableString.Invariant($"| {s_phases[i],-17} | {times[i].TotalMilliseconds / steps,6:0.0} ms | {100 * times[i].TotalMilliseconds / total,5:0.0} % |"));

        void Time(int phase, Action work)
        {
            var before = Environment.CpuUsage.TotalTime;
            work();
            times[phase] += Environment.CpuUsage.TotalTime - before;
        }
    }

    static SegmentationSample Sample(int seed)
    {
        var (random, patch) = (new Random(seed), BenchmarkCases.Patch);
        var sample = new SegmentationSample(patch, 1, BenchmarkCases.Segmenter.Factor)
        {
            HrLabel = [.. Enumerable.Range(0, BenchmarkCases.Segmenter.Factor * patch.Voxels).Select(_ => (byte)random.Next(3))],
            Uncertainty = [.. Enumerable.Range(0, patch.Voxels).Select(_ => random.NextSingle())],
            UnitRanges = [new(0.2f, 0.5f)],
        };
        for (int i = 0; i < patch.Voxels; i++) (sample.Image[i], sample.Label[i]) = (random.NextSingle() * 4 - 2, (byte)random.Next(3));
        return sample;
    }
}
