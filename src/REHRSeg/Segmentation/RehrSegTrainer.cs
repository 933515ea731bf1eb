using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>What stage 2 learns from.</summary>
internal sealed record RehrSegTrainingData
{
    /// <summary>Real annotated thick cases, for planning and the nnU-Net phase.</summary>
    public required IReadOnlyList<TrainingCase> Real { get; init; }
    /// <summary>Held-out annotated thick cases, for measures alone; empty: nothing is measured.</summary>
    public IReadOnlyList<TrainingCase> Validation { get; init; } = [];
    /// <summary>Pseudo pairs for fine-tuning; empty: the nnU-Net phase alone.</summary>
    public required IReadOnlyList<PseudoSample> Pseudo { get; init; }
    /// <summary>Self-SR model for distillation; null: none.</summary>
    public SelfSrModel? Teacher { get; init; }
    /// <summary>Receives the plain nnU-Net when its phase ends (the baseline). The model is disposed after the call.</summary>
    public Action<RehrSegModel>? BaselineReady { get; init; }
}

/// <summary>Stage 2: plan, nnU-Net phase, fine-tuning on pseudo pairs (METHOD.md sections 6-9).</summary>
internal static class RehrSegTrainer
{
    /// <summary>Checks the data, plans (<c>plan.json</c> in the context's folder), pre-trains, fine-tunes if there are pseudo pairs.</summary>
    /// <exception cref="DatasetException">Cases that cannot be trained on.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the last checkpoint stays resumable.</exception>
    public static RehrSegModel Train(RehrSegTrainingData data, RehrSegOptions options, TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        if (options.Method != SegmentationMethod.RehrSeg) data = data with { Pseudo = [], Teacher = null };
        context = context with { Cases = TrainingCases.Key(data.Real) };
        var setup = RehrSegTrainingSetup.Check(data, options);
        var checkpoint = NnUNetCheckpoint.Read(options);
        var plan = Plan(data, options, setup, context, checkpoint);
        foreach (string absent in setup.AbsentLabels(data.Real)) context.Warn(absent);
        if (context.Directory is not null) plan.Save(Path.Combine(Directory.CreateDirectory(context.Directory).FullName, RehrSegPlanning.FileName));
        foreach (var (key, value) in PlanDescription.Lines(plan)) context.Log($"Plan: {key} {value}");
        var info = Describe(plan, setup, options) with { TrainingFingerprint = RehrSegTrainingSetup.Fingerprint(data, options, context.Seed, checkpoint) };

        bool fineTune = options.FineTunes && data.Pseudo.Count > 0;
        var teacher = fineTune && options.UseDistillation && options.DistillationWeight > 0 ? data.Teacher : null;
        if (fineTune && options.UseDistillation && data.Teacher is null) context.Warn("There is no self-SR model to distil from; the segmenter is fine-tuned without distillation.");
        using var cache = CaseCache.Open(data, info, options, context);
        var preparation = new CasePreparation(info, teacher?.Info.RobustRange, context.Seed, cache);
        var (cases, axisOf) = MethodData.CasesOf(data.Real, options, setup);
        var real = preparation.Real(cases, axisOf, context.CancellationToken);
        var validation = SegmentationValidation.Create(data, plan, setup, preparation, options, context);

        var network = new SegmentationNetwork(plan.Architecture, context.Seed);
        try
        {
            if (checkpoint is not null) StartFrom(checkpoint, network, setup.CommonAxis(data.Real), context);
            network.to(context.Device);
            network.BFloat16 = options.BFloat16 ?? (plan.Architecture.Features[0] >= 16 && ComputeDevice.HasFastBFloat16(context.Device));
            PreTrain(network, new(real, [], PatchSamplerSettings.From(plan, options)), validation, options, context);
            if (data.BaselineReady is { } baselineReady)
                using (var baseline = Baseline(network, info, context.Device)) baselineReady(baseline);
            if (!fineTune)
            {
                cache?.Complete();
                return WithoutHrHead();
            }

            var pseudo = preparation.Pseudo(data.Pseudo, context.CancellationToken);
            var mixed = new PatchSampler(pseudo, options.RealFraction > 0 ? real : [], PatchSamplerSettings.From(plan, options) with { RealFraction = options.RealFraction });
            FineTune(network, mixed, validation, teacher, options, context);
            cache?.Complete();
            return options.TrainsHrHead ? new(network, info, context.Device) : WithoutHrHead();
        }
        catch
        {
            network.Dispose();
            throw;
        }

        RehrSegModel WithoutHrHead()
        {
            if (network.Architecture.Factor == 0) return new(network, info with { HasHighResolutionHead = false }, context.Device);
            var model = Baseline(network, info, context.Device);
            network.Dispose();
            return model;
        }
    }

