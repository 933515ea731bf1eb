using System.Reflection;
using System.Text.Json;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>What a frame-interpolation training left.</summary>
/// <param name="File">The weights.</param>
/// <param name="Films">Films trained on: folders of frames, or plane stacks of volumes.</param>
/// <param name="Clips">Clips in them, overlapping ones included.</param>
/// <param name="HeldOutFilms">Films, or one part of a film, that the measures come from; 0: they come from the training clips.</param>
/// <param name="Psnr">PSNR of the made frames in dB (range 1).</param>
/// <param name="LinearPsnr">PSNR of the straight line between the two middle frames on the same clips: with one target frame, of their average.</param>
public sealed record FramePretrainingResult(string File, int Films, long Clips, int HeldOutFilms, double Psnr, double LinearPsnr);

/// <summary>
/// Trains FLAVR on frame interpolation and writes its weights as safetensors under the published names, for <see cref="SelfSrOptions.PretrainedWeights"/>: a replacement for the
/// published file (paper section III-B; METHOD.md 1.5). The same films, options, seed and thread count give the same bytes on the CPU, also after stops and resumes.
/// </summary>
public static class FramePretrainer
{
    /// <summary>Trains on image frames: Vimeo-90K's septuplets, or folders of numbered PNG or JPEG files, each folder one film.</summary>
    /// <param name="directory">Vimeo-90K's folder (with <c>sequences</c>), or a folder that holds frames or folders of frames.</param>
    /// <param name="output">File to make, by convention <c>*.safetensors</c>.</param>
    /// <param name="options">Every number; see <see cref="FramePretrainingPreset"/>.</param>
    /// <exception cref="DatasetException">No frames, an image that cannot be decoded, films of mixed sizes, too few or too small frames: names file, size and remedy. Found before the work starts, but for damage inside an image.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or differs from those of the training that is resumed.</exception>
    /// <exception cref="IOException">The output or the checkpoint folder cannot be written, or holds other work; found before the work starts.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; with a checkpoint folder, the training can be resumed.</exception>
    public static FramePretrainingResult TrainOnFrames(string directory, string output, FramePretrainingOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        return Train(context => FrameFolder.Open(directory, options, context), output, options);
    }

    /// <summary>Trains on the planes of volumes. Needs no labels.</summary>
    /// <param name="volumes">Name and image of each; read one by one.</param>
    /// <param name="output">File to make, by convention <c>*.safetensors</c>.</param>
    /// <param name="options">Every number; see <see cref="FramePretrainingPreset"/>.</param>
    /// <exception cref="DatasetException">No volume has enough planes for a clip, or one holds NaN or infinity.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or differs from those of the training that is resumed.</exception>
    /// <exception cref="IOException">The output or the checkpoint folder cannot be written, or holds other work; found before the work starts.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; with a checkpoint folder, the training can be resumed.</exception>
    public static FramePretrainingResult TrainOnVolumes(IEnumerable<(string Id, MLVolume Image)> volumes, string output, FramePretrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        return Train(context => VolumeFilms.Open(volumes, options, context), output, options);
    }

    static FramePretrainingResult Train(Func<TrainingContext, FrameSource> open, string output, FramePretrainingOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(output);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        using var work = FrameWorkFolder.Claim(output, options);
        TorchRuntime.EnsureLoaded();
        var context = new TrainingContext
        {
            Device = ComputeDevice.Select(options.GpuDeviceId, options.FallbackToCpu, options.Warn),
            Seed = options.Seed,
            Progress = options.Progress,
            Log = options.Log ?? (static _ => { }),
            Warn = options.Warn ?? (static _ => { }),
            Directory = options.CheckpointDirectory,
            Resume = options.Resume,
            CancellationToken = options.CancellationToken,
        };
        var source = open(context);
        work.RequireSameTraining(source, options);
        var sampler = new FrameClipSampler(source.Training, options);
        context.Log($"frames: {sampler.Clips} clips of {options.Clip.Length} frames in {source.Training.Count} film(s), {(source.HeldOut ? $"{source.Validation.Count} held out" : "none held out: measures come from the training clips")}; width {options.Width}, patches {options.PatchSize}x{options.PatchSize}, batch {options.BatchSize}{(options.Accumulation > 1 ? $" x {options.Accumulation}" : "")}.");
        var plain = options with { FlipProbability = 0, ReversalProbability = 0, SwapProbability = 0, ChannelShuffleProbability = 0 };
        var validation = new FrameValidation(new(source.Validation, plain), plain, context);

        using var network = new FlavrNetwork(options.Outputs, options.Width, (int)TrainingSeeds.Derive(options.Seed, "frames weights"));
        network.to(context.Device);
        network.BFloat16 = options.BFloat16 ?? (options.Width >= SelfSrTrainer.BFloat16Width && ComputeDevice.HasFastBFloat16(context.Device));
        using (var task = new FrameTask(network, sampler, validation, options, context))
        using (var optimizer = new AdamOptimizer(network, options.LearningRate) { Beta2 = options.Beta2 })
            TrainingLoop.Run(task, optimizer, context, options.CheckpointInterval);
        network.eval();
        var measures = validation.Measure(network, context.CancellationToken);
        SafeTensors.Write(output, ModuleTensors.Of(network), Metadata(source, options));
        return new(Path.GetFullPath(output), source.Training.Count, sampler.Clips, source.HeldOut ? source.Validation.Count : 0, measures[FrameValidation.Psnr], measures[FrameValidation.LinearPsnr]);
    }

    static SortedDictionary<string, string> Metadata(FrameSource source, FramePretrainingOptions options) => new(StringComparer.Ordinal)
    {
        [FlavrStateDict.KindKey] = FlavrStateDict.Flavr,
        ["rehrseg.width"] = FormattableString.Invariant($"{options.Width}"),
        ["rehrseg.outputs"] = FormattableString.Invariant($"{options.Outputs}"),
        ["rehrseg.options"] = JsonSerializer.Serialize(options.Settings()),
        ["rehrseg.fingerprint"] = source.Fingerprint,
        ["rehrseg.tool"] = "REHRSeg " + (typeof(FramePretrainer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? ""),
    };
}
