using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SmoreTrainerTests
{
    static readonly SelfSrOptions Tiny = SelfSrTrainerTests.Tiny with
    {
        Seeds = SeedMode.Smore,
        Smore = new() { Width = 8, Blocks = 2, Iterations = 24, BatchSize = 4, PatchSlices = 5, PatchSize = 16, LearningRate = 4e-3, Residual = true, CheckpointInterval = 10 },
    };

    static byte[] Bytes(SmoreModel model)
    {
        using var stream = new MemoryStream();
        model.Save(stream);
        return stream.ToArray();
    }

    /// <summary>A fine pattern, the same in all directions, in a ball with a harder core: thick along z, and its thin truth.</summary>
    static (TrainingCase Thick, MLVolume Image, MLVolume Label) Phantom(int seed)
    {
        var random = new Random(seed);
        var geometry = new VolumeGeometry([32, 32, 32], [1, 1, 1]);
        double[] centre = [.. Enumerable.Range(0, 3).Select(_ => 14 + 4 * random.NextDouble())], phase = [.. Enumerable.Range(0, 3).Select(_ => 6 * random.NextDouble())];
        var (image, label) = (new float[geometry.VoxelCount], new float[geometry.VoxelCount]);
        for (int i = 0; i < image.Length; i++)
        {
            int[] p = [i % 32, i / 32 % 32, i / 1024];
            double d = Math.Sqrt(Enumerable.Range(0, 3).Sum(a => Math.Pow(p[a] - centre[a], 2)));
            label[i] = d < 6 ? 2 : d < 11 ? 1 : 0;
            image[i] = (float)(0.2 + 0.25 * label[i] + 0.08 * Enumerable.Range(0, 3).Sum(a => Math.Sin(0.55 * p[a] + phase[a])));
        }
        MLVolume thin = new(geometry, image), thinLabel = new(geometry, label);
        return (new($"ball_{seed}", ThickSliceSimulator.Image(thin, SliceAxis.Z, SliceProfile.Gaussian(4)), ThickSliceSimulator.Label(thinLabel, SliceAxis.Z, 4)), thin, thinLabel);
    }

    [Theory]
    [InlineData(true, 150)]
    [InlineData(false, 300)]
    public void TrainingBeatsInterpolationOnACaseItHasNotSeen(bool residual, int iterations)
    {
        var options = Tiny with { Smore = Tiny.Smore with { Width = 16, Blocks = 4, Iterations = iterations, BatchSize = 8, PatchSlices = 6, PatchSize = 24, Residual = residual } };
        using var model = SmoreTrainer.Train([.. Enumerable.Range(0, 3).Select(i => Phantom(i).Thick)], options, SelfSrTrainerTests.Context());
        var (thick, image, label) = Phantom(9);
        var thin = model.Apply(thick.Image, thick.Label);
        double Psnr(MLVolume volume) => Metrics.Psnr(volume, image);
        double Dice(MLVolume volume) => (Metrics.Dice(volume, label, 1) + Metrics.Dice(volume, label, 2)) / 2;
        double trained = Psnr(thin.Image), linear = Psnr(Resampler.RefineImage(thick.Image, SliceAxis.Z, 4, 1)), spline = Psnr(Resampler.RefineImage(thick.Image, SliceAxis.Z, 4));
        Assert.True(trained > Math.Max(linear, spline) + 0.5, $"PSNR {trained:0.00}, linear {linear:0.00}, spline {spline:0.00}");
        double dice = Dice(thin.Label), nearest = Dice(LabelInterpolation.Nearest(thick.Label, SliceAxis.Z, 4));
        Assert.True(dice > nearest + 0.01, $"Dice {dice:0.000}, nearest {nearest:0.000}");
    }

    [Fact]
    public void InterruptedAndResumedTrainingGivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        var options = Tiny with { Smore = Tiny.Smore with { EmaDecay = 0.9, ClipNorm = 5 } };
        var cases = SelfSrTrainerTests.Cases();
        using var whole = SmoreTrainer.Train(cases, options, SelfSrTrainerTests.Context());
        using var source = new CancellationTokenSource();
        int steps = 0;
        var watched = new Stopper(() => { if (++steps == 1) source.Cancel(); });
        Assert.ThrowsAny<OperationCanceledException>(() => SmoreTrainer.Train(cases, options with { Smore = options.Smore with { Iterations = 100_000 } }, SelfSrTrainerTests.Context(folder.Path, watched, token: source.Token)));
        Checkpoint.Delete(folder.Path, TrainingStages.Smore);
        using (SmoreTrainer.Train(cases, options with { Smore = options.Smore with { CheckpointInterval = 7 } }, SelfSrTrainerTests.Context(folder.Path))) { }
        File.Delete(Checkpoint.PathOf(folder.Path, TrainingStages.Smore)); // leaves the one of iteration 21
        using var resumed = SmoreTrainer.Train(cases, options, SelfSrTrainerTests.Context(folder.Path, resume: true));
        Assert.True(Bytes(whole).AsSpan().SequenceEqual(Bytes(resumed)));
        using var other = SmoreTrainer.Train(cases, options, SelfSrTrainerTests.Context() with { Seed = 8 });
        Assert.False(Bytes(whole).AsSpan().SequenceEqual(Bytes(other)));
    }

    sealed class Stopper(Action then) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => then();
    }

    [Fact]
    public void SelfSrTrainsSmoreFirstAndMakesItsSeedsWithIt()
    {
        using var folder = new TemporaryFolder();
        byte[] handed = [];
        var options = Tiny with { Iterations = 4, UncertaintyIterations = 2, ValidationInterval = 0, SmoreReady = model => handed = Bytes(model) };
        var cases = SelfSrTrainerTests.Cases(2);
        using var model = SelfSrTrainer.Train(cases, options, SelfSrTrainerTests.Context(folder.Path));
        Assert.True(Checkpoint.Exists(folder.Path, TrainingStages.Smore));
        using var alone = SmoreTrainer.Train(cases, options, SelfSrTrainerTests.Context());
        Assert.True(handed.AsSpan().SequenceEqual(Bytes(alone)));
        using var spline = SelfSrTrainer.Train(cases, options with { Seeds = SeedMode.SplineSignedDistance }, SelfSrTrainerTests.Context());
        using var longer = SelfSrTrainer.Train(cases, options with { Smore = options.Smore with { Iterations = 25 } }, SelfSrTrainerTests.Context());
        string[] prints = [model.Info.TrainingFingerprint, spline.Info.TrainingFingerprint, longer.Info.TrainingFingerprint, alone.Info.TrainingFingerprint];
        Assert.Distinct(prints);
    }

    [Fact]
    public void PublicEntryTakesItsSettingsFromTheOptions()
    {
        using var folder = new TemporaryFolder();
        var messages = new List<string>();
        var options = Tiny with { Seed = 7, CheckpointDirectory = folder.Path, Labels = [new(0, "background"), new(1, "left"), new(2, "right")], Axis = SliceAxis.Y, Factor = 4 };
        using var model = SmoreTrainer.Train(SelfSrTrainerTests.Cases(2), options, messages.Add);
        Assert.Equal(("right", SliceAxis.Y, 4), (model.Info.Labels[2].Name, model.Info.DefaultSliceAxis, model.Info.Factor));
        Assert.Contains(messages, m => m.StartsWith("smore: 2 cases", StringComparison.Ordinal));
        Assert.True(Checkpoint.Exists(folder.Path, TrainingStages.Smore));
    }

    [Fact]
    public void UnsuitableCasesAndOptionsAreNamed()
    {
        Assert.Contains("no training cases", Assert.Throws<DatasetException>(() => SmoreTrainer.Train([], Tiny)).Message);
        var cases = SelfSrTrainerTests.Cases(1);
        foreach (var (option, wrong) in new (string, SmoreOptions)[]
        {
            ("Width", new() { Width = 1 }), ("Blocks", new() { Blocks = 65 }), ("Iterations", new() { Iterations = 0 }), ("BatchSize", new() { BatchSize = 0 }), ("PatchSlices", new() { PatchSlices = 0 }),
            ("PatchSize", new() { PatchSize = -1 }), ("LearningRate", new() { LearningRate = double.NaN }), ("Beta2", new() { Beta2 = 1 }), ("ClipNorm", new() { ClipNorm = double.NaN }),
            ("EmaDecay", new() { EmaDecay = 1 }), ("FlipProbability", new() { FlipProbability = 1.5 }), ("CheckpointInterval", new() { CheckpointInterval = 0 }),
        })
        {
            Assert.Contains($"SmoreOptions.{option} is", Assert.Throws<ArgumentException>(option, () => SmoreTrainer.Train(cases, Tiny with { Smore = wrong })).Message);
        }
        Assert.Throws<ArgumentException>("Smore", () => SmoreTrainer.Train(cases, Tiny with { Smore = null! }));
    }
}