    /// <summary>Fingerprint and plan.</summary>
    internal static SegmentationPlan Plan(RehrSegTrainingData data, RehrSegOptions options, RehrSegTrainingSetup setup, TrainingContext context, NnUNetCheckpoint? checkpoint = null)
    {
        int limit = ForegroundSample.Limit(data.Real.Count);
        var cases = data.Real.Select(c => CaseFingerprint.Measure(c.Id, c.Image, c.Label, setup.AxisOf(c.Image.Geometry), limit, context.Seed));
        return RehrSegPlanning.Plan(new([.. cases]), options, new()
        {
            Channels = setup.Channels, Classes = setup.Labels.Length, Factor = setup.Factor, Axis = setup.CommonAxis(data.Real),
            Gpu = context.Device.type != DeviceType.CPU, Resumed = context.Resume ? context.Directory : null,
        }, checkpoint, context.Warn);
    }

    static void StartFrom(NnUNetCheckpoint checkpoint, SegmentationNetwork network, SliceAxis? axis, TrainingContext context)
    {
        var (taken, random) = checkpoint.ApplyTo(network, checkpoint.SwapsPlane(axis));
        context.Log($"Weights: {taken}.");
        if (random is not null) context.Warn(random);
    }

    static SegmentationModelInfo Describe(SegmentationPlan plan, RehrSegTrainingSetup setup, RehrSegOptions options) => new()
    {
        Factor = setup.Factor,
        Channels = setup.Channels,
        Patch = plan.Patch,
        Divisor = plan.Architecture.Divisor,
        TargetSpacing = plan.TargetSpacing,
        NormaliseInsideNonzero = plan.NormaliseInsideNonzero,
        Labels = setup.Labels,
        DefaultSliceAxis = setup.DefaultAxis,
        Input = options.Method.Input(),
        Mirroring = options.Mirror,
        ToolVersion = $"REHRSeg {typeof(RehrSegTrainer).Assembly.GetName().Version?.ToString(3)}",
    };

    static void PreTrain(SegmentationNetwork network, PatchSampler sampler, SegmentationValidation? validation, RehrSegOptions options, TrainingContext context)
    {
        if (options.NnUNetIterations == 0) return;
        using var task = new NnUNetTask(network, sampler, options, context, validation);
        using var optimizer = new SgdOptimizer(network, options.LearningRate) { Beta1 = options.Momentum, WeightDecay = options.WeightDecay };
        TrainingLoop.Run(task, optimizer, context, options.CheckpointInterval);
    }

    static void FineTune(SegmentationNetwork network, PatchSampler sampler, SegmentationValidation? validation, SelfSrModel? teacher, RehrSegOptions options, TrainingContext context)
    {
        torch.manual_seed(context.Seed + 1L);
        var student = new DistillationStudent(network, teacher is not null && options.Distillation.Adapts() ? FeatureChannels(teacher, options.TeacherLayer, network.Architecture, context.Device) : null);
        student.to(context.Device);
        using var task = new RehrSegTask(student, sampler, options, teacher, context, validation);
        using IOptimizer optimizer = options.HrHeadLearningRate is { } head
            ? new GroupedOptimizer((Sgd(p => !IsHead(p)), 1), (Sgd(IsHead), head / options.FineTuneLearningRate))
            : Sgd(_ => true);
        TrainingLoop.Run(task, optimizer, context, options.CheckpointInterval);

        static bool IsHead(string name) => name.StartsWith("network.sr_head.", StringComparison.Ordinal);
        SgdOptimizer Sgd(Predicate<string> of) => new(student.named_parameters().Where(p => of(p.name)), options.FineTuneLearningRate) { Beta1 = options.Momentum, WeightDecay = options.WeightDecay };
    }

    static int FeatureChannels(SelfSrModel teacher, TeacherLayer layer, SegmentationArchitecture architecture, torch.Device device)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        return (int)teacher.TeacherFeature(torch.zeros([1, architecture.Channels + architecture.Classes - 1, 4, 16, 16], device: device), layer).shape[1];
    }

    /// <summary>A copy of the network without HR head.</summary>
    static RehrSegModel Baseline(SegmentationNetwork network, SegmentationModelInfo info, torch.Device device)
    {
        var copy = new SegmentationNetwork(network.Architecture with { Factor = 0 });
        var weights = ModuleTensors.Of(network).Where(w => !w.Key.StartsWith("sr_head.", StringComparison.Ordinal)).ToDictionary(w => w.Key, w => w.Value);
        copy.to(device);
        ModuleTensors.Load(copy, weights, "nnU-Net phase");
        return new(copy, info with { HasHighResolutionHead = false }, device);
    }
}
