using REHRSeg.Imaging;
using REHRSeg.Onnx;
using REHRSeg.Tests.Segmentation;
using REHRSeg.Tests.SelfSuperResolution;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>n micro-batches a step are one batch n times as large.</summary>
public class AccumulationTests
{
    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void OfSelfSrEqualsOneLargeBatch(int parts, bool uncertainty)
    {
        var options = SelfSrTrainerTests.Tiny with { Branches = 4, ClipNorm = 1 };
        var info = new SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "a"), new(2, "b")] };
        var seeds = SelfSrTrainerTests.Cases().Select(c => SeedVolume.Create(c, SliceAxis.Y, info, SeedMode.SplineSignedDistance)).ToArray();
        var (large, largeLoss) = Train(12, 1);
        var (small, smallLoss) = Train(12 / parts, parts);
        Assert.Equal(largeLoss, smallLoss, 1e-4);
        AssertClose(large, small);
        var (other, _) = Train(12 / parts, 1);
        Assert.True(Difference(large, other) > 20 * Difference(large, small), "the batch size does not matter in this test");

        (float[] Weights, double Loss) Train(int batch, int accumulation)
        {
            using var scope = NewDisposeScope();
            var settings = options with { BatchSize = batch, Accumulation = accumulation };
            using var network = new SelfSrNetwork(new() { Width = 8, LabelChannels = 2, Branches = 4 }, seed: 3);
            var sampler = new ThickSlicePatchSampler(seeds, info, SliceProfile.Gaussian(4), settings);
            var last = new LastLoss();
            var context = SelfSrTrainerTests.Context(progress: last);
            using var task = new SelfSrTask("self-sr 1a", 4, network, uncertainty ? SelfSrLossForm.Uncertainty : SelfSrLossForm.Pixel, (_, o) => o.LearningRate = 0.05, sampler, new(sampler, settings with { ValidationSamples = 2 }, context), settings with { ValidationInterval = 1, ValidationSamples = 2 }, context);
            using var optimizer = new SgdOptimizer(network, 0.05);
            TrainingLoop.Run(task, optimizer, context, 100);
            return (Flat(network), last.Value);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void OfTheSegmenterEqualsOneLargeBatch(double realFraction)
    {
        var options = new RehrSegOptions
        {
            BaseFeatures = 6, MaxFeatures = 24, NnUNetIterations = 2, FineTuneIterations = 2, LearningRate = 1e-2, FineTuneLearningRate = 1e-2, BFloat16 = false, FineTuneClipNorm = 12, LrDiceWeight = 1, RealFraction = realFraction, Mirror = false,
        };
        var info = new SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "class 1")] };
        using var teacher = new SelfSrModel(new SelfSrNetwork(new SelfSrArchitecture { Width = 4, Factor = 4 }), info, CPU);
        var data = EllipsoidData.Dataset(1, pseudo: true) with { Teacher = teacher };
        var large = Train(4, 1);
        var small = Train(2, 2);
        AssertClose(large, small);
        Assert.True(Difference(large, Train(2, 1)) > 20 * Difference(large, small), "the batch size does not matter in this test");

        float[] Train(int batch, int accumulation)
        {
            using var model = RehrSegTrainer.Train(data, options with { BatchSize = batch, Accumulation = accumulation }, new() { Device = CPU, Seed = 7 });
            using var file = new MemoryStream();
            model.Save(file);
            file.Position = 0;
            using var content = SafeTensors.Read(file, "model");
            return [.. content.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal).SelectMany(t => LossOracle.Values(t.Value))];
        }
    }

    static float[] Flat(nn.Module network) => [.. network.parameters().SelectMany(LossOracle.Values)];

    static double Difference(float[] a, float[] b) => a.Zip(b).Max(p => Math.Abs((double)p.First - p.Second));

    static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(Difference(expected, actual), 0, 2e-5);
    }

    sealed class LastLoss : IProgress<TrainingProgress>
    {
        public double Value { get; private set; }
        public void Report(TrainingProgress value) => Value = value.Metrics.GetValueOrDefault("loss", Value);
    }
}
