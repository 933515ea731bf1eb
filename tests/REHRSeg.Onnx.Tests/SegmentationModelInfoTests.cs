using System.Globalization;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class SegmentationModelInfoTests
{
    static readonly SegmentationModelInfo Info = new()
    {
        Factor = 3, Channels = 2, Patch = new(16, 96, 80), Divisor = new(4, 16, 16), TargetSpacing = [3.0000001, 0.1 + 0.2, 1], NormaliseInsideNonzero = true,
        Labels = [new LabelClass(0, "background"), new LabelClass(2, "left, \"anterior\" é")], DefaultSliceAxis = SliceAxis.Y, TileStep = 0.25, GaussianSigma = 0.2,
        Mirroring = false, HasHighResolutionHead = false, TrainingFingerprint = "ab12", ToolVersion = "0.1.0",
    };

    [Fact]
    public void MetadataComesBackInAnyCulture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            var back = SegmentationModelInfo.FromMetadata(Info.ToMetadata(), "a.onnx");
            Assert.Equal(Info.TargetSpacing.AsEnumerable(), back.TargetSpacing.AsEnumerable());
            Assert.Equal(Info.Labels.AsEnumerable(), back.Labels.AsEnumerable());
            Assert.Equal(Info, back with { TargetSpacing = Info.TargetSpacing, Labels = Info.Labels });
        }
        finally { CultureInfo.CurrentCulture = before; }
    }

    [Theory]
    [InlineData("rehrseg.model", null, "not a REHRSeg model")]
    [InlineData("rehrseg.model", "self-sr", "'segmentation' model is needed")]
    [InlineData("rehrseg.format_version", "4", "Update the REHRSeg packages")]
    [InlineData("rehrseg.factor", "0", "rehrseg.factor is '0'")]
    [InlineData("rehrseg.factor", "4.0", "rehrseg.factor")]
    [InlineData("rehrseg.patch_size", "16,96", "rehrseg.patch_size")]
    [InlineData("rehrseg.patch_size", "16,96,1e9", "rehrseg.patch_size")]
    [InlineData("rehrseg.target_spacing", "1,1,NaN", "rehrseg.target_spacing")]
    [InlineData("rehrseg.labels", "[{\"value\":1,\"name\":\"a\"}]", "rehrseg.labels")]
    [InlineData("rehrseg.labels", "{", "rehrseg.labels")]
    [InlineData("rehrseg.slice_axis", "w", "rehrseg.slice_axis")]
    [InlineData("rehrseg.input", "thinner", "one of thick, thick_and_thin, thin")]
    [InlineData("rehrseg.postprocessing", "largest:0", "largest:LABEL")]
    [InlineData("rehrseg.postprocessing", "largest:foreground,largest:5", "largest:LABEL")]
    [InlineData("rehrseg.postprocessing", "", "largest:LABEL")]
    [InlineData("rehrseg.lr_temperature", "0", "rehrseg.lr_temperature is '0', but a number from 0.01 to 100")]
    [InlineData("rehrseg.lr_temperature", "-1.5", "a number from 0.01 to 100")]
    [InlineData("rehrseg.lr_temperature", "NaN", "a number from 0.01 to 100")]
    [InlineData("rehrseg.hr_temperature", "Infinity", "rehrseg.hr_temperature")]
    [InlineData("rehrseg.hr_temperature", "1e30", "a number from 0.01 to 100")]
    [InlineData("rehrseg.hr_temperature", "", "a number from 0.01 to 100")]
    [InlineData("rehrseg.hr_temperature", "1,5", "a number from 0.01 to 100")]
    [InlineData("rehrseg.mirroring", null, "rehrseg.mirroring is missing")]
    public void WrongMetadataIsRefused(string key, string? value, string message)
    {
        var metadata = Info.ToMetadata().ToDictionary();
        if (value is null) metadata.Remove(key);
        else metadata[key] = value;
        var error = Assert.Throws<ModelFormatException>(() => SegmentationModelInfo.FromMetadata(metadata, "a.onnx"));
        Assert.Contains(message, error.Message);
        Assert.Contains("a.onnx", error.Message);
    }

    [Fact]
    public void AModelOfVersion1StaysOne()
    {
        var metadata = Info.ToMetadata();
        Assert.Equal("1", metadata["rehrseg.format_version"]);
        Assert.Equal(16, metadata.Count);
        var back = SegmentationModelInfo.FromMetadata(metadata, "a.onnx");
        Assert.Equal((SegmentationInput.Thick, 0, false, false), (back.Input, back.PostProcessing.Length, back.IsPlanar, back.CanSegmentThin));
    }

    [Theory]
    [InlineData(SegmentationInput.Thin, false)]
    [InlineData(SegmentationInput.ThickAndThin, true)]
    public void WhatOldProgramsWouldDoWrongIsOfVersion2(SegmentationInput input, bool planar)
    {
        var info = Info with { Input = input, PostProcessing = [LargestComponentRule.Foreground, new(2)], Patch = planar ? new(1, 96, 80) : Info.Patch, Divisor = planar ? new(1, 16, 16) : Info.Divisor };
        var metadata = info.ToMetadata();
        Assert.Equal(("2", "largest:foreground,largest:2"), (metadata["rehrseg.format_version"], metadata["rehrseg.postprocessing"]));
        var back = SegmentationModelInfo.FromMetadata(metadata, "a.onnx");
        Assert.Equal((input, planar, true), (back.Input, back.IsPlanar, back.CanSegmentThin));
        Assert.Equal(info.PostProcessing.AsEnumerable(), back.PostProcessing.AsEnumerable());
        Assert.Equal(2, (Info with { PostProcessing = [new(2)] }).FormatVersion);
        Assert.Equal(2, (Info with { Patch = new(1, 8, 8), Divisor = new(1, 8, 8) }).FormatVersion);
        Assert.False((info with { Factor = 1 }).CanSegmentThin);
    }

    [Theory]
    [InlineData(1.7, null)]
    [InlineData(null, 0.1 + 0.2)]
    [InlineData(0.01, 100.0)]
    public void TemperaturesComeBackInVersion3(double? lr, double? hr)
    {
        var info = Info with { LrTemperature = lr, HrTemperature = hr };
        var metadata = info.ToMetadata();
        Assert.Equal("3", metadata["rehrseg.format_version"]);
        Assert.Equal((lr is not null, hr is not null), (metadata.ContainsKey("rehrseg.lr_temperature"), metadata.ContainsKey("rehrseg.hr_temperature")));
        var back = SegmentationModelInfo.FromMetadata(metadata, "a.onnx");
        Assert.Equal((lr, hr), (back.LrTemperature, back.HrTemperature));
        Assert.Equal(1, (back with { LrTemperature = null, HrTemperature = null }).FormatVersion);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData(double.NaN)]
    [InlineData(101)]
    public void ATemperatureThatMakesNoSenseIsRefused(double temperature)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Info with { LrTemperature = temperature });
        Assert.Throws<ArgumentOutOfRangeException>(() => Info with { HrTemperature = temperature });
    }

    [Fact]
    public void SelfSrMetadataComesBack()
    {
        var info = new SelfSrModelInfo { Factor = 5, ImageChannels = 2, Labels = Info.Labels, DefaultSliceAxis = SliceAxis.X, RobustRange = (0.005, 0.995), TrainingFingerprint = "f", EdgeSlices = EdgeSlices.Replicate, ToolVersion = "v" };
        var back = SelfSrModelInfo.FromMetadata(info.ToMetadata(), "b.onnx");
        Assert.Equal(info.Labels.AsEnumerable(), back.Labels.AsEnumerable());
        Assert.Equal(info, back with { Labels = info.Labels });
        Assert.Contains("'self-sr' model", Assert.Throws<ModelFormatException>(() => SegmentationModelInfo.FromMetadata(info.ToMetadata(), "b.onnx")).Message);
    }
}
