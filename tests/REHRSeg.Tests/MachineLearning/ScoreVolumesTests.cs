using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

/// <summary>The exported model in an ML.NET pipeline without Torch, against the Torch transformer it was exported from.</summary>
public sealed class ScoreVolumesTests(FittedPipeline fitted) : IClassFixture<FittedPipeline>
{
    readonly MLContext _ml = fitted.Ml;

    string Export()
    {
        string path = Path.Combine(fitted.Folder, Guid.NewGuid() + ".onnx");
        using var stream = File.Create(path);
        fitted.Model.LastTransformer.Model.ExportOnnx(stream);
        return path;
    }

    OnnxSegmentationOptions Options => new() { ModelPath = Export(), LrProbabilitiesColumnName = "LrP", HrProbabilitiesColumnName = "HrP" };

    static void AssertClose(MLVolume expected, MLVolume actual)
    {
        Assert.Equal(expected.Geometry, actual.Geometry);
        float worst = 0;
        for (int i = 0; i < expected.Voxels.Length; i++) worst = Math.Max(worst, Math.Abs(expected.Voxels[i] - actual.Voxels[i]));
        Assert.True(worst < 1e-4, $"largest difference {worst}");
    }

    [Fact]
    public void Probabilities_equal_those_of_Torch_also_after_save_and_load()
    {
        using var transformer = _ml.Transforms.ScoreVolumes(Options).Fit(fitted.Cases);
        string file = Path.Combine(fitted.Folder, "onnx.zip");
        _ml.Model.Save(transformer, fitted.Cases.Schema, file);
        using var loaded = Assert.IsType<OnnxSegmentationTransformer>(new MLContext().Model.Load(file, out _));
        Assert.Equal(2, loaded.Info.Factor);
        Assert.Equal("cpu", loaded.Device);
        var image = TinyPhantoms.Case(50).Image!;
        var torch = fitted.Model.LastTransformer.Model.Predict(image, new() { Probabilities = true });
        var rows = _ml.Data.LoadFromEnumerable(new[] { new TinyPhantoms.Row { Image = image } });
        foreach (var view in (IDataView[])[transformer.Transform(rows), loaded.Transform(rows)])
        {
            Assert.Equal(["Id", "Image", "Label", "LrSegmentation", "HrSegmentation", "LrP", "HrP"], view.Schema.Select(c => c.Name));
            AssertClose(torch.LrProbabilities!, view.GetColumn<MLVolume>("LrP").Single());
            AssertClose(torch.HrProbabilities!, view.GetColumn<MLVolume>("HrP").Single());
        }
    }

    [Fact]
    public void An_ensemble_with_uncertainty_survives_save_and_load()
    {
        string model = Export();
        using var transformer = _ml.Transforms.ScoreVolumes(new OnnxSegmentationOptions
        {
            ModelPath = model, MoreModelPaths = [model], LrSegmentationColumnName = null, LrUncertaintyColumnName = "U", HrUncertaintyColumnName = "HrU", PostProcess = false,
        }).Fit(fitted.Cases);
        string file = Path.Combine(fitted.Folder, "ensemble.zip");
        _ml.Model.Save(transformer, fitted.Cases.Schema, file);
        using var loaded = Assert.IsType<OnnxSegmentationTransformer>(new MLContext().Model.Load(file, out _));
        var image = TinyPhantoms.Case(52).Image!;
        var expected = fitted.Model.LastTransformer.Model.Predict(image, new() { Uncertainty = true });
        var view = loaded.Transform(_ml.Data.LoadFromEnumerable(new[] { new TinyPhantoms.Row { Image = image } }));
        Assert.Equal(["Id", "Image", "Label", "HrSegmentation", "U", "HrU"], view.Schema.Select(c => c.Name));
        AssertClose(expected.LrUncertainty!, view.GetColumn<MLVolume>("U").Single());
        AssertClose(expected.HrUncertainty!, view.GetColumn<MLVolume>("HrU").Single());
        Assert.All(expected.HrUncertainty!.Voxels.ToArray(), u => Assert.InRange(u, 0, 1));
    }

    [Fact]
    public void A_prediction_engine_scores_one_volume()
    {
        using var transformer = _ml.Transforms.ScoreVolumes(Export()).Fit(fitted.Cases);
        using var engine = _ml.Model.CreatePredictionEngine<TinyPhantoms.Row, TinyPhantoms.Scored>(transformer);
        var image = TinyPhantoms.Case(51).Image!;
        var scored = engine.Predict(new() { Image = image });
        Assert.Equal(image.Geometry, scored.LrSegmentation!.Geometry);
        Assert.Equal(24, scored.HrSegmentation!.Depth);
    }

    [Fact]
    public void Files_that_are_no_model_are_refused()
    {
        Assert.Throws<FileNotFoundException>(() => _ml.Transforms.ScoreVolumes(Path.Combine(fitted.Folder, "none.onnx")));
        string file = Path.Combine(fitted.Folder, "text.onnx");
        File.WriteAllText(file, "not a model");
        Assert.Contains("text.onnx", Assert.Throws<ModelFormatException>(() => _ml.Transforms.ScoreVolumes(file).Fit(fitted.Cases)).Message);
    }
}
