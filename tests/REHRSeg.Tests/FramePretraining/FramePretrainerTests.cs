using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tests.FramePretraining;

public sealed class FramePretrainerTests : IDisposable
{
    static readonly FramePretrainingOptions s_tiny = new()
    {
        Width = 4, Iterations = 9, BatchSize = 2, PatchSize = 16, LearningRate = 2e-3, BFloat16 = false, ValidationSamples = 4, ValidationInterval = 4, CheckpointInterval = 2, EmaDecay = 0.9, ClipNorm = 5,
    };

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static (string, MLVolume)[] Volumes(int count = 3) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var geometry = new VolumeGeometry([20, 22, 9], [1, 1, 3]);
        var voxels = new float[geometry.VoxelCount];
        for (int z = 0, n = 0; z < 9; z++)
            for (int y = 0; y < 22; y++)
                for (int x = 0; x < 20; x++, n++) voxels[n] = (float)(Math.Sin(0.4 * x + i) + Math.Cos(0.5 * y - 0.7 * z));
        return ($"case_{i}", new MLVolume(geometry, voxels));
    })];

    byte[] Train(string file, FramePretrainingOptions options) => File.ReadAllBytes(FramePretrainer.TrainOnVolumes(Volumes(), _folder[file], options).File);

    [Fact]
    public void Motion_is_learned_better_than_the_average_frame()
    {
        double[][] velocities = [[2, 0], [-2, 0], [0, 2], [0, -2], [1.5, 1.5], [-1.5, 1.5], [1.5, -1.5], [-1.5, -1.5]];
        for (int i = 0; i < 24; i++) FrameFiles.WriteMovingTexture(_folder[$"films/{i}"], i, velocities[i % 8][0], velocities[i % 8][1]);
        var result = FramePretrainer.TrainOnFrames(_folder["films"], _folder["flavr.safetensors"], s_tiny with
        {
            Width = 8, Iterations = 200, BatchSize = 4, LearningRate = 4e-3, EmaDecay = 0.95, HeldOut = 0.2, ValidationSamples = 16, ValidationInterval = 0,
        });
        Assert.Equal((19, 5), (result.Films, result.HeldOutFilms));
        Assert.True(result.Psnr > result.LinearPsnr + 1, $"{result.Psnr:0.00} dB against {result.LinearPsnr:0.00} dB of the average");
    }

    [Fact]
    public void The_file_has_the_published_names_and_shapes()
    {
        // Three outputs at width 64 are the published 4x network.
        string file = FramePretrainer.TrainOnVolumes(Volumes(1), _folder["flavr.safetensors"], s_tiny with { Width = 64, Outputs = 3, Iterations = 1, PatchSize = 8, EmaDecay = 0, HeldOut = 0 }).File;
        using var content = SafeTensors.Read(file);
        Assert.Equal(Golden.StateDict("flavr_state_dict.tsv"), new SortedDictionary<string, string>(content.Tensors.ToDictionary(t => t.Key, t => string.Join('x', t.Value.shape)), StringComparer.Ordinal));
        Assert.Equal("flavr", content.Metadata["rehrseg.kind"]);
        Assert.Equal("3", content.Metadata["rehrseg.outputs"]);
        Assert.Equal("64", JsonDocument.Parse(content.Metadata["rehrseg.options"]).RootElement.GetProperty("Width").GetString());
        Assert.Equal(32, content.Metadata["rehrseg.fingerprint"].Length);
    }

    [Fact]
    public void Outputs_change_only_the_last_layer()
    {
        SortedDictionary<string, string> Shapes(int outputs)
        {
            using var content = SafeTensors.Read(FramePretrainer.TrainOnVolumes(Volumes(1), _folder[$"{outputs}.safetensors"], s_tiny with { Outputs = outputs, Iterations = 1 }).File);
            return new(content.Tensors.ToDictionary(t => t.Key, t => string.Join('x', t.Value.shape)), StringComparer.Ordinal);
        }
        var (one, two) = (Shapes(1), Shapes(2));
        Assert.Equal(["outconv.1.bias", "outconv.1.weight"], one.Where(t => two[t.Key] != t.Value).Select(t => t.Key));
        Assert.Equal("6x4x7x7", two["outconv.1.weight"]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        byte[] first = Train("a", s_tiny);
        Assert.Equal(first, Train("b", s_tiny with { ReaderThreads = 3 }));
        Assert.NotEqual(first, Train("c", s_tiny with { Seed = 2 }));
    }

    sealed class StopAt(int iteration, CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Iteration >= iteration) source.Cancel();
        }
    }

    [Fact]
    public void Stopped_and_resumed_training_gives_the_same_bytes()
    {
        var plain = s_tiny with { Accumulation = 2 };
        byte[] whole = Train("whole", plain);
        Assert.NotEqual(whole, Train("less", s_tiny));
        var options = plain with { CheckpointDirectory = _folder["work"], ValidationInterval = 1 };
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Train("resumed", options with { CancellationToken = stop.Token, Progress = new StopAt(5, stop) }));
        Assert.False(File.Exists(_folder["resumed"]));
        Assert.Contains("already holds a training", Assert.Throws<IOException>(() => Train("resumed", options)).Message, StringComparison.Ordinal);
        Assert.Contains("LearningRate 0.002", Assert.Throws<ArgumentException>(() => Train("resumed", options with { Resume = true, LearningRate = 1e-3 })).Message, StringComparison.Ordinal);
        Assert.Contains("other frames or volumes", Assert.Throws<DatasetException>(() => FramePretrainer.TrainOnVolumes(Volumes(4), _folder["resumed"], options with { Resume = true })).Message, StringComparison.Ordinal);
        Assert.Equal(whole, Train("resumed", options with { Resume = true }));
        Assert.Equal(whole, Train("resumed", options with { Resume = true })); // finished: its checkpoint
        var last = JsonDocument.Parse(File.ReadLines(_folder["work/training.jsonl"]).Last()).RootElement;
        Assert.Equal(9, last.GetProperty("iteration").GetInt32());
        Assert.True(last.GetProperty("val_psnr").GetDouble() > 0 && last.GetProperty("val_psnr_linear").GetDouble() > 0);
    }

    [Fact]
    public void Places_that_cannot_be_written_are_found_before_the_work()
    {
        bool read = false;
        IEnumerable<(string, MLVolume)> Reading()
        {
            read = true;
            yield return Volumes(1)[0];
        }
        void Refused(string word, string output, FramePretrainingOptions options)
        {
            Assert.Contains(word, Assert.ThrowsAny<IOException>(() => FramePretrainer.TrainOnVolumes(Reading(), output, options)).Message, StringComparison.Ordinal);
            Assert.False(read);
        }
        File.WriteAllText(_folder["file"], "content");
        Refused("there already", _folder["file"], s_tiny);
        Refused("cannot be written", _folder["file/flavr.safetensors"], s_tiny);
        Refused("is a folder", _folder.Path, s_tiny);
        Refused("checkpoint folder", _folder["same"], s_tiny with { CheckpointDirectory = _folder["same"] });
        Refused("cannot be written", _folder["out"], s_tiny with { CheckpointDirectory = _folder["file/work"] });
        Assert.Equal("content", File.ReadAllText(_folder["file"]));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        void Refused(string option, FramePretrainingOptions options) => Assert.Throws<ArgumentException>(option, () => FramePretrainer.TrainOnVolumes(Volumes(1), _folder["a"], options));
        Refused("Width", s_tiny with { Width = 0 });
        Refused("Outputs", s_tiny with { Outputs = 0 });
        Refused("Iterations", s_tiny with { Iterations = 0 });
        Refused("BatchSize", s_tiny with { BatchSize = 0 });
        Refused("Accumulation", s_tiny with { Accumulation = 0 });
        Refused("PatchSize", s_tiny with { PatchSize = 20 });
        Refused("LearningRate", s_tiny with { LearningRate = double.NaN });
        Refused("Beta2", s_tiny with { Beta2 = 1 });
        Refused("ClipNorm", s_tiny with { ClipNorm = -1 });
        Refused("EmaDecay", s_tiny with { EmaDecay = 1 });
        Refused("ReversalProbability", s_tiny with { ReversalProbability = 1.5 });
        Refused("RobustLow", s_tiny with { RobustLow = 0.9, RobustHigh = 0.5 });
        Refused("HeldOut", s_tiny with { HeldOut = 0.6 });
        Refused("Resume", s_tiny with { Resume = true });
        foreach (string name in (string[])["tiny", "demo", "cpu", "paper"])
        {
            FramePretrainingPreset.Named(name).Options.Validate();
            Assert.Equal(TrainingPreset.Named(name).SelfSr.Width, FramePretrainingPreset.Named(name).Options.Width);
        }
        Assert.Throws<ArgumentException>("name", () => FramePretrainingPreset.Named("huge"));
    }
}
