using System.Text.Json;

namespace REHRSeg.Tests;

public class SchedulesTests
{
    // Numbers of PyTorch's OneCycleLR(max_lr 5e-4, total_steps 130000) over Adam.
    [Theory]
    [InlineData(0, 2e-5, 0.95)]
    [InlineData(10_000, 9.37497303922261e-05, 0.9346354728349529)]
    [InlineData(20_000, 0.00026967373212785406, 0.8979846391400303)]
    [InlineData(38_999, 5e-4, 0.85)]
    [InlineData(39_000, 0.000499999999851021, 0.8500000000297959)]
    [InlineData(90_000, 0.00020280831430299714, 0.9094385748937002)]
    [InlineData(129_999, 2e-9, 0.95)]
    public void OneCycleFollowsTorch(int iteration, double rate, double beta1)
    {
        var cycle = new OneCycle(130_000, 5e-4);
        Assert.Equal(rate, cycle.LearningRate(iteration), 1e-12);
        Assert.Equal(beta1, cycle.Beta1(iteration), 1e-12);
    }

    /// <summary>Every step of short cycles and chosen ones of long ones, from oracles/make_onecycle.py.</summary>
    [Fact]
    public void OneCycleFollowsTorchAtEveryLength()
    {
        int checks = 0;
        foreach (var run in JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "oracles", "onecycle.json"))).RootElement.EnumerateArray())
        {
            var cycle = new OneCycle(run.GetProperty("total").GetInt32(), run.GetProperty("peak").GetDouble());
            foreach (double[] step in run.GetProperty("steps").EnumerateArray().Select(s => s.EnumerateArray().Select(v => v.GetDouble()).ToArray()))
            {
                Assert.Equal(step[1], cycle.LearningRate((int)step[0]), 1e-9 * cycle.Peak);
                Assert.Equal(step[2], cycle.Beta1((int)step[0]), 1e-10);
                checks++;
            }
        }
        Assert.InRange(checks, 70, 100);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void OneCycleOfFewStepsStaysFinite(int iterations)
    {
        var cycle = new OneCycle(iterations, 1e-3);
        for (int i = 0; i <= iterations; i++)
        {
            Assert.InRange(cycle.LearningRate(i), 1e-3 / 25 / 1e4 - 1e-15, 1e-3 + 1e-15);
            Assert.InRange(cycle.Beta1(i), 0.85, 0.95);
        }
    }

    [Fact]
    public void OtherSchedulesGoFromStartToZero()
    {
        Assert.Equal(0.01, Schedules.Polynomial(0, 1000, 0.01));
        Assert.Equal(0.01 * Math.Pow(0.5, 0.9), Schedules.Polynomial(500, 1000, 0.01), 1e-15);
        Assert.Equal(0, Schedules.Polynomial(1000, 1000, 0.01));
        Assert.Equal(7.5e-4, Schedules.Linear(250, 1000, 1e-3), 1e-15);
        Assert.Equal(1e-3, Schedules.Cosine(0, 100, 1e-3));
        Assert.Equal(5.5e-4, Schedules.Cosine(50, 100, 1e-3, 1e-4), 1e-15);
        Assert.Equal(1e-4, Schedules.Cosine(100, 100, 1e-3, 1e-4), 1e-15);
        Assert.Equal(0.25, Schedules.WarmUp(0, 4));
        Assert.Equal(1, Schedules.WarmUp(4, 4));
        Assert.Equal(1, Schedules.WarmUp(0, 0));
    }
}
