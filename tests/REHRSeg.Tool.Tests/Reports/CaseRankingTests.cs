namespace REHRSeg.Tool.Tests;

public sealed class CaseRankingTests
{
    static ResultRow Row(string id, double score, string cell = "a", int fold = 0, string measure = "HR DSC") => new("d", cell, fold, 1, id, new Dictionary<string, double> { [measure] = score });

    [Fact]
    public void Best_median_and_worst_of_the_reference_over_all_folds()
    {
        ResultRow[] rows = [Row("p", 0.5), Row("q", 0.9, fold: 1), Row("r", 0.7), Row("s", 0.1, fold: 2), Row("t", 0.6), Row("u", 0.99, cell: "b"), Row("v", double.NaN)];
        var chosen = CaseRanking.Choose(rows, "a");
        Assert.Equal([("best", "q", 1, 0.9), ("median", "t", 0, 0.6), ("worst", "s", 2, 0.1)], chosen.Select(c => (c.Rank, c.Id, c.Fold, c.Score)));
        Assert.All(chosen, c => Assert.Equal("HR DSC", c.Measure));
    }

    [Fact]
    public void Equal_scores_come_in_the_order_of_ids() => Assert.Equal(["a", "b", "c"], CaseRanking.Choose([Row("c", 1), Row("a", 1), Row("b", 1)], "a").Select(c => c.Id));

    [Fact]
    public void Without_thin_truth_LR_decides() => Assert.Equal(["y", "x"], CaseRanking.Choose([Row("x", 0.2, measure: "LR DSC"), Row("y", 0.4, measure: "LR DSC")], "a").Select(c => c.Id));

    [Fact]
    public void One_case_is_shown_once() => Assert.Equal("only", Assert.Single(CaseRanking.Choose([Row("x", 0.2)], "a")).Rank);

    [Fact]
    public void No_score_no_case() => Assert.Empty(CaseRanking.Choose([Row("x", double.NaN)], "a"));
}
