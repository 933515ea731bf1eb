using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

public class ArchitectureMetadataTests
{
    static readonly SelfSrArchitecture s_architecture = new() { Width = 8, GlobalResidual = true, ResidualFwhm = 3.5 };
    static readonly SelfSrModelInfo s_info = new() { Factor = 4, Labels = [new(0, "background"), new(1, "a")] };

    static SelfSrArchitecture Read(SelfSrArchitecture a, SelfSrModelInfo info) =>
        ArchitectureMetadata.Read<SelfSrArchitecture>(new Dictionary<string, string> { [ArchitectureMetadata.Key] = ArchitectureMetadata.Write(a) }, info, "x.zip", b => b.Width <= 1024);

    [Fact]
    public void SurvivesTheMetadata() => Assert.Equal(s_architecture, Read(s_architecture, s_info));

    [Fact]
    public void WhatDoesNotFitIsRefusedByName()
    {
        SelfSrArchitecture[] wrong =
        [
            s_architecture with { Width = 5000 }, s_architecture with { Factor = 3 }, s_architecture with { ImageChannels = 2 }, s_architecture with { LabelChannels = 2 },
            s_architecture with { ResidualFwhm = -1 }, s_architecture with { ResidualFwhm = 1e12 }, s_architecture with { ResidualProfile = (SliceProfileKind)7 },
        ];
        Assert.All(wrong, a => Assert.Contains("x.zip", Assert.Throws<ModelFormatException>(() => Read(a, s_info)).Message, StringComparison.Ordinal));
        Assert.Contains("SLR", Assert.Throws<ArgumentOutOfRangeException>(() => SliceProfileKind.Slr.Make(8, null)).Message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => Read(s_architecture with { Factor = 8, ResidualProfile = SliceProfileKind.Slr }, s_info with { Factor = 8 }));
        Assert.Contains("another interpolation", Assert.Throws<ModelFormatException>(() => Read(s_architecture, s_info with { FormatVersion = 1 })).Message, StringComparison.Ordinal);
        Assert.Equal(8, Read(s_architecture with { GlobalResidual = false }, s_info with { FormatVersion = 1 }).Width);
    }
}
