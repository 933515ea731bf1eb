using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>What a plan is made for.</summary>
internal sealed record PlanningTask
{
    public required int Channels { get; init; }
    /// <summary>Labels, background included.</summary>
    public required int Classes { get; init; }
    /// <summary>Thin slices per thick slice, r.</summary>
    public required int Factor { get; init; }
    /// <summary>Slice axis of the cases; null: they have different ones.</summary>
    public SliceAxis? Axis { get; init; }
    public bool Gpu { get; init; }
    /// <summary>Run folder that is resumed; null: a new run.</summary>
    public string? Resumed { get; init; }
}

/// <summary>The plan of a training: planned from the data within a budget, or imported from nnU-Net. The same in <c>check</c>, before <c>train</c>'s stages, and in the trainer.</summary>
internal static class RehrSegPlanning
{
    public const string FileName = "plan.json";

    /// <summary>Plans.</summary>
    /// <param name="data">Fingerprint of the training cases.</param>
    /// <param name="options">Budget, patch limits, nnU-Net files.</param>
    /// <param name="task">What the plan is for.</param>
    /// <param name="checkpoint">nnU-Net's weights, whose own plan is taken where <see cref="RehrSegOptions.NnUNetPlans"/> is not given; null: none.</param>
    /// <param name="warn">Receives what an nnU-Net user would not expect.</param>
    /// <exception cref="ArgumentException">Volumes or budget are too small for a network with one pooling.</exception>
    /// <exception cref="FileNotFoundException">There is no such plans file.</exception>
    /// <exception cref="ModelFormatException">A plans file that cannot be represented, or of another network than the checkpoint.</exception>
    public static SegmentationPlan Plan(DatasetFingerprint data, RehrSegOptions options, PlanningTask task, NnUNetCheckpoint? checkpoint, Action<string> warn)
    {
        WarnOfCoarserPlane(data, warn);
        data = MethodData.GridOf(data, options.Method, task.Factor);
        var imported = options.NnUNetPlans is { } path ? NnUNetConfiguration.Read(path, options.NnUNetConfiguration ?? checkpoint?.Configuration) : checkpoint?.Plan(options.NnUNetConfiguration);
        var plan = imported is null ? Own(data, options, task) : imported.ToPlan(data, task.Axis, task.Channels, task.Classes, task.Factor);
        foreach (string remark in imported?.Remarks ?? []) warn($"{imported!.Source}: {remark}.");
        plan = plan with { Fingerprint = FingerprintSummary.Of(data), Architecture = plan.Architecture with { AlignCorners = options.AlignCorners, Factor = options.Method == SegmentationMethod.RehrSeg ? task.Factor : 0 } };
        if (imported is not null && options.MemoryBudget is { } gigabytes && TrainingMemory.Estimate(plan) > gigabytes * 1e9)
            warn(FormattableString.Invariant($"{plan.Source} needs about {TrainingMemory.Estimate(plan) / 1e9:0.0} GB for a training step, the memory budget is {gigabytes:0.##} GB; the imported patch and batch are kept."));
        checkpoint?.Check(plan.Architecture, checkpoint.SwapsPlane(task.Axis));
        return plan;
    }

    /// <summary>Reads nnU-Net's files, if there are any: an estimator is made long before its turn in a pipeline comes.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It cannot be read or represented.</exception>
    public static void RequireReadable(RehrSegOptions options)
    {
        var checkpoint = NnUNetCheckpoint.Read(options);
        if (options.NnUNetPlans is { } path) NnUNetConfiguration.Read(path, options.NnUNetConfiguration ?? checkpoint?.Configuration);
        else checkpoint?.Plan(options.NnUNetConfiguration);
    }

    static SegmentationPlan Own(DatasetFingerprint data, RehrSegOptions options, PlanningTask task)
    {
        var budget = TrainingMemory.Choose(options, task.Gpu, Begun(task.Resumed));
        try
        {
            return MethodData.Plan(data, options, budget.Elements, task) with { Budget = budget };
        }
        catch (ArgumentException e) when (options.MemoryBudget is { } gigabytes && e.Message.Contains("budget", StringComparison.Ordinal))
        {
            throw new ArgumentException(FormattableString.Invariant($"A memory budget of {gigabytes:0.##} GB is too small for a network of {options.BaseFeatures} base features. Give more memory (--memory), or fewer features (--set segmentation.basefeatures={Math.Max(4, options.BaseFeatures / 2)})."), e);
        }
    }

    static PlannedBudget? Begun(string? folder) =>
        folder is not null && Path.Combine(folder, FileName) is var file && File.Exists(file) ? SegmentationPlan.Load(file).Budget : null;

    /// <summary>nnU-Net puts the coarsest axis first; here the slice axis is first, because the HR head refines it.</summary>
    static void WarnOfCoarserPlane(DatasetFingerprint data, Action<string> warn)
    {
        ImmutableArray<double> spacing = data.TargetSpacing(keepThickness: true);
        if (Math.Max(spacing[1], spacing[2]) > 1.5 * spacing[0])
            warn(FormattableString.Invariant($"The slices are {spacing[0]:0.###} mm apart, but voxels are {spacing[1]:0.###} x {spacing[2]:0.###} mm in plane: the slice axis is not the coarsest. It is refined all the same; check the slice axis (--axis)."));
    }
}
