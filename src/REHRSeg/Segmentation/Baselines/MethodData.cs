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

    /// <summary>Plans for the grid that the method learns on.</summary>
    /// <param name="thick">The cases as they are given.</param>
    /// <param name="options">The method, and what the planner may spend.</param>
    /// <param name="setup">Channels, labels and factor.</param>
    public static SegmentationPlan Plan(DatasetFingerprint thick, RehrSegOptions options, RehrSegTrainingSetup setup)
    {
        int classes = setup.Labels.Length;
        return options.Method switch
        {
            SegmentationMethod.RehrSeg => SegmentationPlanner.Plan(thick, options.Budget, setup.Channels, classes, setup.Factor),
            SegmentationMethod.NnUNet2D => PlanarPlanner.Plan(thick, options.PlanarBudget, setup.Channels, classes),
            SegmentationMethod.NnUNetInterpolated => SegmentationPlanner.Plan(thick with { Cases = [.. thick.Cases.Select(c => Refined(c, setup.Factor))] }, Refined(options.Budget, setup.Factor), setup.Channels, classes, 0),
            _ => SegmentationPlanner.Plan(thick, options.Budget, setup.Channels, classes, 0),
        };
    }

    static CaseFingerprint Refined(CaseFingerprint c, int factor) => c with { Shape = c.Shape with { Depth = c.Shape.Depth * factor }, Spacing = c.Spacing.SetItem(0, c.Spacing[0] / factor) };

    /// <summary>A limit of slices is one of thick slices.</summary>
    static PlanningBudget Refined(PlanningBudget budget, int factor)
        => budget.MaxPatch is { } limit ? budget with { MaxPatch = limit with { Depth = (int)Math.Min(int.MaxValue, (long)limit.Depth * factor) } } : budget;
}
