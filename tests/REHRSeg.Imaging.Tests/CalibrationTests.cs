using System.Text.Json;
using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

/// <summary>Reliability, ROC curves and temperatures against numpy and scipy (tests/oracles/calibration/calibration.py).</summary>
public class CalibrationTests
{
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "calibration", "calibration.json"))).RootElement;
    static readonly int[] s_values = [0, 2, 5, 7];

    public static TheoryData<string> Cases => [.. s_oracle.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];
    public static TheoryData<string> Scores => [.. s_oracle.GetProperty("roc").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    static JsonElement Expected(string list, string name) => s_oracle.GetProperty(list).EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    static LabelClass[] Labels(int classes) => [.. s_values.Take(classes).Select(v => new LabelClass(v, $"class {v}"))];

    /// <summary>The script's probabilities, and labels drawn from them.</summary>
    internal static (MLVolume Probabilities, MLVolume Truth, LabelClass[] Labels) Make(uint seed, int n, int classes, bool zeros = false)
    {
        float[] noise = Noise(seed, classes * n), u = Noise(seed + 1, n), p = new float[classes * n], truth = new float[n];
        for (int i = 0; i < n; i++)
        {
            double[] weight = [.. Enumerable.Range(0, classes).Select(k => Math.Pow(noise[k * n + i], 6))];
            float[] own = [.. weight.Select(w => (float)(w / weight.Sum()))];
            if (zeros)
            {
                if (i % 5 == 0) own[0] = 0;
                double sum = own.Sum(v => (double)v);
                own = [.. own.Select(v => (float)(v / sum))];
            }
            double[] q = [.. own.Select(v => Math.Pow(v, 1 / 1.7))];
            double total = q.Sum(), reached = 0;
            int at = 0;
            for (int k = 0; k < classes; k++)
            {
                p[k * n + i] = own[k];
                if (u[i] > (reached += q[k] / total)) at++;
            }
            truth[i] = s_values[Math.Min(at, classes - 1)];
        }
        var grid = new VolumeGeometry([n / 10, 5, 2], [1, 1, 3]);
        return (new(grid, p, classes), new(grid, truth), Labels(classes));
    }

    static (MLVolume Probabilities, MLVolume Truth, LabelClass[] Labels) Make(JsonElement c) =>
        Make((uint)c.GetProperty("seed").GetInt32(), c.GetProperty("voxels").GetInt32(), c.GetProperty("classes").GetInt32(), c.GetProperty("zeros").GetBoolean());

    static void AssertEqual(JsonElement expected, ReliabilityDiagram actual, double tolerance)
    {
        Assert.Equal(expected.GetProperty("ece").GetDouble(), actual.ExpectedCalibrationError, tolerance);
        Assert.Equal(expected.GetProperty("mce").GetDouble(), actual.MaximumCalibrationError, tolerance);
        Assert.Equal(expected.GetProperty("nll").GetDouble(), actual.NegativeLogLikelihood, tolerance);
        Assert.Equal(expected.GetProperty("brier").GetDouble(), actual.BrierScore, tolerance);
        Assert.Equal(expected.GetProperty("accuracy").GetDouble(), actual.Accuracy, 1e-12);
        var rows = expected.GetProperty("bins").EnumerateArray().ToArray();
        Assert.Equal(rows.Length, actual.Bins.Count);
        foreach (var (row, bin) in rows.Zip(actual.Bins))
        {
            Assert.Equal(row[0].GetInt64(), bin.Voxels);
            if (bin.Voxels == 0) Assert.True(double.IsNaN(bin.Confidence) && double.IsNaN(bin.Accuracy));
            else
            {
                Assert.Equal(row[1].GetDouble(), bin.Confidence, tolerance);
                Assert.Equal(row[2].GetDouble(), bin.Accuracy, 1e-12);
                Assert.InRange(bin.Confidence, bin.Low, bin.High + 1e-7);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ReliabilityEqualsNumpy(string name)
    {
        var expected = Expected("cases", name);
        var (p, truth, labels) = Make(expected);
        var diagram = new ReliabilityDiagram(labels);
        diagram.Add(p, truth);
        AssertEqual(expected.GetProperty("before"), diagram, 1e-9);
        var seven = new ReliabilityDiagram(labels, 7);
        seven.Add(p, truth);
        AssertEqual(expected.GetProperty("before7"), seven, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheTemperatureEqualsScipys(string name)
    {
        var expected = Expected("cases", name);
        var (p, truth, labels) = Make(expected);
        var fit = new TemperatureFit(labels);
        fit.Add(p, truth);
        var found = fit.Fit();
        var best = expected.GetProperty("fit");
        Assert.Equal(best.GetProperty("temperature").GetDouble(), found.Temperature, 2e-6);
        Assert.Equal(best.GetProperty("before").GetDouble(), found.LossBefore, 1e-6);
        Assert.Equal(best.GetProperty("after").GetDouble(), found.LossAfter, 1e-6);
        Assert.False(found.AtLimit);
        Assert.Equal((truth.Geometry.VoxelCount, truth.Geometry.VoxelCount), (found.Voxels, found.VoxelsKept));

        var scaled = new ReliabilityDiagram(labels);
        scaled.Add(p, truth, temperature: best.GetProperty("temperature").GetDouble());
        AssertEqual(expected.GetProperty("after"), scaled, 2e-6);
        Assert.Equal(found.LossAfter, scaled.NegativeLogLikelihood, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ScaledProbabilitiesAndEntropyEqualNumpys(string name)
    {
        var expected = Expected("cases", name);
        var (p, truth, labels) = Make(expected);
        foreach (var scaled in expected.GetProperty("scaled").EnumerateObject())
        {
            var actual = TemperatureScaling.Apply(p, double.Parse(scaled.Name, System.Globalization.CultureInfo.InvariantCulture));
            double[] values = Numbers(scaled.Value);
            for (int k = 0; k < labels.Length; k++)
                for (int i = 0; i < 5; i++) Assert.Equal(values[k * 5 + i], actual.Channel(k)[i], 1e-6);
            for (int i = 0; i < truth.Geometry.VoxelCount; i++)
            {
                Assert.Equal(1, Enumerable.Range(0, labels.Length).Sum(k => (double)actual.Channel(k)[i]), 1e-5);
                for (int k = 0; k < labels.Length; k++) if (p.Channel(k)[i] == 0) Assert.Equal(0, actual.Channel(k)[i]);
            }
        }
        Assert.Same(p, TemperatureScaling.Apply(p, 1));
        var entropy = PredictiveEntropy.Normalised(p);
        double[] first = Numbers(expected.GetProperty("entropy"));
        for (int i = 0; i < first.Length; i++) Assert.Equal(first[i], entropy.Voxels[i], 1e-6);

        var wrong = truth.WithVoxels(Enumerable.Range(0, truth.Geometry.VoxelCount).Select(i =>
            labels[Enumerable.Range(0, labels.Length).MaxBy(k => p.Channel(k)[i])].Value == truth.Voxels[i] ? 0f : 1).ToArray());
        var curve = new RocCurve();
        curve.Add(entropy, wrong);
        Assert.Equal(expected.GetProperty("wrong").GetInt64(), curve.Positives);
        Assert.InRange(curve.LargestError, 0, 1e-3);
        Assert.Equal(expected.GetProperty("entropyAuroc").GetDouble(), curve.Area, curve.LargestError + 1e-6);
    }

    [Theory]
    [MemberData(nameof(Scores))]
    public void TheAreaEqualsScipysMannWhitneyStatistic(string name)
    {
        var expected = Expected("roc", name);
        uint seed = (uint)expected.GetProperty("seed").GetInt32();
        int n = expected.GetProperty("count").GetInt32();
        var step = expected.GetProperty("step");
        float[] s = Noise(seed, n);
        for (int i = 0; i < n; i++)
            s[i] = step.ValueKind == JsonValueKind.Number ? MathF.Floor(s[i] * step.GetInt32()) / step.GetInt32()
                : step.GetString() switch { "exponential" => MathF.ScaleB(1, -(int)(s[i] * 60)), "negative" => MathF.Floor(s[i] * 256) - 128, _ => s[i] };
        float low = s.Min(), high = s.Max();
        float[] u = Noise(seed + 1, n), positive = [.. s.Select((v, i) => u[i] < 0.1f + 0.4f * ((v - low) / (high - low)) ? 1f : 0)];
        var grid = new VolumeGeometry([n / 4, 2, 2], [1, 1, 1]);
        var curve = new RocCurve();
        curve.Add(new(grid, s), new(grid, positive));
        Assert.Equal(expected.GetProperty("positives").GetInt64(), curve.Positives);
        if (name == "continuous") Assert.InRange(curve.LargestError, 1e-9, 1e-3);
        else Assert.Equal(0, curve.LargestError);
        Assert.Equal(expected.GetProperty("area").GetDouble(), curve.Area, curve.LargestError + 1e-12);

        var points = curve.Points(int.MaxValue);
        Assert.Equal((0, 0, 1, 1), (points[0].FalsePositiveRate, points[0].TruePositiveRate, points[^1].FalsePositiveRate, points[^1].TruePositiveRate));
        double area = points.Zip(points.Skip(1), (a, b) => (b.FalsePositiveRate - a.FalsePositiveRate) * (a.TruePositiveRate + b.TruePositiveRate) / 2).Sum();
        Assert.Equal(curve.Area, area, 1e-9);
        Assert.True(points.Zip(points.Skip(1), (a, b) => a.Threshold > b.Threshold).All(falls => falls));
        foreach (var point in points.Skip(1).Where((_, i) => i % 7 == 0))
            Assert.Equal(point.TruePositiveRate, s.Zip(positive).Count(v => v.Second == 1 && v.First >= point.Threshold) / (double)curve.Positives, 1e-12);
        Assert.InRange(curve.Points(20).Count, 2, 24);
    }

    [Fact]
    public void PartsMakeTheWholeWithinTheRegion()
    {
        var (p, truth, labels) = Make(21, 3000, 4);
        float[] half = [.. Noise(5, 3000).Select(v => v < 0.4f ? 1f : 0)];
        MLVolume first = truth.WithVoxels(half), second = truth.WithVoxels(half.Select(v => 1 - v).ToArray());
        ReliabilityDiagram whole = new(labels), part = new(labels), rest = new(labels);
        whole.Add(p, truth);
        part.Add(p, truth, first);
        rest.Add(p, truth, second);
        Assert.Equal(half.Count(v => v == 1), part.Voxels);
        part.Merge(rest);
        Assert.Equal(whole.Bins.Select(b => b.Voxels), part.Bins.Select(b => b.Voxels));
        Assert.Equal(whole.ExpectedCalibrationError, part.ExpectedCalibrationError, 1e-12);
        Assert.Equal((whole.BrierScore, whole.NegativeLogLikelihood), (part.BrierScore, part.NegativeLogLikelihood), new Close(1e-12));

        TemperatureFit all = new(labels), one = new(labels), other = new(labels);
        all.Add(p, truth);
        one.Add(p, truth, first);
        other.Add(p, truth, second);
        one.Merge(other);
        Assert.Equal(all.Fit().Temperature, one.Fit().Temperature, 1e-9);

        var entropy = PredictiveEntropy.Normalised(p);
        var seven = truth.WithVoxels(truth.Voxels.ToArray().Select(v => v == 7 ? 1f : 0).ToArray());
        RocCurve curve = new(), left = new(), right = new();
        curve.Add(entropy, seven);
        left.Add(entropy, seven, first);
        right.Add(entropy, seven, second);
        left.Merge(right);
        Assert.Equal((curve.Area, curve.LargestError, curve.Positives), (left.Area, left.LargestError, left.Positives));
    }

    sealed class Close(double tolerance) : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) a, (double, double) b) => Math.Abs(a.Item1 - b.Item1) <= tolerance && Math.Abs(a.Item2 - b.Item2) <= tolerance;
        public int GetHashCode((double, double) pair) => 0;
    }

    [Fact]
    public void ASampleOfALargeCaseTellsNearlyTheSame()
    {
        // Two thirds of the voxels are background that the network is sure of, as in medical images.
        const int n = 60_000;
        var (p, truth, labels) = Make(71, n, 3);
        float[] voxels = p.Memory.ToArray(), labelled = truth.Memory.ToArray();
        for (int i = 0; i < n; i++)
        {
            if (i % 3 == 0) continue;
            (voxels[i], voxels[n + i], voxels[2 * n + i]) = (0.99999f, 0.000006f, 0.000004f);
            labelled[i] = 0;
        }
        (p, truth) = (p.WithVoxels(voxels, 3), truth.WithVoxels(labelled));
        FittedTemperature Fit(int kept, int seed)
        {
            var fit = new TemperatureFit(labels, kept, seed);
            fit.Add(p, truth);
            return fit.Fit();
        }
        var exact = Fit(n, 1);
        FittedTemperature[] sampled = [.. Enumerable.Range(1, 16).Select(seed => Fit(6000, seed))];
        Assert.All(sampled, s => Assert.Equal((n, 6000L), (s.Voxels, s.VoxelsKept)));
        Assert.All(sampled, s => Assert.Equal(exact.Temperature, s.Temperature, 0.1));
        Assert.Equal(exact.Temperature, sampled.Average(s => s.Temperature), 0.03);
        Assert.Equal(exact.LossBefore, sampled.Average(s => s.LossBefore), 0.015 * exact.LossBefore);
        Assert.Equal(sampled[2], Fit(6000, 3));
        Assert.Equal(16, sampled.Select(s => s.Temperature).Distinct().Count());
    }

    [Fact]
    public void WhereNothingCanBeFittedItSaysSo()
    {
        var grid = new VolumeGeometry([4, 1, 1], [1, 1, 1]);
        var labels = Labels(2);
        FittedTemperature Fit(float[] foreground, float[] truth)
        {
            var fit = new TemperatureFit(labels);
            fit.Add(new(grid, (float[])[.. foreground.Select(v => 1 - v), .. foreground], 2), new(grid, truth));
            return fit.Fit();
        }
        Assert.Equal((1.0, false), (Fit([0, 0, 1, 1], [0, 0, 2, 2]).Temperature, Fit([0, 0, 1, 1], [0, 0, 2, 2]).AtLimit));
        Assert.Equal(TemperatureFit.LossOfZero / 4, Fit([0, 0, 1, 1], [0, 0, 2, 0]).LossBefore, 1e-9);
        Assert.Equal((TemperatureFit.Coldest, true), (Fit([0.1f, 0.2f, 0.8f, 0.7f], [0, 0, 2, 2]).Temperature, Fit([0.1f, 0.2f, 0.8f, 0.7f], [0, 0, 2, 2]).AtLimit));
        Assert.Equal((TemperatureFit.Hottest, true), (Fit([0.1f, 0.2f, 0.8f, 0.7f], [2, 2, 0, 0]).Temperature, Fit([0.1f, 0.2f, 0.8f, 0.7f], [2, 2, 0, 0]).AtLimit));
        Assert.Throws<InvalidOperationException>(() => new TemperatureFit(labels).Fit());
        var empty = new ReliabilityDiagram(labels);
        Assert.True(double.IsNaN(empty.ExpectedCalibrationError) && double.IsNaN(empty.MaximumCalibrationError) && double.IsNaN(empty.NegativeLogLikelihood) && double.IsNaN(empty.BrierScore));
        Assert.True(double.IsNaN(new RocCurve().Area));
        Assert.Empty(new RocCurve().Points());
    }

    [Fact]
    public void WhatIsNoProbabilityIsRefused()
    {
        var grid = new VolumeGeometry([2, 1, 1], [1, 1, 1]);
        MLVolume good = new(grid, new float[] { 0.5f, 1, 0.5f, 0 }, 2), truth = new(grid, new float[] { 0, 2 });
        var labels = Labels(2);
        foreach (var add in (Action<MLVolume, MLVolume, MLVolume?>[])[(p, t, r) => new ReliabilityDiagram(labels).Add(p, t, r), (p, t, r) => new TemperatureFit(labels).Add(p, t, r)])
        {
            add(good, truth, null);
            Assert.Contains("softmax", Assert.Throws<ArgumentException>(() => add(good.WithVoxels(new float[] { 3, 1, -2, 0 }, 2), truth, null)).Message);
            Assert.Contains("softmax", Assert.Throws<ArgumentException>(() => add(good.WithVoxels(new float[] { 0.5f, float.NaN, 0.5f, 0 }, 2), truth, null)).Message);
            Assert.Contains("2 classes", Assert.Throws<ArgumentException>(() => add(good.WithVoxels(new float[] { 1, 1 }), truth, null)).Message);
            Assert.Contains("value 1,", Assert.Throws<DatasetException>(() => add(good, truth.WithVoxels(new float[] { 0, 1 }), null)).Message);
            Assert.Contains("value 0.5,", Assert.Throws<DatasetException>(() => add(good, truth.WithVoxels(new[] { 0, 0.5f }), null)).Message);
            Assert.Contains("value NaN,", Assert.Throws<DatasetException>(() => add(good, truth.WithVoxels(new[] { 0, float.NaN }), null)).Message);
            Assert.Throws<GeometryMismatchException>(() => add(good, new(new VolumeGeometry([2, 1, 1], [1, 1, 2]), new float[2]), null));
            Assert.Throws<GeometryMismatchException>(() => add(good, truth, new(new VolumeGeometry([1, 1, 2], [1, 1, 1]), new float[2])));
        }
        foreach (double t in (double[])[0, -1, double.NaN, 1000])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => TemperatureScaling.Apply(good, t));
            Assert.Throws<ArgumentOutOfRangeException>(() => new ReliabilityDiagram(labels).Add(good, truth, temperature: t));
        }
        Assert.Throws<ArgumentException>(() => TemperatureScaling.Apply(truth, 2));
        Assert.Throws<ArgumentException>(() => PredictiveEntropy.Normalised(truth));
        Assert.Throws<ArgumentException>(() => new ReliabilityDiagram([new(0, "a"), new(0, "b")]));
        Assert.Throws<ArgumentException>(() => new ReliabilityDiagram(labels).Merge(new(Labels(3))));
        Assert.Throws<ArgumentException>(() => new ReliabilityDiagram(labels).Merge(new(labels, 10)));
        Assert.Contains("finite", Assert.Throws<ArgumentException>(() => new RocCurve().Add(truth.WithVoxels(new[] { 0, float.PositiveInfinity }), truth)).Message);
    }
}
