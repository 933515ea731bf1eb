using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.SelfSuperResolution;

/// <summary>No labels, constant images, masks that cover everything.</summary>
public class UnusualCasesTests
{
    static SelfSrOptions Few => SelfSrTrainerTests.Tiny with { Iterations = 6, UncertaintyIterations = 3, ValidationInterval = 3, ValidationSamples = 4 };

    static TrainingCase Case => SelfSrTrainerTests.Cases(1)[0];

    static MLVolume Filled(MLVolume like, float value)
    {
        var voxels = new float[like.Geometry.VoxelCount];
        Array.Fill(voxels, value);
        return like.WithVoxels(voxels);
    }

    sealed class Metrics : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];
        public void Report(TrainingProgress value) => Reports.Add(value);
        public double Last(string name) => Reports.Last(r => r.Metrics.ContainsKey(name)).Metrics[name];
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void ImagesWithoutLabelsAreLearntAlone(bool uncertaintyHead, int accumulation)
    {
        var item = Case with { Label = Filled(Case.Label, 0) };
        var warnings = new List<string>();
        var metrics = new Metrics();
        var options = Few with { UncertaintyHead = uncertaintyHead, Accumulation = accumulation, Iterations = 40, EmaDecay = 0.5, ClipNorm = 1, Consistency = SliceConsistency.Both };
        using var model = SelfSrTrainer.Train([item], options, SelfSrTrainerTests.Context(progress: metrics) with { Warn = warnings.Add });
        Assert.Contains(warnings, w => w.Contains("no labels", StringComparison.Ordinal));
        Assert.False(model.Info.LearntLabels);
        Assert.Equal([0, 1], model.Info.Labels.Select(l => l.Value));
        var names = metrics.Reports.SelectMany(r => r.Metrics.Keys).ToHashSet();
        Assert.True(names.Contains("val_psnr") && !names.Overlaps(["ce", "dice", "val_dice"]), string.Join(" ", names));
        Assert.True(metrics.Last("val_psnr") > metrics.Reports.First(r => r.Metrics.ContainsKey("val_psnr")).Metrics["val_psnr"] + 0.5);

        // Labels neither come out nor go in.
        var thin = model.Apply(item.Image, null);
        Assert.All(thin.Label.Voxels.ToArray(), v => Assert.Equal(0, v));
        Assert.Equal(thin.Image.Voxels, model.Apply(item.Image, Filled(item.Label, 1)).Image.Voxels);
        Assert.Equal(thin.Image.Voxels, model.Apply(item.Image, Filled(item.Label, 5)).Image.Voxels);

        using var file = new MemoryStream();
        model.Save(file);
        file.Position = 0;
        using var loaded = SelfSrModel.Load(file);
        Assert.False(loaded.Info.LearntLabels);
        Assert.Equal(thin.Image.Voxels, loaded.Apply(item.Image, null).Image.Voxels);
        if (!uncertaintyHead) return;
        using var onnx = new MemoryStream();
        model.ExportOnnx(onnx);
        using var scorer = new OnnxSuperResolver(onnx.ToArray(), "selfsr.onnx");
        var other = scorer.Apply(item.Image, null);
        Assert.All(other.Label.Voxels.ToArray(), v => Assert.Equal(0, v));
        for (int i = 0; i < thin.Image.Voxels.Length; i++) Assert.Equal(thin.Image.Voxels[i], other.Image.Voxels[i], 0.2f);
        for (int i = 0; i < thin.Uncertainty.Voxels.Length; i++) Assert.Equal(thin.Uncertainty.Voxels[i], other.Uncertainty.Voxels[i], 1e-4f);
    }

    [Fact]
    public void EmptyMapsKeepTheChannelsOfNamedLabels()
    {
        var item = Case with { Label = Filled(Case.Label, 0) };
        using var model = SelfSrTrainer.Train([item], Few with { Labels = [new(0, "background"), new(4, "a"), new(7, "b")] }, SelfSrTrainerTests.Context());
        Assert.Equal((2, false), (model.Info.LabelChannels, model.Info.LearntLabels));
        Assert.All(model.Apply(item.Image, item.Label).Label.Voxels.ToArray(), v => Assert.Equal(0, v));
    }

    sealed class ImageRow
    {
        public string Id { get; set; } = "a";
        [VolumeType] public MLVolume Image { get; set; } = null!;
    }

    [Fact]
    public void AnEstimatorWithoutLabelColumnNeedsImagesAlone()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable([new ImageRow { Image = Case.Image }]);
        Assert.Contains("'Label'", Assert.Throws<ArgumentOutOfRangeException>(() => ml.Transforms.SelfSuperResolution(Few).Fit(data)).Message);
        using var model = ml.Transforms.SelfSuperResolution(Few with { LabelColumnName = null }).Fit(data);
        using var file = new MemoryStream();
        ml.Model.Save(model, data.Schema, file);
        file.Position = 0;
        var loaded = new MLContext().Model.Load(file, out _);
        foreach (var transformer in (ITransformer[])[model, loaded])
        {
            var view = transformer.Transform(data);
            using var cursor = view.GetRowCursor(view.Schema);
            Assert.True(cursor.MoveNext());
            MLVolume image = null!, label = null!, uncertainty = null!;
            cursor.GetGetter<MLVolume>(view.Schema["HrImage"])(ref image);
            cursor.GetGetter<MLVolume>(view.Schema["HrLabel"])(ref label);
            cursor.GetGetter<MLVolume>(view.Schema["Uncertainty"])(ref uncertainty);
            Assert.Equal(Case.Image.Geometry.Refine(4, SliceAxis.Y), image.Geometry);
            Assert.All(label.Voxels.ToArray(), v => Assert.Equal(0, v));
            Assert.All(uncertainty.Voxels.ToArray(), v => Assert.InRange(v, 0.001f, 1));
        }
        (loaded as IDisposable)?.Dispose();
        var segmenter = ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg with { Labels = [new(0, "background"), new(1, "ball")] });
        var empty = new TinyPhantoms.Row { Id = "a", Image = TinyPhantoms.Case(0).Image, Label = Filled(TinyPhantoms.Case(0).Label!, 0) };
        Assert.Contains("nothing but background", Assert.Throws<DatasetException>(() => segmenter.Fit(ml.Data.LoadFromEnumerable([empty]))).Message);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-7.5f)]
    [InlineData(1e8f)]
    public void ConstantImagesStayConstant(float value)
    {
        var item = Case with { Image = Filled(Case.Image, value) };
        using var model = SelfSrTrainer.Train([item], Few with { Residual = true, GradientSampling = true, IntensityProbability = 0.5 }, SelfSrTrainerTests.Context());
        var thin = model.Apply(item.Image, item.Label);
        float range = Math.Max(1, Math.Abs(value) * 1e-3f);
        Assert.All(thin.Image.Voxels.ToArray(), v => Assert.InRange(v, value - 0.2f * range, value + 0.2f * range));
        Assert.All(thin.Uncertainty.Voxels.ToArray(), v => Assert.InRange(v, 0.001f, 1));
        var textured = model.Apply(Case.Image, Case.Label);
        Assert.All(textured.Image.Voxels.ToArray(), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void AConstantImageAmongOthersDoesNoHarm()
    {
        var cases = SelfSrTrainerTests.Cases(2);
        cases[1] = cases[1] with { Image = Filled(cases[1].Image, 1000) };
        var metrics = new Metrics();
        using var model = SelfSrTrainer.Train(cases, Few, SelfSrTrainerTests.Context(progress: metrics));
        Assert.All(metrics.Reports, r => Assert.All(r.Metrics.Values, v => Assert.True(double.IsFinite(v))));
        Assert.All(model.Apply(cases[1].Image, cases[1].Label).Image.Voxels.ToArray(), v => Assert.True(float.IsFinite(v)));
    }

    [Theory]
    [InlineData(SeedMode.SplineSignedDistance)]
    [InlineData(SeedMode.SplineNearest)]
    [InlineData(SeedMode.SplineMorphological)]
    public void AMaskThatCoversEverythingIsLearnt(SeedMode seeds)
    {
        var item = Case with { Label = Filled(Case.Label, 1) };
        var metrics = new Metrics();
        using var model = SelfSrTrainer.Train([item], Few with { Seeds = seeds, Iterations = 40 }, SelfSrTrainerTests.Context(progress: metrics));
        Assert.All(metrics.Reports, r => Assert.All(r.Metrics.Values, v => Assert.True(double.IsFinite(v))));
        Assert.True(model.Info.LearntLabels);
        Assert.True(metrics.Last("val_dice") > 0.99, $"{metrics.Last("val_dice")}");
        float[] labels = model.Apply(item.Image, item.Label).Label.Voxels.ToArray();
        Assert.True(labels.Average() > 0.95);
    }
}
