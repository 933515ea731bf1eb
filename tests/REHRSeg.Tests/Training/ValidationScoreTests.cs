using System.Text.Json;

namespace REHRSeg.Tests;

public class ValidationScoreTests
{
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "oracles", "validation.json"))).RootElement;

    [Fact]
    public void The_average_is_that_of_pandas_and_its_first_peak_is_the_best()
    {
        double[] scores = s_oracle.Numbers("scores"), expected = s_oracle.Numbers("average");
        var score = new ValidationScore();
        for (int i = 0; i < scores.Length; i++)
        {
            score = score.With(10 * (i + 1), scores[i]);
            Assert.Equal(expected[i], score.Average!.Value, 1e-12);
            int best = Array.IndexOf(expected, expected[..(i + 1)].Max());
            Assert.Equal((10 * (best + 1), i - best), (score.BestIteration, score.SinceBest));
            Assert.Equal(score, ValidationScore.Parse(new Dictionary<string, string>(score.ToMetadata())));
        }
    }

    [Fact]
    public void A_validation_without_foreground_changes_nothing()
    {
        var score = new ValidationScore().With(5, 0.5).With(10, 0.4);
        Assert.Equal(score, score.With(15, double.NaN));
        Assert.Equal(new ValidationScore(), ValidationScore.Parse(new Dictionary<string, string>(new ValidationScore().With(5, double.NaN).ToMetadata())));
    }

    [Fact]
    public void Pseudo_dice_is_that_of_the_patches_as_one()
    {
        var dice = new OnlineDice(4);
        static byte[] Bytes(JsonElement patch, string name) => [.. patch.GetProperty(name).EnumerateArray().Select(e => e.GetByte())];
        foreach (var patch in s_oracle.GetProperty("patches").EnumerateArray()) dice.Add(Bytes(patch, "predicted"), Bytes(patch, "truth"));
        double[] expected = s_oracle.Numbers("dice");
        Assert.Equal(expected[0], dice.Of(1), 1e-12);
        Assert.Equal(expected[1], dice.Of(2), 1e-12);
        Assert.True(double.IsNaN(dice.Of(3)));
        Assert.Equal(expected.Average(), dice.MeanForeground, 1e-12);
        Assert.True(double.IsNaN(new OnlineDice(3).MeanForeground));
    }
}
