using System.Text.Json;
using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

/// <summary>Against scipy and scikit-image (tests/oracles/metrics.py).</summary>
public class MetricsAgainstScipyTests
{
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "metrics.json"))).RootElement;

    static void AssertAgrees(JsonElement expected, MLVolume p, MLVolume r, int label)
    {
        double Number(string name) => expected.GetProperty(name).GetDouble();
        const double tolerance = 1e-6;
        Assert.Equal(Number("dice"), Metrics.Dice(p, r, label), tolerance);
        Assert.Equal(Number("jaccard"), Metrics.Jaccard(p, r, label), tolerance);
        Assert.Equal(Number("hd"), Metrics.HausdorffDistance(p, r, label), tolerance);
        Assert.Equal(Number("hd95"), Metrics.HausdorffDistance95(p, r, label), tolerance);
        Assert.Equal(Number("assd"), Metrics.AverageSurfaceDistance(p, r, label), tolerance);
        Assert.Equal(Number("volume"), Metrics.VolumeDifference(p, r, label), tolerance);
        Assert.Equal(Number("relativeVolume"), Metrics.RelativeVolumeDifference(p, r, label), tolerance);
        foreach (var share in expected.GetProperty("surfaceDice").EnumerateObject())
            Assert.Equal(share.Value.GetDouble(), Metrics.SurfaceDice(p, r, label, double.Parse(share.Name, System.Globalization.CultureInfo.InvariantCulture)), tolerance);
        var surfaces = SurfaceDistances.Between(p, r, label);
        Assert.Equal(Number("hd50"), surfaces.Percentile(50), tolerance);
        Assert.Equal(Numbers(expected.GetProperty("surfaces")).Select(v => (int)v), [surfaces.FromPrediction.Count, surfaces.FromReference.Count]);
        Assert.Equal(new LabelAgreement(Metrics.Dice(p, r, label), Metrics.Jaccard(p, r, label), surfaces.Hausdorff, surfaces.Percentile(95), surfaces.AverageSymmetric,
            surfaces.Dice(2), Metrics.VolumeDifference(p, r, label), Metrics.RelativeVolumeDifference(p, r, label)), Metrics.Compare(p, r, label, 2));
    }

    /// <summary>The script's clouds.</summary>
    static MLVolume Clouds(uint seed, VolumeGeometry geometry)
    {
        float[] noise = [.. Noise(seed, 12 * 16 * 14).Select(v => MathF.Floor(v * 64))];
        return FromFunction(geometry, (z, y, x) =>
        {
            float sum = 0;
            for (int a = -1; a < 2; a++) for (int b = -1; b < 2; b++) for (int c = -1; c < 2; c++) sum += noise[((z + a + 12) % 12 * 16 + (y + b + 16) % 16) * 14 + (x + c + 14) % 14];
            return sum > 27 * 33 ? 1 : 0;
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void LabelsEqualScipy(int label) => AssertAgrees(s_oracle.GetProperty("labels").GetProperty($"{label}"), Labels(1), Labels(), label);

    [Fact]
    public void MasksThatTouchTheBordersEqualScipy()
    {
        var geometry = new VolumeGeometry([14, 16, 12], [1.1, 0.9, 1.7]);
        MLVolume a = Clouds(11, geometry), b = Clouds(12, geometry);
        Assert.Equal(s_oracle.GetProperty("cloudVoxels").GetInt32(), a.Voxels.ToArray().Count(v => v == 1));
        AssertAgrees(s_oracle.GetProperty("clouds"), a, b, 1);
    }

    [Fact]
    public void DistancesOfAMetreAreExactToo()
    {
        var geometry = new VolumeGeometry([30, 40, 300], [0.71, 0.7, 3.3]);
        var a = FromFunction(geometry, (z, y, x) => z is >= 2 and < 9 && y is >= 3 and < 20 && x is >= 2 and < 5 ? 4 : 0);
        var b = FromFunction(geometry, (z, y, x) => z is >= 280 and < 299 && y is >= 30 and < 39 && x is >= 20 and < 29 ? 4 : 0);
        AssertAgrees(s_oracle.GetProperty("far"), a, b, 4);
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void SsimOfSlicesEqualsScikitImage(SliceAxis axis)
    {
        var geometry = new VolumeGeometry([15, 13, 14], [1, 1, 1]);
        float[] a = [.. Noise(2, geometry.VoxelCount).Select(v => 900 * v + 100)], noise = Noise(3, geometry.VoxelCount);
        float[] b = [.. a.Zip(noise, (v, d) => v + 200 * (d - 0.5f))];
        Assert.Equal(s_oracle.GetProperty("ssimSlices").GetProperty($"{axis}").GetDouble(), Metrics.SsimOfSlices(new(geometry, b), new(geometry, a), axis), 1e-6);
        var one = new VolumeGeometry([15, 13, 1], [1, 1, 1]);
        MLVolume p = new(one, b[..195]), r = new(one, a[..195]);
        Assert.Equal(Metrics.Ssim(p, r), Metrics.SsimOfSlices(p, r, SliceAxis.Z), 1e-12);
    }

    [Fact]
    public void DistancesEqualScipy()
    {
        bool[] features = [.. Noise(13, 6 * 7 * 40).Select(v => v > 0.995f)];
        AssertSampled(s_oracle.GetProperty("distance"), DistanceTransform.Distance(features, [40, 7, 6], [0.3, 31, 2.5]), 1e-4);
        AssertSampled(s_oracle.GetProperty("planeDistance"), DistanceTransform.Distance(features.AsSpan(3 * 280, 280), [40, 7], [0.3, 2.5]), 1e-5);
        double[] exact = DistanceTransform.Squared<double>(features, [40, 7, 6], [0.3, 31, 2.5]);
        double[] index = Numbers(s_oracle.GetProperty("distance").GetProperty("index")), value = Numbers(s_oracle.GetProperty("distance").GetProperty("value"));
        for (int i = 0; i < index.Length; i++) Assert.Equal(value[i], Math.Sqrt(exact[(int)index[i]]), 1e-9);
    }

    [Fact]
    public void EmptyMasksHaveTheDocumentedValues()
    {
        MLVolume some = Labels(), none = some.WithVoxels(new float[some.Voxels.Length]);
        Assert.Equal(new LabelAgreement(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, 0, double.NaN), Metrics.Compare(none, none, 1));
        const double far = double.PositiveInfinity;
        double volume = some.Voxels.ToArray().Count(v => v == 1) * 0.8 * 1.5 * 4;
        var missed = Metrics.Compare(none, some, 1);
        Assert.Equal(new LabelAgreement(0, 0, far, far, far, 0, missed.VolumeDifference, -1), missed);
        Assert.Equal(-volume, missed.VolumeDifference, 1e-6);
        var invented = Metrics.Compare(some, none, 1);
        Assert.Equal(new LabelAgreement(0, 0, far, far, far, 0, invented.VolumeDifference, far), invented);
        Assert.Equal(volume, invented.VolumeDifference, 1e-6);
    }

    [Fact]
    public void EqualMasksAgreeFully() =>
        Assert.Equal(new LabelAgreement(1, 1, 0, 0, 0, 1, 0, 0), Metrics.Compare(Labels(), Labels(), 2, tolerance: 0));

    [Fact]
    public void PercentilesAndTolerancesOutOfRangeAreRefused()
    {
        var surfaces = SurfaceDistances.Between(Labels(1), Labels(), 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => surfaces.Percentile(101));
        Assert.Throws<ArgumentOutOfRangeException>(() => surfaces.Percentile(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => surfaces.Dice(-1));
        Assert.Throws<GeometryMismatchException>(() => SurfaceDistances.Between(Labels(), new(new([15, 17, 11], [1, 1, 1]), new float[2805]), 1));
    }
}
