using System.Reflection;
using Microsoft.ML;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

/// <summary>What Fit refuses before it trains.</summary>
public class EstimatorChecksTests
{
    readonly MLContext _ml = new(seed: 1);

    SelfSrTransformer FitSelfSr(params TinyPhantoms.Row[] rows) => _ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr).Fit(_ml.Data.LoadFromEnumerable(rows));

    static TinyPhantoms.Row Good => TinyPhantoms.Case(0);

    static TinyPhantoms.Row WithLabel(Action<float[]> change)
    {
        var row = Good;
        float[] label = row.Label!.Voxels.ToArray();
        change(label);
        return new() { Id = "bad", Image = row.Image, Label = row.Label.WithVoxels(label) };
    }

    [Fact]
    public void Labels_that_are_none_are_named()
    {
        Assert.Contains("Case bad: the label map holds 0.5", Assert.Throws<DatasetException>(() => FitSelfSr(Good, WithLabel(l => l[5] = 0.5f))).Message);
        Assert.Contains("Case bad: the label map holds -1", Assert.Throws<DatasetException>(() => FitSelfSr(WithLabel(l => l[5] = -1))).Message);
        Assert.Contains("background", Assert.Throws<DatasetException>(() => FitSelfSr(WithLabel(l => Array.Clear(l)))).Message);
        var named = _ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { Labels = [new(0, "background"), new(1, "ball")] });
        Assert.Contains("holds 2, which is not among the named labels", Assert.Throws<DatasetException>(() => named.Fit(_ml.Data.LoadFromEnumerable([WithLabel(l => l[5] = 2)]))).Message);
    }

    [Fact]
    public void Grids_channels_and_values_are_checked()
    {
        var row = Good;
        var shifted = new VolumeGeometry([32, 32, 12], [1, 1, 2], [5, 0, 0]);
        Assert.Contains("case case0", Assert.Throws<GeometryMismatchException>(() => FitSelfSr(new TinyPhantoms.Row { Id = "case0", Image = row.Image, Label = new(shifted, row.Label!.Memory) })).Message);
        float[] image = row.Image!.Voxels.ToArray();
        image[3] = float.NaN;
        Assert.Contains("not finite", Assert.Throws<DatasetException>(() => FitSelfSr(new TinyPhantoms.Row { Image = row.Image.WithVoxels(image), Label = row.Label })).Message);
        var two = new TinyPhantoms.Row { Id = "two", Image = row.Image.WithVoxels(new float[2 * row.Image.Geometry.VoxelCount], 2), Label = row.Label };
        Assert.Contains("Case two: the image has 2 channel(s)", Assert.Throws<DatasetException>(() => FitSelfSr(row, two)).Message);
        Assert.Contains("row 0: column 'Label' holds no volume", Assert.Throws<DatasetException>(() => FitSelfSr(new TinyPhantoms.Row { Image = row.Image })).Message);
        Assert.Contains("no training rows", Assert.Throws<DatasetException>(() => FitSelfSr()).Message);
        var cube = new VolumeGeometry([32, 32, 12], [1, 1, 1]);
        Assert.Contains("Options.Axis and Options.Factor", Assert.Throws<DatasetException>(() => FitSelfSr(new TinyPhantoms.Row { Image = new(cube, row.Image.Memory), Label = new(cube, row.Label!.Memory) })).Message);
    }

    [Fact]
    public void Columns_are_checked_with_MLNets_words()
    {
        var numbers = _ml.Data.LoadFromEnumerable(new[] { new { Image = 1f, Label = 2f } });
        Assert.Contains("Schema mismatch for input column 'Image': expected Volume, got Single", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.SelfSuperResolution().Fit(numbers)).Message);
        Assert.Contains("Could not find input column 'Picture'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.RehrSeg(inputColumnName: "Picture").Fit(TinyPhantoms.Data(_ml))).Message);
        var half = _ml.Transforms.CopyColumns("PseudoImage", "Image").Append(_ml.Transforms.RehrSeg());
        Assert.Contains("'PseudoLabel'", Assert.Throws<ArgumentOutOfRangeException>(() => half.Fit(TinyPhantoms.Data(_ml))).Message);
        Assert.Throws<ArgumentException>(() => _ml.Transforms.SelfSuperResolution(outputColumnName: "Uncertainty"));
        Assert.Throws<ArgumentException>(() => _ml.Transforms.RehrSeg(outputColumnName: ""));
    }

    [Fact]
    public void A_cancelled_context_or_token_stops_Fit()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var byToken = Assert.ThrowsAny<OperationCanceledException>(() => _ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { CancellationToken = source.Token }).Fit(TinyPhantoms.Data(_ml)));
        var ml = new MLContext();
        var estimator = ml.Transforms.RehrSeg();
        var data = TinyPhantoms.Data(ml);
        typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(ml, null);
        Assert.ThrowsAny<OperationCanceledException>(() => estimator.Fit(data));
    }

    [Fact]
    public void An_unavailable_gpu_is_refused_or_warned_of()
    {
        if (TorchSharp.torch.cuda.is_available()) return;
        var options = TinyPhantoms.SelfSr with { Iterations = 1, UncertaintyIterations = 1 };
        Assert.Contains("GPU 0 was asked for", Assert.Throws<InvalidOperationException>(() => _ml.Transforms.SelfSuperResolution(options with { GpuDeviceId = 0, FallbackToCpu = false }).Fit(TinyPhantoms.Data(_ml))).Message);
        var ml = new MLContext(seed: 1) { GpuDeviceId = 0, FallbackToCpu = true };
        var warnings = new List<string>();
        ml.Log += (_, e) => { if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) warnings.Add(e.Message); };
        ml.Transforms.SelfSuperResolution(options).Fit(TinyPhantoms.Data(ml)).Dispose();
        Assert.Contains(warnings, w => w.Contains("GPU 0 was asked for"));
    }

    [Fact]
    public void Constructors_are_internal_and_classes_sealed()
    {
        foreach (var type in (Type[])[typeof(SelfSrEstimator), typeof(SelfSrTransformer), typeof(PseudoDataEstimator), typeof(PseudoDataTransformer), typeof(RehrSegEstimator), typeof(RehrSegTransformer), typeof(LoadVolumesEstimator), typeof(LoadVolumesTransformer), typeof(Onnx.OnnxSegmentationEstimator), typeof(Onnx.OnnxSegmentationTransformer)])
        {
            Assert.True(type.IsSealed, type.Name);
            Assert.Empty(type.GetConstructors());
        }
    }
}
