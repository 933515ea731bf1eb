namespace REHRSeg.Imaging.Tests.Datasets;

public class CrossValidationFoldsTests
{
    static string[] Ids(int n) => [.. Enumerable.Range(0, n).Select(i => $"case_{i:000}")];

    [Fact]
    public void The_shuffle_of_10_is_numpys() => Assert.Equal([0, 7, 3, 9, 6, 4, 1, 8, 5, 2], CrossValidationFolds.Shuffle(10, 12345));

    [Fact]
    public void The_twister_is_numpys()
    {
        // numpy: np.frombuffer(np.random.RandomState(12345).bytes(4000), '<u4')
        var random = new MersenneTwister(12345);
        uint[] draws = [.. Enumerable.Range(0, 1000).Select(_ => random.Next())];
        Assert.Equal([3992670690u, 3823185381u, 1358822685u, 47030557u], [.. draws[..3], draws[999]]);
    }

    [Fact]
    public void Folds_of_10_are_nnUNets()
    {
        var folds = CrossValidationFolds.Split(Ids(10).Reverse());
        Assert.Equal([[0, 7], [3, 9], [4, 6], [1, 8], [2, 5]], folds.Select(f => f.Validation.Select(id => int.Parse(id[5..])).ToArray()));
        Assert.Equal([1, 2, 3, 4, 5, 6, 8, 9], folds[0].Train.Select(id => int.Parse(id[5..])));
    }

    [Fact]
    public void The_first_fold_of_76_is_nnUNets()
        => Assert.Equal([2, 4, 13, 26, 28, 30, 32, 40, 44, 49, 50, 52, 53, 57, 58, 69], CrossValidationFolds.Split(Ids(76))[0].Validation.Select(id => int.Parse(id[5..])));

    [Theory]
    [InlineData(5, 5)]
    [InlineData(23, 4)]
    [InlineData(160, 5)]
    public void Every_case_validates_once(int n, int folds)
    {
        var split = CrossValidationFolds.Split(Ids(n), folds, seed: 3);
        Assert.Equal(Ids(n), split.SelectMany(f => f.Validation).Order());
        Assert.All(split, f => Assert.Equal(Ids(n), f.Train.Concat(f.Validation).Order()));
        Assert.InRange(split.Max(f => f.Validation.Count) - split.Min(f => f.Validation.Count), 0, 1);
    }

    [Fact]
    public void Too_few_cases_or_folds_are_refused()
    {
        Assert.Throws<ArgumentException>(() => CrossValidationFolds.Split(Ids(4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => CrossValidationFolds.Split(Ids(4), 1));
        Assert.Throws<ArgumentException>(() => CrossValidationFolds.Split(["a", "b", "a"], 2));
    }
}
