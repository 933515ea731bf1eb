using REHRSeg;

namespace Quickstart;

/// <summary>Options that show the way in seconds and learn next to nothing; the defaults are the paper's.</summary>
static class Presets
{
    public static SelfSrOptions TinySelfSr { get; } = new() { Width = 8, Iterations = 4, UncertaintyIterations = 2, BatchSize = 2, PatchSize = 16 };

    public static RehrSegOptions TinyRehrSeg { get; } = new() { NnUNetIterations = 4, FineTuneIterations = 4, BaseFeatures = 4, MaxFeatures = 8, MaxPatchSide = 16, MaxPatchSlices = 8 };
}
