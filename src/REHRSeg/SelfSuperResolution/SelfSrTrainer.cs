using System.Reflection;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>Stage 1: seeds, thick-slice patches, phases 1a and 1b (METHOD.md sections 2-3).</summary>
internal static class SelfSrTrainer
{
    /// <summary>From this width on bf16 convolutions are faster than fp32, where the device's are fast at all (<see cref="ComputeDevice.HasFastBFloat16(torch.Device)"/>).</summary>
    internal const int BFloat16Width = 16;

    /// <summary>Trains on annotated thick cases alone. The same cases, options, seed and thread count give the same bytes on the CPU.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or a case cannot be trained on; found before the work starts.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    /// <exception cref="ModelFormatException">The pretrained weights are not FLAVR's, of another width, or damaged; found before the work starts.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; with a directory, the last checkpoint can be resumed.</exception>
    public static SelfSrModel Train(IReadOnlyList<TrainingCase> cases, SelfSrOptions options, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(cases);
        options.Validate();
        context = context with { Cases = TrainingCases.Key(cases) };
        var plan = SelfSrPlan.Create(cases, options);
        var pretrained = PretrainedFlavr.Read(options);
        var info = Describe(cases, plan, options, context.Seed, pretrained);
        context.Log($"self-sr: {cases.Count} cases, r = {plan.Factor}, {plan.Labels.Length - 1} foreground class(es), width {options.Width}, patches {options.PatchSize}x{options.PatchSize}, batch {options.BatchSize}.");
        if (!plan.HasLabels) context.Warn("self-sr: there are no labels. Images are learnt alone, and thin labels come out as background.");
        var seeds = MakeSeeds(cases, plan, info, options, context);
        var profile = options.MakeProfile(plan.Factor, plan.SliceSpacing);
        var sampler = new ThickSlicePatchSampler(seeds, info, profile, options);
        var validation = new SelfSrValidation(new(seeds, info, profile, options with { EdgeDropout = 0, GradientSampling = false, IntensityProbability = 0 }), options, context, plan.HasLabels);

        var network = MakeNetwork(plan, options, context, pretrained);
        if (!plan.HasLabels) LabelFreeWeights.Fix(network);
        try
        {
            var cycle = new OneCycle(options.Iterations, options.LearningRate);
            Run(TrainingStages.SelfSr, options.Iterations, SelfSrLossForm.Pixel, cycle.Apply);
            if (options.UncertaintyHead && options.UncertaintyIterations > 0)
            {
                if (options.CalibrateUncertainty) Calibrate(network, validation.MeanError(network, context.CancellationToken));
                Run(TrainingStages.SelfSrUncertainty, options.UncertaintyIterations, options.UncertaintyLoss, (i, optimizer) => optimizer.LearningRate = Schedules.Cosine(i, options.UncertaintyIterations, options.UncertaintyLearningRate));
            }
            if (options.CalibrateLabels && plan.HasLabels) LabelCalibration.Apply(network, cases, plan, info, context);
            return new(network, info, context.Device);
        }
        catch
        {
            network.Dispose();
            throw;
        }

        void Run(string stage, int iterations, SelfSrLossForm loss, Action<int, IOptimizer> schedule)
        {
            using var task = new SelfSrTask(stage, iterations, network, loss, schedule, sampler, validation, options, context, plan.HasLabels);
            using var optimizer = new AdamOptimizer(network, options.LearningRate) { Beta2 = options.Beta2 };
            TrainingLoop.Run(task, optimizer, context, options.CheckpointInterval);
        }
    }

