using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SelfSrTrainerTests
{
    internal static readonly SelfSrOptions Tiny = new()
    {
        Width = 8,
        Branches = 4,
        PatchSize = 16,
        BatchSize = 4,
        Iterations = 24,
        UncertaintyIterations = 8,
        LearningRate = 4e-3,
        BFloat16 = false,
        ValidationInterval = 20,
        ValidationSamples = 8,
        CheckpointInterval = 10,
    };

    /// <summary>Smooth textured ellipsoids of two classes, cut into thick slices along y.</summary>
    internal static List<TrainingCase> Cases(int count = 3) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new Random(100 + i);
        var geometry = new VolumeGeometry([22, 36, 20], [1, 1, 1], [5, -7, 3]);
        double cx = 10 + 2 * random.NextDouble(), cy = 16 + 4 * random.NextDouble(), cz = 9 + 2 * random.NextDouble(), phase = 6 * random.NextDouble();
        var (image, label) = (new float[geometry.VoxelCount], new float[geometry.VoxelCount]);
        int at = 0;
        for (int z = 0; z < 20; z++)
            for (int y = 0; y < 36; y++)
                for (int x = 0; x < 22; x++, at++)
                {
                    double d = Math.Pow((x - cx) / 7, 2) + Math.Pow((y - cy) / 11, 2) + Math.Pow((z - cz) / 6, 2);
                    label[at] = d > 1 ? 0 : y < cy ? 1 : 2;
                    image[at] = (float)(1000 * (0.3 + (d < 1 ? 0.3 : 0) + (d < 1 && y >= cy ? 0.2 : 0) + 0.1 * Math.Sin(0.5 * x + 0.4 * y + phase) + 0.01 * random.NextDouble()));
                }
        return new TrainingCase($"case_{i}", ThickSliceSimulator.Image(new(geometry, image), SliceAxis.Y, SliceProfile.Gaussian(4)), ThickSliceSimulator.Label(new(geometry, label), SliceAxis.Y, 4));
    })];

    internal static TrainingContext Context(string? directory = null, IProgress<TrainingProgress>? progress = null, bool resume = false, CancellationToken token = default) =>
        new() { Device = torch.CPU, Seed = 7, Directory = directory, Progress = progress, Resume = resume, CancellationToken = token };

    sealed class Recorder(Action<TrainingProgress>? then = null) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];
        public void Report(TrainingProgress value)
        {
            Reports.Add(value);
            then?.Invoke(value);
        }
    }

    static byte[] Bytes(SelfSrModel model)
    {
        using var stream = new MemoryStream();
        model.Save(stream);
        return stream.ToArray();
    }

    [Fact]
    public void TrainingImprovesImageAndLabelsInBothPhases()
    {
        var recorder = new Recorder();
        using var model = SelfSrTrainer.Train(Cases(), Tiny with { Iterations = 70 }, Context(progress: recorder));
        var measured = recorder.Reports.Where(r => r.Metrics.ContainsKey("val_psnr")).ToList();
        Assert.Equal(["self-sr 1a", "self-sr 1b"], recorder.Reports.Select(r => r.Stage).Distinct());
        double First(string name) => measured[0].Metrics[name];
        double Last(string name) => measured[^1].Metrics[name];
        Assert.True(Last("val_psnr") > First("val_psnr") + 1, $"PSNR {First("val_psnr")} to {Last("val_psnr")}");
        Assert.True(Last("val_dice") > Math.Max(0.5, First("val_dice")), $"Dice {First("val_dice")} to {Last("val_dice")}");
        Assert.Equal(First("val_psnr_linear"), Last("val_psnr_linear"));
        Assert.InRange(First("val_psnr_linear"), 15, 45);
        var first = recorder.Reports.First(r => r.Stage == "self-sr 1b").Metrics;
        Assert.InRange(first["uncertainty"] / first["l1"], 0.4, 2.5);
    }

    [Fact]
    public void InterruptedAndResumedTrainingGivesTheSameBytes()
    {
        string directory = Directory.CreateTempSubdirectory("selfsr").FullName;
        try
        {
            var options = Tiny with { EmaDecay = 0.9, ClipNorm = 5 };
            using var whole = SelfSrTrainer.Train(Cases(), options, Context());
            foreach (string stage in (string[])["self-sr 1a", "self-sr 1b"])
            {
                using var source = new CancellationTokenSource();
                var stop = new Recorder(r => { if (r.Stage == stage && r.Iteration is > 0 and < 24) source.Cancel(); });
                Assert.ThrowsAny<OperationCanceledException>(() => SelfSrTrainer.Train(Cases(), options with { ValidationInterval = 3 }, Context(directory, stop, resume: true, token: source.Token)));
            }
            using var resumed = SelfSrTrainer.Train(Cases(), options, Context(directory, resume: true));
            Assert.True(Bytes(whole).AsSpan().SequenceEqual(Bytes(resumed)));
            using var other = SelfSrTrainer.Train(Cases(), options, Context() with { Seed = 8 });
            Assert.False(Bytes(whole).AsSpan().SequenceEqual(Bytes(other)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A run that dies after any of its checkpoints goes on from it: those of both phases, with averages, micro-batches, bfloat16 and the sampler's options.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnyCheckpointContinuesToTheSameBytes(bool bFloat16)
    {
        var options = Tiny with
        {
            Iterations = 4, UncertaintyIterations = 3, CheckpointInterval = 2, ValidationInterval = 1, ValidationSamples = 2, EmaDecay = 0.8, ClipNorm = 1, Accumulation = 2, BatchSize = 2, BFloat16 = bFloat16,
            GradientSampling = true, IntensityProbability = 0.5,
        };
        using var folder = new TemporaryFolder();
        List<string> kept = [];
        var keeper = new Recorder(r =>
        {
            if (r.Iteration % options.CheckpointInterval != 0 && r.Remaining > TimeSpan.Zero) return;
            string copy = folder[$"{r.Stage} {r.Iteration}"], checkpoints = Directory.CreateDirectory(Path.Combine(copy, "checkpoints")).FullName;
            foreach (string file in Directory.GetFiles(folder["run/checkpoints"])) File.Copy(file, Path.Combine(checkpoints, Path.GetFileName(file)));
            kept.Add(copy);
        });
        using var whole = SelfSrTrainer.Train(Cases(), options, Context(folder["run"], keeper));
        Assert.Equal(["self-sr 1a 2", "self-sr 1a 4", "self-sr 1b 2", "self-sr 1b 3"], kept.Select(k => Path.GetFileName(k)));
        foreach (string state in kept)
        {
            using var resumed = SelfSrTrainer.Train(Cases(), options with { ValidationInterval = 0 }, Context(state, resume: true));
            Assert.True(Bytes(whole).AsSpan().SequenceEqual(Bytes(resumed)), state);
        }
        using var without = SelfSrTrainer.Train(Cases(), options with { EmaDecay = 0 }, Context());
        Assert.False(Bytes(whole).AsSpan().SequenceEqual(Bytes(without)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void VariantsTrain(bool residual)
    {
        var options = Tiny with { Residual = residual, UncertaintyHead = residual, Iterations = 3, UncertaintyIterations = 2, PublishedUncertaintyLoss = true, ValidationInterval = 0, Profile = SliceProfileKind.Slr, Seeds = SeedMode.SplineNearest };
        using var model = SelfSrTrainer.Train(Cases(1), options, Context());
        var thin = model.Apply(Cases(1)[0].Image, Cases(1)[0].Label);
        Assert.Equal(36, thin.Image.Height);
        Assert.Equal(residual ? Onnx.EdgeSlices.Replicate : Onnx.EdgeSlices.Zero, model.Info.EdgeSlices);
    }

    [Fact]
    public void UnsuitableCasesAreNamed()
    {
        void Refused(string message, IReadOnlyList<TrainingCase> cases, SelfSrOptions? options = null) =>
            Assert.Contains(message, Assert.Throws<DatasetException>(() => SelfSrTrainer.Train(cases, options ?? Tiny, Context())).Message);
        var good = Cases(2);
        Refused("no training cases", []);
        Refused("case_0: the label map holds the label value 2", good, Tiny with { Labels = [new(0, "background"), new(1, "a")] });
        var isotropic = new TrainingCase("iso", new(new([9, 9, 9], [1, 1, 1]), new float[729]), new(new([9, 9, 9], [1, 1, 1]), new float[729]));
        Refused("iso", [good[0], isotropic]);
        float[] broken = good[1].Image.Memory.ToArray();
        broken[3] = float.PositiveInfinity;
        Refused("case_1", [good[0], good[1] with { Image = good[1].Image.WithVoxels(broken) }]);
        Assert.Throws<ArgumentException>("PatchSize", () => SelfSrTrainer.Train(good, Tiny with { PatchSize = 20 }, Context()));
        Assert.Throws<GeometryMismatchException>(() => SelfSrTrainer.Train([good[0] with { Label = isotropic.Label }], Tiny, Context()));
    }
}
