using System.Text.Json;

namespace REHRSeg.Imaging.Tests;

public class WilcoxonSignedRankTests
{
    /// <summary>Cases of tests/oracles/make_wilcoxon.py, computed by scipy.</summary>
    public static TheoryData<string> Cases => [.. Oracle().Select(c => c.GetProperty("name").GetString()!)];

    static JsonElement.ArrayEnumerator Oracle() => JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "wilcoxon.json"))).RootElement.GetProperty("cases").EnumerateArray();

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsScipy(string name)
    {
        var expected = Oracle().Single(c => c.GetProperty("name").GetString() == name);
        var test = WilcoxonSignedRank.Test(NumericsOracle.Numbers(expected.GetProperty("first")), NumericsOracle.Numbers(expected.GetProperty("second")));
        double p = expected.GetProperty("p").GetDouble();
        Assert.Equal(expected.GetProperty("statistic").GetDouble(), test.Statistic);
        Assert.InRange(test.PValue, p * (1 - 1e-9), p * (1 + 1e-9));
        Assert.Equal(expected.GetProperty("cases").GetInt32(), test.Cases);
        Assert.Equal(expected.GetProperty("exact").GetBoolean(), test.Exact);
    }

    [Fact]
    public void EqualScoresAreNoEvidence() => Assert.Equal(1, WilcoxonSignedRank.Test([1, 2, 3], [1, 2, 3]).PValue);

    [Fact]
    public void RefusesWhatIsNoPair()
    {
        Assert.Throws<ArgumentException>(() => WilcoxonSignedRank.Test([1, 2], [1]));
        Assert.Throws<ArgumentException>(() => WilcoxonSignedRank.Test([1, double.NaN], [1, 2]));
    }
}
