namespace REHRSeg.Onnx.Tests.SuperResolution;

public class LabelConsistencyTests
{
    [Theory]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 1)]
    [InlineData(4, 2, 1)]
    [InlineData(6, 2, 1)]
    [InlineData(4, 3, 0.8)]
    [InlineData(5, 4, 0.55)]
    public void TheMajorityBecomesTheThickLabelAtTheLeastCost(int factor, int classes, double optimal)
    {
        var random = new Random(factor * 10 + classes);
        int changed = 0, best = 0;
        for (int n = 0; n < 400; n++)
        {
            float[] logits = [.. Enumerable.Range(0, (classes - 1) * factor).Select(_ => (float)(random.NextDouble() * 8 - 4))];
            int thick = random.Next(classes);
            float Score(int[] labels) => labels.Select((k, t) => k == 0 ? 0 : logits[(k - 1) * factor + t]).Sum();
            int[] own = [.. Enumerable.Range(0, factor).Select(t => Enumerable.Range(0, classes).MaxBy(k => k == 0 ? 0 : logits[(k - 1) * factor + t]))];
            int[] result = [.. own];
            bool did = LabelConsistency.Restore(result, logits, thick);

            Assert.Equal(thick, Majority(result));
            Assert.Equal(Majority(own) != thick, did);
            if (!did)
            {
                Assert.Equal(own, result);
                continue;
            }
            changed++;
            float optimum = Assignments(factor, classes).Where(a => Majority(a) == thick).Max(Score);
            if (Score(result) > optimum - 1e-4f) best++;
        }
        Assert.True(changed > 50, $"only {changed} of 400 needed a change");
        Assert.True(best >= optimal * changed, $"the best assignment in {best} of {changed}");
    }

    [Fact]
    public void ATieGoesToTheLowerCentreSlice()
    {
        int[] classes = [1, 0, 0, 1];
        Assert.False(LabelConsistency.Restore(classes, [1, -1, -1, 1], thick: 0));
        Assert.True(LabelConsistency.Restore(classes, [1, -0.1f, -0.2f, 1], thick: 1));
        Assert.Equal([1, 1, 0, 1], classes);
    }

    static IEnumerable<int[]> Assignments(int factor, int classes) =>
        Enumerable.Range(0, (int)Math.Pow(classes, factor)).Select(n => Enumerable.Range(0, factor).Select(t => n / (int)Math.Pow(classes, t) % classes).ToArray());

    static int Majority(int[] labels)
    {
        var votes = labels.GroupBy(k => k).OrderByDescending(g => g.Count()).ToArray();
        return votes.Length > 1 && votes[0].Count() == votes[1].Count() ? labels[(labels.Length - 1) / 2] : votes[0].Key;
    }
}
