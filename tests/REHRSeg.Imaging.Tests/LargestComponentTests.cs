using System.Text.Json;

namespace REHRSeg.Imaging.Tests;

/// <summary>Against scipy.ndimage.label with full connectivity (tests/oracles/largest_component.py).</summary>
public class LargestComponentTests
{
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "largest_component.json"))).RootElement;

    static float[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => (float)v.GetDouble())];

    static MLVolume Volume(JsonElement shape, JsonElement values)
    {
        int[] s = [.. shape.EnumerateArray().Select(v => v.GetInt32())];
        return new(new([s[2], s[1], s[0]], [1, 2, 3]), Numbers(values));
    }

    [Fact]
    public void EqualsScipy()
    {
        foreach (var c in s_oracle.GetProperty("volumes").EnumerateArray())
        {
            var labels = Volume(c.GetProperty("shape"), c.GetProperty("seg"));
            float[] before = labels.Memory.ToArray();
            foreach (var (name, rules) in new (string, LargestComponentRule[])[] { ("foreground", [LargestComponentRule.Foreground]), ("two", [new(2)]), ("both", [LargestComponentRule.Foreground, new(1)]) })
                Assert.Equal(Numbers(c.GetProperty(name)), LargestComponent.Keep(labels, rules).Memory.ToArray());
            Assert.Equal(before, labels.Memory.ToArray());
        }
    }

    [Fact]
    public void AnyOrientationGivesTheSame()
    {
        var c = s_oracle.GetProperty("volumes")[1];
        var labels = Volume(c.GetProperty("shape"), c.GetProperty("seg"));
        var expected = LargestComponent.Keep(labels, LargestComponentRule.Foreground).Memory.ToArray();
        foreach (var axis in new[] { SliceAxis.X, SliceAxis.Y })
            Assert.Equal(expected, LargestComponent.Keep(labels.SwapAxes(axis, SliceAxis.Z), LargestComponentRule.Foreground).SwapAxes(axis, SliceAxis.Z).Memory.ToArray());
    }

    [Fact]
    public void ALongSnakeIsOneComponent()
    {
        // Every second row, joined at alternating ends: unions of all orders.
        const int n = 60;
        var voxels = new float[n * n * 2];
        for (int y = 0; y < n; y++)
            for (int x = 0; x < n; x++)
                if (y % 2 == 0 || x == (y % 4 == 1 ? 0 : n - 1)) voxels[y * n + x] = 1;
        var snake = new MLVolume(new([n, n, 2], [1, 1, 1]), voxels);
        Assert.Equal(voxels, LargestComponent.Keep(snake, new LargestComponentRule(1)).Memory.ToArray());
        voxels = [.. voxels];
        voxels[n * n + n * n / 2 + 30] = 1; // touches it from the next slice
        Assert.Equal(voxels, LargestComponent.Keep(snake.WithVoxels(voxels), new LargestComponentRule(1)).Memory.ToArray());
    }

    [Fact]
    public void FaultyUseIsRefused()
    {
        var two = new MLVolume(new([2, 2, 2], [1, 1, 1]), new float[16], 2);
        Assert.Contains("one channel", Assert.Throws<ArgumentException>(() => LargestComponent.Keep(two, LargestComponentRule.Foreground)).Message, StringComparison.Ordinal);
        Assert.Contains("background", Assert.Throws<ArgumentException>(() => LargestComponent.Keep(new(new([2, 2, 2], [1, 1, 1]), new float[8]), new LargestComponentRule(0))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new LargestComponentChoice([]));
        Assert.Throws<ArgumentException>(() => new LargestComponentChoice([1, 1]));
        Assert.Throws<ArgumentException>(() => new LargestComponentChoice([0, 1]));
    }

    [Fact]
    public void TheChoiceIsNnunets()
    {
        foreach (var c in s_oracle.GetProperty("choices").EnumerateArray())
        {
            var choice = new LargestComponentChoice([1, 2]);
            foreach (var k in c.GetProperty("cases").EnumerateArray()) choice.Add(Volume(c.GetProperty("shape"), k.GetProperty("pred")), Volume(c.GetProperty("shape"), k.GetProperty("truth")));
            Assert.Equal(Numbers(c.GetProperty("rules")).Select(v => v == 0 ? LargestComponentRule.Foreground : new LargestComponentRule((int)v)), choice.Rules);
            for (int k = 0; k < 2; k++)
            {
                Assert.Equal(c.GetProperty("before")[k].GetDouble(), choice.DiceBefore[k + 1], 1e-12);
                Assert.Equal(c.GetProperty("after")[k].GetDouble(), choice.DiceAfter[k + 1], 1e-12);
            }
        }
    }

    [Fact]
    public void WithoutCasesOrDifferenceNothingIsChosen()
    {
        var choice = new LargestComponentChoice([1, 5]);
        Assert.Empty(choice.Rules);
        var empty = new MLVolume(new([3, 3, 3], [1, 1, 1]), new float[27]);
        choice.Add(empty, empty);
        Assert.Empty(choice.Rules);
        Assert.Equal(double.NaN, choice.DiceAfter[5]);
        Assert.Throws<GeometryMismatchException>(() => choice.Add(empty, new(new([3, 3, 3], [1, 1, 2]), new float[27])));
    }
}
