using REHRSeg.Imaging;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SelfSrOptionsTests
{
    [Fact]
    public void DefaultsAreValid() => new SelfSrOptions().Validate();

    public static TheoryData<string, SelfSrOptions> Wrong => new()
    {
        { "PatchSize", new() { PatchSize = 20 } },
        { "PatchSize", new() { PatchSize = 0 } },
        { "Factor", new() { Factor = 1 } },
        { "BatchSize", new() { BatchSize = 0 } },
        { "LearningRate", new() { LearningRate = double.NaN } },
        { "UncertaintyLearningRate", new() { UncertaintyLearningRate = 0 } },
        { "EdgeDropout", new() { EdgeDropout = 0.6 } },
        { "EmaDecay", new() { EmaDecay = 1 } },
        { "ClipNorm", new() { ClipNorm = -1 } },
        { "ProfileFwhm", new() { ProfileFwhm = 3, Profile = SliceProfileKind.Slr } },
        { "RobustLow", new() { RobustLow = 0.9, RobustHigh = 0.5 } },
        { "Labels", new() { Labels = [new LabelClass(0, "background"), new LabelClass(1, "a"), new LabelClass(1, "b")] } },
        { "Resume", new() { Resume = true } },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void WrongValuesAreNamed(string option, SelfSrOptions options)
    {
        var error = Assert.Throws<ArgumentException>(options.Validate);
        Assert.Contains("SelfSrOptions." + option, error.Message);
    }
}
