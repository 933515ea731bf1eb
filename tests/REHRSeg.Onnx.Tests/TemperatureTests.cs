using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>Temperatures at scoring: labels stay, probabilities and uncertainty are those of <see cref="TemperatureScaling"/>.</summary>
public class TemperatureTests
{
    static readonly SegmentationModelInfo Info = PointwiseModel.Info(new(4, 8, 8));
    static readonly SegmentationRequest Everything = new() { Probabilities = true, Uncertainty = true };

    static float Sigmoid(float v) => 1 / (1 + MathF.Exp(-3 * v));

    static MLVolume Noise(int seed = 3)
    {
        var random = new Random(seed);
        return new(new VolumeGeometry([12, 10, 7], [1, 1, 4], [10, -20, 30]), Enumerable.Range(0, 12 * 10 * 7).Select(_ => (float)(50 + 10 * random.NextDouble())).ToArray());
    }

    static EnsembleMember Member(double? lr, double? hr, string name = "m", SegmentationInput input = SegmentationInput.Thick) =>
        new(new PointwiseModel(Sigmoid), Info with { LrTemperature = lr, HrTemperature = hr, Input = input, TargetSpacing = input == SegmentationInput.Thin ? [1, 1, 1] : Info.TargetSpacing }, name);

    static void AssertScaled(MLVolume raw, double? temperature, MLVolume probabilities, MLVolume uncertainty)
    {
        var expected = temperature is { } t ? TemperatureScaling.Apply(raw, t) : raw;
        Assert.Equal(expected.Voxels, probabilities.Voxels);
        Assert.Equal(PredictiveEntropy.Normalised(expected).Voxels, uncertainty.Voxels);
        int n = raw.Geometry.VoxelCount;
        for (int i = 0; i < n && temperature is not null; i++)
        {
            // Softmax of logits over T, where the logits are ln p.
            double z = (Math.Log(raw.Channel(1)[i]) - Math.Log(raw.Channel(0)[i])) / temperature.Value;
            Assert.Equal(1 / (1 + Math.Exp(-z)), probabilities.Channel(1)[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(1.8, 0.6, SegmentationInput.Thick)]
    [InlineData(null, 3.5, SegmentationInput.Thick)]
    [InlineData(0.4, null, SegmentationInput.Thick)]
    [InlineData(2.0, 5.0, SegmentationInput.Thin)]
    public void LabelsStayAndProbabilitiesAreScaled(double? lr, double? hr, SegmentationInput input)
    {
        var image = Noise();
        var raw = VolumeSegmenter.Segment(image, [Member(null, null, input: input)], Everything);
        var scaled = VolumeSegmenter.Segment(image, [Member(lr, hr, input: input)], Everything);
        Assert.Equal(raw.Lr!.Voxels, scaled.Lr!.Voxels);
        Assert.Equal(raw.Hr!.Voxels, scaled.Hr!.Voxels);
        AssertScaled(raw.LrProbabilities!, lr, scaled.LrProbabilities!, scaled.LrUncertainty!);
        AssertScaled(raw.HrProbabilities!, hr, scaled.HrProbabilities!, scaled.HrUncertainty!);

        var asTheNetworkSays = VolumeSegmenter.Segment(image, [Member(lr, hr, input: input)], Everything with { Calibrate = false });
        Assert.Equal(raw.LrProbabilities!.Voxels, asTheNetworkSays.LrProbabilities!.Voxels);
        Assert.Equal(raw.HrUncertainty!.Voxels, asTheNetworkSays.HrUncertainty!.Voxels);
        Assert.Equal(raw.Hr!.Voxels, VolumeSegmenter.Segment(image, [Member(lr, hr, input: input)]).Hr!.Voxels);
        Assert.Equal(scaled.HrUncertainty!.Voxels, VolumeSegmenter.Segment(image, [Member(lr, hr, input: input)], new() { Lr = false, Uncertainty = true }).HrUncertainty!.Voxels);
    }

    [Fact]
    public void AnEnsembleHasTheTemperatureThatAllMembersShare()
    {
        var image = Noise();
        var raw = VolumeSegmenter.Segment(image, [Member(null, null), Member(null, null)], Everything);
        var warnings = new List<string>();
        SegmentationResult Of(params EnsembleMember[] members) => VolumeSegmenter.Segment(image, members, Everything with { Warn = warnings.Add });
        var shared = Of(Member(2, 3), Member(2, 3));
        AssertScaled(raw.LrProbabilities!, 2, shared.LrProbabilities!, shared.LrUncertainty!);
        AssertScaled(raw.HrProbabilities!, 3, shared.HrProbabilities!, shared.HrUncertainty!);
        Assert.Empty(warnings);

        var mixed = Of(Member(null, 3, "fold0"), Member(2, 3, "fold1"));
        AssertScaled(raw.LrProbabilities!, null, mixed.LrProbabilities!, mixed.LrUncertainty!);
        AssertScaled(raw.HrProbabilities!, 3, mixed.HrProbabilities!, mixed.HrUncertainty!);
        Assert.Contains("LR probabilities are the models' mean as it is: fold1 has a temperature", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(raw.Lr!.Voxels, mixed.Lr!.Voxels);

        warnings.Clear();
        Of(Member(1.5, 3, "fold0"), Member(2, 3.1, "fold1"));
        Assert.Equal(2, warnings.Count);
        warnings.Clear();
        VolumeSegmenter.Segment(image, [Member(1.5, 3), Member(2, 3.1)], new() { Warn = warnings.Add });
        VolumeSegmenter.Segment(image, [Member(1.5, 3), Member(2, 3.1)], Everything with { Warn = warnings.Add, Calibrate = false });
        Assert.Empty(warnings);
    }

    [Fact]
    public void MemoryCountsTheScaledSlice()
    {
        var geometry = Noise().Geometry;
        long Need(double? lr, double? hr, SegmentationRequest request) => SegmentationMemory.Estimate(geometry, 1, [Member(lr, hr)], request, (_, _, _) => 0);
        const int slice = 2 * 12 * 10 * sizeof(float);
        Assert.Equal((slice, 2 * slice, 0, 0), (Need(2, null, Everything) - Need(null, null, Everything), Need(2, 2, Everything) - Need(null, null, Everything),
            Need(2, 2, new()) - Need(null, null, new()), Need(2, 2, Everything with { Calibrate = false }) - Need(null, null, Everything)));
    }
}
