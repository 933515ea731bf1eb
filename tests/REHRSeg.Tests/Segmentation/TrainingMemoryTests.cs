using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Which budget a plan has, and that a run keeps it.</summary>
public class TrainingMemoryTests
{
    static readonly RehrSegOptions Tiny = new() { BaseFeatures = 4, MaxFeatures = 16, NnUNetIterations = 2, FineTuneIterations = 0, BFloat16 = false, CheckpointInterval = 1 };

    [Fact]
    public void What_is_asked_goes_before_the_machine()
    {
        Assert.Equal(1e6, TrainingMemory.Choose(new() { FeatureMapBudget = 1e6 }, gpu: true, available: 1e9).Elements);
        var asked = TrainingMemory.Choose(new() { MemoryBudget = 4 }, gpu: false, available: 1e9);
        Assert.Equal(TrainingMemory.Elements(4), asked.Elements);
        Assert.Equal(asked, TrainingMemory.Choose(new() { MemoryBudget = 4 }, gpu: true, available: 500e9)); // the same on every machine
        Assert.Contains("4 GB", asked.Reason);
        Assert.Equal(560e6, TrainingMemory.Choose(new(), gpu: true, available: 1e9).Elements);
        Assert.Equal(560e6, TrainingMemory.Choose(new(), gpu: false, available: 200e9).Elements); // never more than nnU-Net's unless asked
        var laptop = TrainingMemory.Choose(new(), gpu: false, available: 8e9);
        Assert.Equal(TrainingMemory.Elements(4), laptop.Elements);
        Assert.Contains("8 GB", laptop.Reason);
        Assert.True(TrainingMemory.Choose(new() { MemoryBudget = 40 }, gpu: false, available: 8e9).Elements > 560e6);
        Assert.Equal(laptop, TrainingMemory.Choose(new(), gpu: false, begun: laptop, available: 200e9));
    }

    [Fact]
    public void Budgets_out_of_range_are_refused()
    {
        string Refusal(RehrSegOptions options) => Assert.Throws<ArgumentException>(() => RehrSegTrainer.Train(EllipsoidData.Dataset(1, pseudo: false), options, new() { Device = torch.CPU })).Message;
        Assert.Contains("MemoryBudget is 0.5", Refusal(Tiny with { MemoryBudget = 0.5 }));
        Assert.Contains("null where FeatureMapBudget", Refusal(Tiny with { MemoryBudget = 2, FeatureMapBudget = 1e6 }));
        Assert.Contains("FeatureMapBudget is -1", Refusal(Tiny with { FeatureMapBudget = -1 }));
        Assert.Contains("NnUNetConfiguration", Refusal(Tiny with { NnUNetConfiguration = "3d_fullres" }));
        Assert.Contains("--memory", Refusal(Tiny with { MemoryBudget = 1, BaseFeatures = 30_000, MaxFeatures = 60_000 }));
    }

    [Fact]
    public void The_estimate_of_a_plan_keeps_to_the_memory_it_was_planned_for()
    {
        foreach (double gigabytes in (double[])[2, 6, 12])
        {
            var plan = SegmentationPlanner.Plan([4, 1, 1], [40, 240, 240], 61, new() { FeatureMapElements = TrainingMemory.Elements(gigabytes) }, 1, 2, 4);
            Assert.InRange(TrainingMemory.Estimate(plan) / 1e9, 0.5 * gigabytes, gigabytes + 0.55); // 31 million weights and their momentum come on top
        }
    }

    [Fact]
    public void A_resumed_run_keeps_the_budget_it_began_with()
    {
        using var folder = new TemporaryFolder();
        var data = EllipsoidData.Dataset(2, pseudo: false);
        TrainingContext context = new() { Device = torch.CPU, Seed = 3, Directory = folder.Path };
        using (RehrSegTrainer.Train(data, Tiny with { FeatureMapBudget = 150_000 }, context)) { }
        var begun = SegmentationPlan.Load(folder["plan.json"]);
        Assert.Equal(150_000, begun.Budget!.Elements);
        Assert.NotEqual(begun.Patch, RehrSegTrainer.Plan(data, Tiny, RehrSegTrainingSetup.Check(data, Tiny), context).Patch);
        List<string> log = [];
        using (RehrSegTrainer.Train(data, Tiny, context with { Resume = true, Log = log.Add })) { }
        Assert.Equal(begun.Patch, SegmentationPlan.Load(folder["plan.json"]).Patch);
        Assert.Contains(log, l => l.StartsWith("Plan: budget", StringComparison.Ordinal));
    }
}