    /// <summary>Sets the uncertainty convolution: U = <paramref name="error"/> where all branches take equal part, weights evenly from -1 to 1.</summary>
    static void Calibrate(SelfSrNetwork network, double error)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parameters = network.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var weight = parameters.Single(p => p.Key.EndsWith("uncertainty_out.weight", StringComparison.Ordinal)).Value;
        var bias = parameters.Single(p => p.Key.EndsWith("uncertainty_out.bias", StringComparison.Ordinal)).Value;
        if (network.Architecture.Branches > 1) weight.copy_(torch.linspace(-1, 1, network.Architecture.Branches).view(weight.shape));
        double u = Math.Clamp(error, 1e-3, 0.5);
        bias.FillInPlace(Math.Log(u / (1 - u)));
    }

    internal static SelfSrModelInfo Describe(IReadOnlyList<TrainingCase> cases, SelfSrPlan plan, SelfSrOptions options, int seed, PretrainedFlavr? pretrained = null) => new()
    {
        Factor = plan.Factor,
        ImageChannels = plan.Channels,
        Labels = plan.Labels,
        LearntLabels = plan.HasLabels,
        DefaultSliceAxis = plan.Axes.CountBy(a => a).MaxBy(a => a.Value).Key,
        RobustRange = (options.RobustLow, options.RobustHigh),
        EdgeSlices = options.EffectiveEdge,
        Ensemble = options.Ensemble,
        Profile = options.MakeProfile(plan.Factor, plan.SliceSpacing),
        Consistency = plan.HasLabels ? options.Consistency : options.Consistency & ~SliceConsistency.Labels,
        TrainingFingerprint = plan.Fingerprint(cases, FormattableString.Invariant($"seed {seed}; {options.DescribeSettings()}; pretrained {pretrained?.Hash}")),
        ToolVersion = "REHRSeg " + (typeof(SelfSrTrainer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? ""),
    };

    static SeedVolume[] MakeSeeds(IReadOnlyList<TrainingCase> cases, SelfSrPlan plan, SelfSrModelInfo info, SelfSrOptions options, TrainingContext context)
    {
        using var smore = options.Seeds == SeedMode.Smore ? SmoreTrainer.Train(cases, plan, options, context) : null;
        if (smore is not null) options.SmoreReady?.Invoke(smore);
        int resampled = 0;
        var seeds = new SeedVolume[cases.Count];
        for (int i = 0; i < seeds.Length; i++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            if (SeedVolume.IsotropicSize(cases[i].Image.Geometry.SwapAxes(plan.Axes[i], SliceAxis.Z), plan.Factor) is not null) resampled++;
            seeds[i] = SeedVolume.Create(cases[i], plan.Axes[i], info, options.Seeds, smore, context.CancellationToken);
            if (!plan.HasLabels)
                foreach (var axis in Enum.GetValues<ThickSlicePatchSampler.InPlaneAxis>()) Array.Clear(seeds[i].For(axis).Label);
        }
        if (resampled > 0) context.Log($"self-sr: {resampled} of {cases.Count} cases have an in-plane spacing that is not the slice spacing / {plan.Factor}; their samples are resampled so that slices and planes are spaced as in application.");
        return seeds;
    }

    static SelfSrNetwork MakeNetwork(SelfSrPlan plan, SelfSrOptions options, TrainingContext context, PretrainedFlavr? pretrained)
    {
        TorchRuntime.EnsureLoaded();
        var architecture = new SelfSrArchitecture
        {
            Width = options.Width,
            Factor = plan.Factor,
            ImageChannels = plan.Channels,
            LabelChannels = plan.Labels.Length - 1,
            Head = options.UncertaintyHead ? SelfSrHead.Uasr : SelfSrHead.Base,
            Branches = options.Branches,
            RestoreMean = options.RestoreMean,
            ClampUncertainty = options.ClampUncertainty,
            GlobalResidual = options.Residual,
            ResidualProfile = options.Profile,
            ResidualFwhm = options.FwhmOf(plan.Factor, plan.SliceSpacing),
        };
        var network = new SelfSrNetwork(architecture, (int)TrainingSeeds.Derive(context.Seed, "self-sr weights"));
        if (pretrained is not null && !(context is { Resume: true, Directory: { } folder } && Checkpoint.Exists(folder, TrainingStages.SelfSr)))
            context.Log($"self-sr: {pretrained.ApplyTo(network)}.");
        network.to(context.Device);
        network.BFloat16 = options.BFloat16 ?? (options.Width >= BFloat16Width && ComputeDevice.HasFastBFloat16(context.Device));
        return network;
    }
}
