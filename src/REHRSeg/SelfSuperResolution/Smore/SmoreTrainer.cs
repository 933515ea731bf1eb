using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// SMORE with label channels (Zhao et al. 2021; METHOD.md 10.1): a 2-D network learns from the sharp in-plane slices of thick cases, along x and y, and is applied
/// across them. It makes the paper's seeds for self-SR (<see cref="SeedMode.Smore"/>) and is a baseline of its own.
/// </summary>
public static class SmoreTrainer
{
    /// <summary>Trains on annotated thick cases alone. The same cases, options, seed and thread count give the same bytes on the CPU. Takes hours at the default (paper) options.</summary>
    /// <param name="cases">Annotated thick cases.</param>
    /// <param name="options">
    /// <see cref="SelfSrOptions.Smore"/>, and of the rest factor, axis, labels, slice profile, intensity range, number format, seed (null: 0), GPU, checkpoint folder, progress and cancellation.
    /// </param>
    /// <param name="log">Receives messages and warnings; null: none.</param>
    /// <exception cref="ArgumentException">An option is out of range; found before the work starts.</exception>
    /// <exception cref="DatasetException">A case cannot be trained on; names it.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; with a checkpoint folder, the last checkpoint can be resumed.</exception>
    public static SmoreModel Train(IReadOnlyList<TrainingCase> cases, SelfSrOptions options, Action<string>? log = null)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        log ??= static _ => { };
        return Train(cases, options, new TrainingContext
        {
            Device = ComputeDevice.Select(options.GpuDeviceId, options.FallbackToCpu ?? true, log), Seed = options.Seed ?? 0, Progress = options.Progress, Log = log, Warn = log,
            Directory = options.CheckpointDirectory, Resume = options.Resume, CancellationToken = options.CancellationToken,
        });
    }

    internal static SmoreModel Train(IReadOnlyList<TrainingCase> cases, SelfSrOptions options, TrainingContext context)
    {
        options.Validate();
        return Train(cases, SelfSrPlan.Create(cases, options), options, context);
    }

    internal static SmoreModel Train(IReadOnlyList<TrainingCase> cases, SelfSrPlan plan, SelfSrOptions options, TrainingContext context)
    {
        var smore = options.Smore;
        string settings = FormattableString.Invariant($"SMORE; seed {context.Seed}; {smore.DescribeSettings()}; {options.Profile} {options.ProfileFwhm} {options.SliceThickness}; {options.RobustLow} to {options.RobustHigh}; {options.BFloat16}");
        var info = SelfSrTrainer.Describe(cases, plan, options, context.Seed) with
        {
            EdgeSlices = EdgeSlices.Replicate, Ensemble = smore.Mirroring ? WindowEnsemble.Mirror : WindowEnsemble.None, Consistency = smore.Consistency,
            TrainingFingerprint = plan.Fingerprint(cases, settings),
        };
        var sampler = new SmorePatchSampler([.. cases.Zip(plan.Axes, (item, axis) =>
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            return SeedVolume.Thick(item, axis, info);
        })], info, options.MakeProfile(plan.Factor, plan.SliceSpacing), smore);
        context.Log($"smore: {cases.Count} cases, r = {plan.Factor}, {plan.Labels.Length - 1} foreground class(es), patches of {sampler.Rows} thick rows by {sampler.Columns}, batch {smore.BatchSize}.");

        TorchRuntime.EnsureLoaded();
        var architecture = new WdsrArchitecture
        {
            Width = smore.Width, Blocks = smore.Blocks, Factor = plan.Factor, ImageChannels = plan.Channels, LabelChannels = plan.Labels.Length - 1, GlobalResidual = smore.Residual, ResidualProfile = options.Profile, ResidualFwhm = options.FwhmOf(plan.Factor, plan.SliceSpacing),
        };
        var network = new WdsrNetwork(architecture, (int)TrainingSeeds.Derive(context.Seed, "smore weights"));
        try
        {
            network.to(context.Device);
            network.BFloat16 = options.BFloat16 ?? ComputeDevice.HasFastBFloat16(context.Device);
            using var task = new SmoreTask(network, sampler, smore, context, plan.HasLabels);
            using var optimizer = new AdamOptimizer(network, smore.LearningRate) { Beta2 = smore.Beta2 };
            TrainingLoop.Run(task, optimizer, context, smore.CheckpointInterval);
            return new(network, info, context.Device);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
