using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests.SuperResolution;

public class SelfSrModelInfoTests
{
    static readonly SelfSrModelInfo Info = new()
    {
        Factor = 3,
        ImageChannels = 2,
        Labels = [new(0, "background"), new(10, "a \"quoted\" name"), new(2000, "b")],
        DefaultSliceAxis = SliceAxis.Y,
        RobustRange = (0.0125, 0.9875),
        EdgeSlices = EdgeSlices.Replicate,
        LearntLabels = false,
        Ensemble = WindowEnsemble.Full,
        Profile = SliceProfile.Gaussian(3, 2.5),
        Consistency = SliceConsistency.Image,
        TrainingFingerprint = "abc",
        ToolVersion = "REHRSeg 0.1",
    };

    [Fact]
    public void SurvivesTheMetadata()
    {
        var back = SelfSrModelInfo.FromMetadata(Info.ToMetadata(), "x.onnx");
        Assert.Equal(Info.Labels.ToArray(), back.Labels.ToArray());
        Assert.Equal(Info, back with { Labels = Info.Labels, Profile = Info.Profile });
        Assert.Equal(("gaussian", 3, Info.Profile!.First), (back.Profile!.Name, back.Profile.Factor, back.Profile.First));
        Assert.Equal(Info.Profile.Weights, back.Profile.Weights);
    }

    [Theory]
    [InlineData("false", WindowEnsemble.None)]
    [InlineData("true", WindowEnsemble.Mirror)]
    public void AFileThatKnowsOnlyMirroringIsRead(string mirroring, WindowEnsemble ensemble)
    {
        var metadata = new Dictionary<string, string>(Info.ToMetadata()) { ["rehrseg.mirroring"] = mirroring };
        metadata.Remove("rehrseg.rotating");
        Assert.Equal(ensemble, SelfSrModelInfo.FromMetadata(metadata, "x.onnx").Ensemble);
    }

    [Fact]
    public void AFileOfFormatVersion1HasNoProfileAndNoConsistency()
    {
        var metadata = new Dictionary<string, string>(Info.ToMetadata()) { ["rehrseg.format_version"] = "1" };
        foreach (string later in (string[])["slice_profile", "consistency"]) metadata.Remove("rehrseg." + later);
        var back = SelfSrModelInfo.FromMetadata(metadata, "x.onnx");
        Assert.Null(back.Profile);
        Assert.Equal(SliceConsistency.None, back.Consistency);
    }

    [Theory]
    [InlineData("rehrseg.model", "segmentation")]
    [InlineData("rehrseg.format_version", "3")]
    [InlineData("rehrseg.slice_profile", "gaussian;0;0.5,0.4")]
    [InlineData("rehrseg.slice_profile", "gaussian;1;1")]
    [InlineData("rehrseg.consistency", "maybe")]
    [InlineData("rehrseg.factor", "1")]
    [InlineData("rehrseg.labels", "[]")]
    [InlineData("rehrseg.labels", "{\"1\":\"only\"}")]
    [InlineData("rehrseg.robust_range", "0,1.5")]
    [InlineData("rehrseg.edge_slices", "mirror")]
    public void DamagedMetadataNameFileAndKey(string key, string value)
    {
        var metadata = new Dictionary<string, string>(Info.ToMetadata()) { [key] = value };
        Assert.Contains("x.onnx", Assert.Throws<ModelFormatException>(() => SelfSrModelInfo.FromMetadata(metadata, "x.onnx")).Message);
        metadata.Remove(key);
        Assert.Contains(key, Assert.Throws<ModelFormatException>(() => SelfSrModelInfo.FromMetadata(metadata, "x.onnx")).Message);
    }
}
