using System.Text.Json;
using CsCheck;
using static REHRSeg.Tool.Tests.ResultRecords;

namespace REHRSeg.Tool.Tests;

/// <summary>Against scipy (tests/oracles/statistics), and what must hold of any numbers.</summary>
public sealed class StatisticsTests
{
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "statistics", "statistics.json"))).RootElement;

    static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? double.NaN : v.GetDouble())];

    public static TheoryData<string> Experiments => [.. s_oracle.GetProperty("experiments").EnumerateArray().Select(e => e.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Experiments))]
    public void Means_intervals_tests_and_corrections_are_scipys(string name)
    {
        var expected = s_oracle.GetProperty("experiments").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);
        JsonElement[] cells = [.. expected.GetProperty("cells").EnumerateArray()];
        var grid = Grid([.. cells.Select((_, i) => $"c{i}")], "c0");
        var statistics = ExperimentAnalysis.Of(grid, [.. cells.SelectMany((c, i) => Rows($"c{i}", Numbers(c.GetProperty("values"))))]);
        Assert.Equal(cells.Length, statistics.Cells.Count);
        foreach (var (e, a) in cells.Zip(statistics.Cells))
        {
            Assert.Equal(e.GetProperty("mean").GetDouble(), a.Mean, 12);
            Assert.Equal(e.GetProperty("sd").GetDouble(), a.Sd, 12);
            Assert.Equal((e.GetProperty("cases").GetInt32(), Numbers(e.GetProperty("values")).Count(double.IsNaN)), (a.Cases, a.Undefined));
            Near(e.GetProperty("interval"), a.Low, a.High);
        }
        JsonElement[] comparisons = [.. expected.GetProperty("comparisons").EnumerateArray()];
        Assert.Equal(comparisons.Length, statistics.Comparisons.Count);
        foreach (var (e, a) in comparisons.Zip(statistics.Comparisons))
        {
            Assert.Equal(e.GetProperty("difference").GetDouble(), a.Difference, 12);
            Assert.Equal((e.GetProperty("better").GetInt32(), e.GetProperty("cases").GetInt32()), (a.Better, a.Cases));
            Assert.Equal(1, a.PValue / e.GetProperty("p").GetDouble(), 9);
            Assert.Equal(1, a.Adjusted / e.GetProperty("holm").GetDouble(), 9);
            Near(e.GetProperty("interval"), a.Low, a.High);
        }
    }

    [Fact]
    public void Intervals_of_skewed_values_are_bias_corrected_and_accelerated()
    {
        foreach (var e in s_oracle.GetProperty("intervals").EnumerateArray())
        {
            var (low, high) = new Bootstrap().OfMean(Numbers(e.GetProperty("values")));
            Near(e.GetProperty("interval"), low, high);
            Assert.True(high > Numbers(e.GetProperty("percentile"))[1] * 1.01, "this would be the percentile interval");
        }
    }

    /// <summary>Within 4 % of the interval's length: the ends of an interval from 10,000 resamples are that uncertain.</summary>
    static void Near(JsonElement interval, double low, double high)
    {
        double[] expected = Numbers(interval);
        double length = expected[1] - expected[0];
        Assert.InRange(low, expected[0] - 0.04 * length, expected[0] + 0.04 * length);
        Assert.InRange(high, expected[1] - 0.04 * length, expected[1] + 0.04 * length);
    }

    [Fact]
    public void Holm_is_as_defined()
    {
        foreach (var e in s_oracle.GetProperty("holm").EnumerateArray())
            foreach (var (expected, actual) in Numbers(e.GetProperty("adjusted")).Zip(Holm.Adjust(Numbers(e.GetProperty("p"))))) Assert.Equal(expected, actual, 12);
        Assert.Empty(Holm.Adjust([]));
    }

    [Fact]
    public void Holm_keeps_the_order_and_lies_between_p_and_Bonferroni() => Gen.Double[0, 1].Array[1, 20].Sample(p =>
    {
        double[] adjusted = Holm.Adjust(p);
        for (int i = 0; i < p.Length; i++)
        {
            Assert.InRange(adjusted[i], p[i], Math.Min(1, p.Length * p[i]) + 1e-15);
            for (int k = 0; k < p.Length; k++) Assert.True(p[i] > p[k] || adjusted[i] <= adjusted[k]);
        }
    });

    /// <summary>Multiples of 1/1024, so that sums are exact and equal means stay equal.</summary>
    [Fact]
    public void Intervals_move_and_stretch_with_the_values() => Gen.Select(Gen.Int[-1024, 1024].Select(v => v / 1024.0).Array[2, 30], Gen.Int[-5, 5], Gen.Int[1, 8]).Sample((values, shift, scale) =>
    {
        var bootstrap = new Bootstrap(seed: 3, resamples: 500);
        var (low, high) = bootstrap.OfMean(values);
        Assert.InRange(low, values.Min(), values.Max());
        Assert.InRange(high, low, values.Max());
        var (movedLow, movedHigh) = bootstrap.OfMean(values.Select(v => scale * v + shift));
        Assert.Equal(scale * low + shift, movedLow, 9);
        Assert.Equal(scale * high + shift, movedHigh, 9);
        bootstrap.OfMean([1, 2, 3]);
        Assert.Equal((low, high), bootstrap.OfMean(values.Reverse())); // whatever was asked between, and in whatever order
    }, iter: 200);

    [Fact]
    public void Cells_that_never_differ_have_p_1_and_a_difference_of_exactly_0()
    {
        double[] values = [0.5, 0.7, 0.9];
        var statistics = ExperimentAnalysis.Of(Grid(["a", "b"], "a", new GridOrdering("b", "a", "HR", "DSC", "me")), [.. Rows("a", values), .. Rows("b", values)]);
        Assert.Equal(new CellComparison("b", "a", "HR", "DSC", 0, 0, 0, 0, 3, 1, 1), statistics.Comparisons.Single());
        Assert.Equal((Verdict.NotSignificant, 0d, 1d, 1d), (statistics.Orderings[0].Verdict, statistics.Orderings[0].Difference, statistics.Orderings[0].PValue, statistics.Orderings[0].Adjusted));
    }

    [Fact]
    public void One_case_has_a_mean_but_neither_spread_nor_significance()
    {
        var statistics = ExperimentAnalysis.Of(Grid(["a", "b"], "a", new GridOrdering("b", "a", "HR", "DSC", "me")), [Row("a", "x", 0.5), Row("b", "x", 0.75)]);
        var b = statistics.Cells[1];
        Assert.Equal((0.75, double.NaN, double.NaN, double.NaN, 1), (b.Mean, b.Sd, b.Low, b.High, b.Cases));
        Assert.Equal((0.25, 1, 1d, 1d), (statistics.Comparisons[0].Difference, statistics.Comparisons[0].Better, statistics.Comparisons[0].PValue, statistics.Comparisons[0].Adjusted));
        Assert.Equal(Verdict.NotSignificant, statistics.Orderings[0].Verdict);
    }

    [Fact]
    public void Claims_hold_fail_or_stay_open_and_lower_distances_are_better()
    {
        GridOrdering[] claims =
        [
            new("good", "bad", "HR", "HD95", "me"), new("bad", "good", "HR", "HD95", "you"), new("same", "good", "HR", "HD95", "me"), new("absent", "good", "HR", "HD95", "me"), new("good", "bad", "LR", "HD95", "me"),
        ];
        double[] good = [.. Enumerable.Range(0, 20).Select(i => 3 + 0.1 * i)], bad = [.. good.Select((v, i) => v + 0.5 + 0.01 * i)], same = [.. good.Select((v, i) => v + (i % 2 == 0 ? 0.01 : -0.011) * (i + 1))];
        var statistics = ExperimentAnalysis.Of(Grid(["good", "bad", "same", "absent"], "bad", claims), [.. Rows("good", good, "HR HD95"), .. Rows("bad", bad, "HR HD95"), .. Rows("same", same, "HR HD95")]);
        Assert.Equal(claims, statistics.Orderings.Select(o => o.Ordering));
        Assert.Equal([Verdict.Yes, Verdict.No, Verdict.NotSignificant, Verdict.NotRun, Verdict.NotRun], statistics.Orderings.Select(o => o.Verdict));
        Assert.Equal(2 * Math.Pow(2, -20), statistics.Orderings[0].PValue, 15);
        Assert.Equal(2 * statistics.Orderings[0].PValue, statistics.Orderings[0].Adjusted, 15); // two pairs: a claim and its opposite are one test
        Assert.Equal(statistics.Orderings[0].Adjusted, statistics.Orderings[1].Adjusted);
        Assert.Equal((-0.595, 20, 20), (Math.Round(statistics.Comparisons[0].Difference, 12), statistics.Comparisons[0].Better, statistics.Comparisons[0].Cases));
        Assert.All(statistics.Orderings.Where(o => o.Verdict == Verdict.NotRun), o => Assert.True(double.IsNaN(o.Difference) && double.IsNaN(o.PValue) && o.Cases == 0));
    }

    /// <summary>One cell wins by little in nearly every case and loses by much in one: ranks say better, the mean says worse.</summary>
    [Fact]
    public void A_mean_against_its_ranks_decides_nothing()
    {
        double[] than = [.. Enumerable.Repeat(0.5, 20)], better = [.. than.Select((v, i) => i == 0 ? 0.0 : v + 0.001 * i / 20)];
        var verdict = ExperimentAnalysis.Of(Grid(["a", "b"], "b", new GridOrdering("a", "b", "HR", "DSC", "me")), [.. Rows("a", better), .. Rows("b", than)]).Orderings[0];
        Assert.True(verdict is { Adjusted: < 0.05, Difference: < 0, Verdict: Verdict.NotSignificant }, $"{verdict}");
    }

    [Fact]
    public void Undefined_values_are_left_out_in_pairs_and_counted()
    {
        var statistics = ExperimentAnalysis.Of(Grid(["a", "b"], "a", new GridOrdering("a", "b", "HR", "HD95", "me")),
            [.. Rows("a", [1, double.PositiveInfinity, 3, 4], "HR HD95"), .. Rows("b", [2, 3, double.NaN, 5, 6], "HR HD95")]);
        Assert.Equal([(8d / 3, 3, 1), (4, 4, 1)], statistics.Cells.Select(c => (c.Mean, c.Cases, c.Undefined)));
        Assert.Equal((1, 0, 2, 2), (statistics.Comparisons[0].Difference, statistics.Comparisons[0].Better, statistics.Comparisons[0].Cases, statistics.Comparisons[0].Undefined));
        Assert.Equal((2, 2), (statistics.Orderings[0].Cases, statistics.Orderings[0].Undefined));
        Assert.Equal(5, statistics.Cases);
        var nothing = ExperimentAnalysis.Of(Grid(["a", "b"], "a"), [Row("a", "x", double.NaN), Row("b", "x", 1)]);
        Assert.True(nothing.Cells[0] is { Cases: 0, Undefined: 1, Mean: double.NaN });
        Assert.Empty(nothing.Comparisons);
    }

    [Fact]
    public void Cases_are_paired_by_fold_and_several_seeds_of_a_case_are_one_value()
    {
        ResultRow[] rows =
        [
            Row("a", "x", 0.1, fold: 0, seed: 1), Row("a", "x", 0.3, fold: 0, seed: 2), Row("a", "y", 0.5, fold: 1, seed: 1), Row("a", "y", double.PositiveInfinity, fold: 1, seed: 2), Row("a", "z", 0.8, fold: 1, seed: 1),
            Row("b", "x", 0.4, fold: 0), Row("b", "y", 0.4, fold: 1), Row("b", "z", 0.4, fold: 0),
        ];
        var statistics = ExperimentAnalysis.Of(Grid(["a", "b"], "b"), rows);
        Assert.Equal((0.5, 2, 1), (Math.Round(statistics.Cells[0].Mean, 12), statistics.Cells[0].Cases, statistics.Cells[0].Undefined)); // x: 0.2, z: 0.8
        Assert.Equal((-0.2, 1, 1), (Math.Round(statistics.Comparisons[0].Difference, 12), statistics.Comparisons[0].Cases, statistics.Comparisons[0].Undefined)); // z is in different folds
        Assert.Equal((4, "0 1", "1 2"), (statistics.Cases, string.Join(' ', statistics.Folds), string.Join(' ', statistics.Seeds)));
    }

    [Fact]
    public void The_order_of_rows_does_not_matter() => Gen.Double[0.5, 1].Array[24].Sample(values =>
    {
        var grid = Grid(["a", "b", "c"], "b", new GridOrdering("a", "b", "HR", "DSC", "me"), new GridOrdering("c", "a", "HR", "DSC", "me"));
        ResultRow[] rows = [.. Rows("a", values[..8]), .. Rows("b", values[8..16]), .. Rows("c", values[16..])];
        string Text(IEnumerable<ResultRow> r) => ExperimentTables.Markdown(Description(grid), ExperimentAnalysis.Of(grid, [.. r]));
        Assert.Equal(Text(rows), Text(rows.OrderBy(r => r.Values["HR DSC"])));
    }, iter: 10);
}
