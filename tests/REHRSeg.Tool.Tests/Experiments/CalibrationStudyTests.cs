using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>Against numpy and scipy (tests/oracles/calibration/calibration.py), which makes the same three cases by the same formulas.</summary>
public class CalibrationStudyTests
{
    static readonly LabelClass[] s_labels = [new(0, "background"), new(1, "a"), new(2, "b")];
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "calibration", "calibration.json"))).RootElement;

    sealed record StudyCase(MLVolume Probabilities, MLVolume Truth, MLVolume Prediction, MLVolume Uncertainty, MLVolume Image, MLVolume TrueImage);

    static float[] Noise(int seed, int count)
    {
        uint state = (uint)seed;
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = ((state = unchecked(state * 1664525 + 1013904223)) >> 8) / 16777216f;
        return values;
    }

    static StudyCase Make(int i)
    {
        const int d = 6, h = 12, w = 14, n = d * h * w;
        var grid = new VolumeGeometry([w, h, d], [0.7, 1.3, 5]);
        float[] r = Noise(100 + 10 * i, 3 * n), u = Noise(101 + 10 * i, n), p = new float[3 * n], truth = new float[n], prediction = new float[n];
        for (int z = 0, v = 0; z < d; z++)
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++, v++)
                    truth[v] = (x - 10) * (x - 10) + (y - 3) * (y - 3) + (z - 2) * (z - 2) <= 4 ? 2 : (x - 5 - i) * (x - 5 - i) + (y - 6) * (y - 6) + (z - 3) * (z - 3) <= 9 ? 1 : 0;
        for (int v = 0; v < n; v++)
        {
            int soft = v % w == 0 ? 0 : (int)truth[v - 1];
            double[] weight = [.. Enumerable.Range(0, 3).Select(k => Math.Pow(r[k * n + v], 4) + (k == soft ? 1.5 : 0))];
            double[] cube = [.. weight.Select(x => Math.Pow((float)(x / weight.Sum()), 3))];
            for (int k = 0; k < 3; k++) p[k * n + v] = (float)(cube[k] / cube.Sum());
            int top = Enumerable.Range(0, 3).MaxBy(k => p[k * n + v]);
            prediction[v] = top;
            u[v] = MathF.Floor((u[v] + (top != truth[v] ? 0.5f : 0)) * 32) / 64;
        }
        return new(new(grid, p, 3), new(grid, truth), new(grid, prediction), new(grid, u), new(grid, Noise(102 + 10 * i, n)), new(grid, Noise(103 + 10 * i, n)));
    }

    static void AssertEqual(JsonElement expected, Reliability actual, double tolerance)
    {
        Assert.Equal(expected.GetProperty("ece").GetDouble(), actual.Ece, tolerance);
        Assert.Equal(expected.GetProperty("nll").GetDouble(), actual.NegativeLogLikelihood, tolerance);
        Assert.Equal(expected.GetProperty("bins").EnumerateArray().Select(b => b[0].GetInt64()), actual.Bins.Select(b => b.Voxels));
        foreach (var (row, bin) in expected.GetProperty("bins").EnumerateArray().Zip(actual.Bins).Where(b => b.Second.Voxels > 0))
        {
            Assert.Equal(row[1].GetDouble(), bin.Confidence, tolerance);
            Assert.Equal(row[2].GetDouble(), bin.Accuracy, tolerance);
        }
    }

    static void AssertEqual(JsonElement expected, string region, GridCalibration actual)
    {
        Assert.Equal(expected.GetProperty("temperature").GetDouble(), actual.Temperature, 2e-5);
        expected = expected.GetProperty("regions").GetProperty(region);
        Assert.Equal((region, expected.GetProperty("voxels").GetInt64()), (actual.Region, actual.Voxels));
        AssertEqual(expected.GetProperty("before"), actual.Before, 1e-7);
        if (expected.GetProperty("after").ValueKind != JsonValueKind.Null) AssertEqual(expected.GetProperty("after"), actual.After, 1e-5);
        Assert.Equal(expected.GetProperty("entropyAuroc").GetDouble(), actual.EntropyAuroc!.Value, 1e-3);
        Assert.Equal(expected.GetProperty("uncertaintyAuroc").GetDouble(), actual.UncertaintyAuroc!.Value, 1e-12);
    }

    [Fact]
    public void Halves_are_scaled_with_the_other_halfs_temperature()
    {
        using var folder = new TemporaryFolder();
        using (var study = new CalibrationStudy(s_labels, temporaryFolder: folder.Root))
        {
            foreach (var (c, i) in Enumerable.Range(0, 3).Select(i => (Make(i), i)))
            {
                study.AddLr($"case_{i}", c.Probabilities, c.Truth, c.Uncertainty);
                if (i < 2) study.AddHr($"case_{i}", c.Probabilities, c.Truth, c.Uncertainty);
            }
            Assert.Equal(2, Directory.GetFiles(folder.Root).Length);
            var grids = study.Finish().Grids;
            Assert.Equal([("LR", "all"), ("LR", "near"), ("HR", "all"), ("HR", "near")], grids.Select(g => (g.Grid, g.Region)));
            foreach (var g in grids) AssertEqual(s_oracle.GetProperty("study").GetProperty(g.Grid), g.Region, g);
            Assert.Equal(s_oracle.GetProperty("study").GetProperty("LR").GetProperty("whole").GetDouble(), study.FitLr()!.Temperature, 2e-5);
            Assert.Equal(s_oracle.GetProperty("study").GetProperty("HR").GetProperty("whole").GetDouble(), study.FitHr()!.Temperature, 2e-5);
            Assert.Equal(JsonSerializer.Serialize(grids, ToolConsole.JsonForm), JsonSerializer.Serialize(JsonSerializer.Deserialize<IReadOnlyList<GridCalibration>>(JsonSerializer.Serialize(grids, ToolConsole.JsonForm), ToolConsole.JsonForm), ToolConsole.JsonForm));
        }
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void One_case_has_no_after()
    {
        using var study = new CalibrationStudy(s_labels);
        var c = Make(0);
        study.AddLr("case_0", c.Probabilities, c.Truth, c.Uncertainty);
        var grids = study.Finish().Grids;
        Assert.Equal(2, grids.Count);
        foreach (var g in grids)
        {
            AssertEqual(s_oracle.GetProperty("study").GetProperty("single"), g.Region, g);
            Assert.True(double.IsNaN(g.After.Ece) && double.IsNaN(g.After.NegativeLogLikelihood));
            Assert.Equal(15, g.After.Bins.Count(b => b.Voxels == 0));
        }
        Assert.Null(study.FitHr());
        Assert.Throws<ArgumentException>(() => study.AddLr("case_0", c.Probabilities, c.Truth, null));
    }

    [Fact]
    public void Without_U_or_errors_there_is_no_area()
    {
        using var study = new CalibrationStudy(s_labels);
        var c = Make(0);
        study.AddLr("case_0", c.Probabilities, c.Prediction, null);
        Assert.All(study.Finish().Grids, g => Assert.Equal((null, null, 1.0), (g.EntropyAuroc, g.UncertaintyAuroc, g.Before.Bins.Where(b => b.Voxels > 0).Min(b => b.Accuracy))));
        Assert.Throws<GeometryMismatchException>(() => study.AddHr("case_0", c.Probabilities, c.Truth, new(new VolumeGeometry([14, 12, 6], [1, 1, 1]), c.Uncertainty.Memory)));
    }

    [Fact]
    public void Uncertainty_of_super_resolution_ranks_its_errors()
    {
        var study = new UncertaintyStudy();
        for (int i = 0; i < 3; i++)
        {
            var c = Make(i);
            study.Add(c.Prediction, c.Truth, c.Uncertainty, c.Image, c.TrueImage);
        }
        var result = study.Finish();
        Assert.Equal((3, 2), (result.Cases, result.Regions.Count));
        foreach (var region in result.Regions)
        {
            var expected = s_oracle.GetProperty("study").GetProperty("LR").GetProperty("regions").GetProperty(region.Region);
            Assert.Equal((expected.GetProperty("voxels").GetInt64(), expected.GetProperty("wrong").GetInt64()), (region.Voxels, region.Wrong));
            Assert.Equal(expected.GetProperty("uncertaintyAuroc").GetDouble(), region.LabelAuroc!.Value, 1e-12);
            Assert.Equal(expected.GetProperty("spearman").GetDouble(), region.ImageSpearman!.Value, 1e-9);
        }
        var alone = new UncertaintyStudy();
        var one = Make(0);
        alone.Add(one.Truth, one.Truth, one.Uncertainty);
        Assert.All(alone.Finish().Regions, r => Assert.Equal((null, null, 0L), (r.LabelAuroc, r.ImageSpearman, r.Wrong)));
        Assert.Throws<ArgumentException>(() => alone.Add(one.Truth, one.Truth, one.Uncertainty, one.Image));
    }

    [Fact]
    public void Rank_correlation_equals_scipys()
    {
        foreach (var expected in s_oracle.GetProperty("spearman").EnumerateArray())
        {
            int seed = expected.GetProperty("seed").GetInt32(), n = expected.GetProperty("count").GetInt32();
            float[] a = Noise(seed, n), b = [.. Noise(seed + 1, n).Zip(a, (y, x) => x + 2 * y)];
            if (expected.GetProperty("steps").ValueKind == JsonValueKind.Number)
                (a, b) = ([.. a.Select(v => MathF.Floor(v * 8))], [.. b.Select(v => MathF.Floor(v * 8))]);
            Assert.Equal(expected.GetProperty("rho").GetDouble(), RankCorrelation.Spearman(a, b), 1e-12);
        }
        Assert.True(double.IsNaN(RankCorrelation.Spearman([1, 1, 1], [1, 2, 3])));
        Assert.Throws<ArgumentException>(() => RankCorrelation.Spearman([1], [1, 2]));
    }
}
