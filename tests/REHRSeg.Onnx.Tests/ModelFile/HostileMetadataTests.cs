using REHRSeg.Imaging;
using static REHRSeg.Onnx.Tests.TinyOnnx;

namespace REHRSeg.Onnx.Tests;

/// <summary>Metadata that is missing, odd, or contradicts the graph.</summary>
public class HostileMetadataTests
{
    static string Refusal(byte[] model) => Assert.Throws<ModelFormatException>(() => new OnnxVolumeScorer(model, "model.onnx")).Message;

    public static TheoryData<string> KeyNames => [.. Keys.Keys];

    [Theory]
    [MemberData(nameof(KeyNames))]
    public void EveryKeyIsNeeded(string key)
    {
        var keys = Keys;
        keys.Remove(key);
        Assert.Contains(key, Refusal(Build(metadata: keys)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("factor", "0"), InlineData("factor", "-1"), InlineData("factor", "65"), InlineData("factor", "2.5"), InlineData("factor", "NaN"), InlineData("factor", "99999999999"), InlineData("factor", "")]
    [InlineData("channels", "0"), InlineData("channels", "2"), InlineData("channels", "two")]
    [InlineData("patch_size", "100000,100000,100000"), InlineData("patch_size", "4096,4096,4096"), InlineData("patch_size", "4,16"), InlineData("patch_size", "4,16,NaN"), InlineData("patch_size", "0,16,16"), InlineData("patch_size", "4,16.5,16")]
    [InlineData("divisor", "0,1,1"), InlineData("divisor", "4096,4096,4096"), InlineData("divisor", "-1,1,1")]
    [InlineData("target_spacing", "4,1,0"), InlineData("target_spacing", "4,1,NaN"), InlineData("target_spacing", "4,1,Infinity"), InlineData("target_spacing", "4,1,1,1"), InlineData("target_spacing", "4;1;1")]
    [InlineData("normalisation", "minmax"), InlineData("slice_axis", "w"), InlineData("mirroring", "True"), InlineData("hr_head", "1")]
    [InlineData("tile_step", "0"), InlineData("tile_step", "1.5"), InlineData("tile_step", "NaN"), InlineData("gaussian_sigma", "0"), InlineData("gaussian_sigma", "-1"), InlineData("gaussian_sigma", "1e9")]
    [InlineData("labels", "[]"), InlineData("labels", "{}"), InlineData("labels", "null"), InlineData("labels", """[{"value":0,"name":"a"},{"value":0,"name":"b"}]"""), InlineData("labels", """[{"value":1,"name":"a"},{"value":2,"name":"b"}]""")]
    [InlineData("labels", """[{"value":0,"name":"a"},{"value":-3,"name":"b"}]"""), InlineData("labels", """[{"value":0,"name":"a"},{"value":1e300,"name":"b"}]"""), InlineData("labels", """[{"value":0,"name":"a"}""")]
    [InlineData("lr_temperature", "0"), InlineData("lr_temperature", "-1"), InlineData("lr_temperature", "NaN"), InlineData("hr_temperature", "1e9"), InlineData("hr_temperature", "Infinity"), InlineData("hr_temperature", "")]
    [InlineData("format_version", "0"), InlineData("format_version", "4"), InlineData("format_version", "1.0"), InlineData("model", "self-sr"), InlineData("model", "")]
    public void WrongValuesAreNamed(string key, string value)
    {
        string message = Refusal(Build(metadata: new(Keys) { ["rehrseg." + key] = value }));
        Assert.True(message.Contains(key, StringComparison.Ordinal) || message.Contains($"'{value}' model", StringComparison.Ordinal) || message.Contains("metadata ask for", StringComparison.Ordinal), message);
    }

    [Theory]
    [InlineData("labels", """[{"value":0,"name":"a"},{"value":1,"name":"b"},{"value":2,"name":"c"}]""", "output 'lr' is Single -1x2x-1x-1x-1, but the metadata ask for Single -1x3x-1x-1x-1")]
    [InlineData("channels", "2", "input 'image'")]
    public void MetadataThatContradictTheGraphAreRefused(string key, string value, string message) =>
        Assert.Contains(message, Refusal(Build(metadata: new(Keys) { ["rehrseg." + key] = value })), StringComparison.Ordinal);

    [Fact]
    public void ALaterVersionSaysWhatToDo() => Assert.Contains("format_version 9; this program reads up to 3. Update the REHRSeg packages.", Refusal(Build(metadata: new(Keys) { ["rehrseg.format_version"] = "9" })), StringComparison.Ordinal);

    [Fact]
    public void DuplicateAndHugeMetadataAreRefused()
    {
        static Wire Entry(string key, string value) => new Wire().Message(Metadata, new Wire().Text(1, key).Text(2, value));
        Assert.Contains("'rehrseg.factor' twice", Refusal(Build(alsoInModel: Entry("rehrseg.factor", "4"))), StringComparison.Ordinal);
        Assert.Contains("MB of metadata", Refusal(Build(alsoInModel: Entry("other", new string('x', 17 << 20)))), StringComparison.Ordinal);
        string name = Refusal(Build(metadata: new(Keys) { ["rehrseg.normalisation"] = new string('x', 1 << 20) }));
        Assert.True(name.Length < 1000, "A message repeats a whole megabyte.");
        string many = "[" + string.Join(',', Enumerable.Range(0, 5000).Select(i => $$"""{"value":{{i}},"name":"x"}""")) + "]";
        Assert.Contains("2 to 4096", Refusal(Build(metadata: new(Keys) { ["rehrseg.labels"] = many })), StringComparison.Ordinal);
        new OnnxVolumeScorer(Build(alsoInModel: Entry("other.program", "x")), "other keys do not matter").Dispose();
    }
}
