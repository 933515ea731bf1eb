using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Imaging.Tests;

namespace REHRSeg.Tests;

/// <summary>Files of a later version are refused by every transformer, with what to do; a file of this version still loads.</summary>
public sealed class LaterFormatTests(FittedPipeline fitted) : IClassFixture<FittedPipeline>
{
    readonly MLContext _ml = fitted.Ml;

    [Theory]
    [InlineData("RSSELFSR", "RehrSegSelfSr", "1.1")]
    [InlineData("RSPSEUDO", "RehrSegPseudoData", "1.1")]
    [InlineData("RSREHRSG", "RehrSegSegmentation", "1.2")]
    public void Members_of_the_chain(string signature, string member, string version)
        => AssertRefused(fitted.Model, signature, member, version);

    [Fact]
    public void The_onnx_transformer()
    {
        string model = Path.Combine(fitted.Folder, "later.onnx");
        using (var stream = File.Create(model)) fitted.Model.LastTransformer.Model.ExportOnnx(stream);
        using var transformer = _ml.Transforms.ScoreVolumes(model).Fit(fitted.Cases);
        AssertRefused(transformer, "RSONNXSG", "RehrSegOnnx", "1.2");
    }

    void AssertRefused(ITransformer model, string signature, string member, string version)
    {
        string file = Path.Combine(fitted.Folder, signature + ".zip");
        _ml.Model.Save(model, fitted.Cases.Schema, file);
        (new MLContext().Model.Load(file, out _) as IDisposable)?.Dispose();
        LaterFormat.Raise(file, signature);
        // ML.NET wraps what its loaders throw.
        string message = Assert.IsType<ModelFormatException>(Assert.ThrowsAny<Exception>(() => new MLContext().Model.Load(file, out _)).GetBaseException()).Message;
        Assert.Contains($"member {member} has", message, StringComparison.Ordinal);
        Assert.Contains($"up to {version}", message, StringComparison.Ordinal);
        Assert.Contains("Update the REHRSeg packages", message, StringComparison.Ordinal);
    }
}
