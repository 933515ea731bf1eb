using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>What each <see cref="SegmentationMethod"/> learns from and looks at.</summary>
internal static class MethodData
{
    /// <summary>What a trained network of the method looks at when it scores.</summary>
    public static SegmentationInput Input(this SegmentationMethod method) => method switch
    {
        SegmentationMethod.NnUNet2D => SegmentationInput.ThickAndThin,
        SegmentationMethod.NnUNetInterpolated => SegmentationInput.Thin,
        _ => SegmentationInput.Thick,
    };

    /// <summary>True if the method makes labels on the refined grid.</summary>
    /// <param name="options">The method, and what REHRSeg is to train.</param>
    /// <param name="pseudo">There are pseudo pairs.</param>
    public static bool SegmentsThin(this RehrSegOptions options, bool pseudo) => options.Method.Input() != SegmentationInput.Thick || (pseudo && options.TrainsHrHead);

    /// <summary>The cases of the nnU-Net phase, and their slice axis.</summary>
    public static (IReadOnlyList<TrainingCase> Cases, Func<VolumeGeometry, SliceAxis> AxisOf) CasesOf(IReadOnlyList<TrainingCase> real, RehrSegOptions options, RehrSegTrainingSetup setup)
        => options.Method == SegmentationMethod.NnUNetInterpolated
            ? (new InterpolatedCases(real, setup.AxisOf, setup.Factor, options.InterpolatedLabels), _ => SliceAxis.Z)
            : (real, setup.AxisOf);

    /// <summary>The fingerprint of the grid that the method learns on.</summary>
    /// <param name="given">Of the cases as they are given: thick ones, or the fully supervised method's thin ones with a factor of 1.</param>
    /// <param name="method">The method.</param>
    /// <param name="factor">Thin slices for each given one.</param>
    public static DatasetFingerprint GridOf(DatasetFingerprint given, SegmentationMethod method, int factor)
        => LearnsOnThin(method) ? given with { Cases = [.. given.Cases.Select(c => Refined(c, factor))] } : given;

    /// <summary>Plans for the grid that the method learns on.</summary>
    /// <param name="data">Fingerprint of that grid.</param>
    /// <param name="options">The method, and limits of the plan.</param>
    /// <param name="elements">Feature-map elements that a 3-D planner may spend.</param>
    /// <param name="task">Channels, classes and factor.</param>
    public static SegmentationPlan Plan(DatasetFingerprint data, RehrSegOptions options, double elements, PlanningTask task)
    {
        if (options.Method == SegmentationMethod.NnUNet2D) return PlanarPlanner.Plan(data, options.PlanarBudgetOf(elements), task.Channels, task.Classes);
        var budget = options.BudgetOf(elements);
        return SegmentationPlanner.Plan(data, LearnsOnThin(options.Method) ? Refined(budget, task.Factor) : budget, task.Channels, task.Classes, task.Factor);
    }

    static bool LearnsOnThin(SegmentationMethod method) => method is SegmentationMethod.NnUNetInterpolated or SegmentationMethod.FullySupervised;

    static CaseFingerprint Refined(CaseFingerprint c, int factor) => c with { Shape = c.Shape with { Depth = c.Shape.Depth * factor }, Spacing = c.Spacing.SetItem(0, c.Spacing[0] / factor) };

    /// <summary>A limit of slices is one of thick slices.</summary>
    static PlanningBudget Refined(PlanningBudget budget, int factor)
        => budget.MaxPatch is { } limit ? budget with { MaxPatch = limit with { Depth = (int)Math.Min(int.MaxValue, (long)limit.Depth * factor) } } : budget;
}
