using System.Text.Json;

namespace REHRSeg.Onnx.Tests;

public class TileAxisTests
{
    internal static JsonElement Oracle(string key, string file = "sliding_window.json")
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", file)));
        return document.RootElement.GetProperty(key).Clone();
    }

    [Fact]
    public void TilesLieWhereNnunetPutsThem()
    {
        foreach (var c in Oracle("places").EnumerateArray())
            Assert.Equal(c.GetProperty("starts").EnumerateArray().Select(s => s.GetInt32()),
                TileAxis.PlaceTiles(c.GetProperty("size").GetInt32(), c.GetProperty("tile").GetInt32(), c.GetProperty("step").GetDouble()));
    }

    [Fact]
    public void WeightsEqualScipysFilteredImpulse()
    {
        foreach (var c in Oracle("weights").EnumerateArray())
        {
            int[] shape = [.. c.GetProperty("shape").EnumerateArray().Select(s => s.GetInt32())];
            var axes = shape.Select(s => TileAxis.GaussianWeight(s, 0.125)).ToArray();
            foreach (var (index, value) in c.GetProperty("index").EnumerateArray().Zip(c.GetProperty("value").EnumerateArray()))
            {
                int i = index.GetInt32();
                double product = (double)axes[0][i / (shape[1] * shape[2])] * axes[1][i / shape[2] % shape[1]] * axes[2][i % shape[2]];
                Assert.Equal(1, product / value.GetDouble(), 5);
            }
        }
    }

    [Fact]
    public void ASmallVolumeLiesInTheMiddleOfOneTile()
    {
        var axis = new TileAxis(5, 8, 0.5, 0.125);
        Assert.Equal(-1, Assert.Single(axis.Starts));
        Assert.Equal(-4, Assert.Single(new TileAxis(5, 8, 0.5, 0.125, 4).Starts));
        for (int i = 0; i < 5; i++) Assert.Equal(1, axis.InverseSum[i] * axis.Weight[i + 1], 5);
    }
}
