using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class TrainingPlanTests
{
    static CaseSummary Case(string id, SliceAxis axis)
    {
        double[] spacing = [1, 1, 1];
        spacing[(int)axis] = 4;
        return new(id, new VolumeGeometry([16, 16, 16], spacing), axis, new Dictionary<int, long>());
    }

    [Fact]
    public void Cases_of_different_slice_axes_keep_their_own()
    {
        using var folder = new TemporaryFolder();
        var dataset = MedicalDataset.Open(TinyDataset.Write(folder["data"], cases: 1));
        TrainingPlan Plan(params CaseSummary[] cases) => TrainingPlan.Create(dataset, new(cases, [], []), TrainingPreset.Demo, null);
        Assert.Equal((SliceAxis.Y, 4), (Plan(Case("a", SliceAxis.Y), Case("b", SliceAxis.Y)).Axis, Plan(Case("a", SliceAxis.Y)).Factor));
        var mixed = Plan(Case("a", SliceAxis.Y), Case("b", SliceAxis.X), Case("c", SliceAxis.Z));
        Assert.Equal((null, 4), (mixed.Axis, mixed.Factor));
    }
}
