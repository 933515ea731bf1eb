using System.Reflection;
using Microsoft.ML;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

/// <summary>What Fit refuses before it trains.</summary>
public class EstimatorChecksTests
{
    readonly MLContext _ml = new(seed: 1);

    static TinyPhantoms.Row Good => TinyPhantoms.Case(0);

    static TinyPhantoms.Row WithLabel(Action<float[]> change)
    {
        var row = Good;
        float[] label = row.Label!.Voxels.ToArray();
        change(label);
        return new() { Id = "bad", Image = row.Image, Label = row.Label.WithVoxels(label) };
    }

    static void AssertRefused(string part, Func<object> fit) => Assert.Contains(part, Assert.ThrowsAny<Exception>(fit).Message);

    [Fact]
    public void Faulty_cases_are_named_by_both_trainers()
    {
        var row = Good;
        float[] image = row.Image!.Voxels.ToArray();
        image[3] = float.NaN;
        var shifted = new VolumeGeometry([32, 32, 12], [1, 1, 2], [5, 0, 0]);
        var cube = new VolumeGeometry([32, 32, 12], [1, 1, 1]);
        (TinyPhantoms.Row[] Rows, string Part)[] faults =
        [
            ([row, WithLabel(l => l[5] = 0.5f)], "0.5"),
            ([WithLabel(l => l[5] = -1)], "-1"),
            ([new() { Id = "bad", Image = row.Image, Label = new(shifted, row.Label!.Memory) }], "bad"),
            ([new() { Id = "bad", Image = row.Image.WithVoxels(image), Label = row.Label }], "NaN"),
            ([row, new() { Id = "bad", Image = row.Image.WithVoxels(new float[2 * image.Length], 2), Label = row.Label }], "bad has 2 image channel(s)"),
            ([new() { Id = "bad", Image = row.Image }], "Case bad: column 'Label' holds no volume"),
            ([new() { Image = row.Image }], "Case row 0: column 'Label' holds no volume"),
            ([new() { Id = "bad", Image = new(cube, row.Image.Memory), Label = new(cube, row.Label.Memory) }], "Axis"),
            ([], "There are no"),
        ];
        foreach (var (rows, part) in faults)
        {
            var data = _ml.Data.LoadFromEnumerable(rows);
            AssertRefused(part, () => _ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr).Fit(data));
            AssertRefused(part, () => _ml.Transforms.RehrSeg(TinyPhantoms.RehrSeg).Fit(data));
        }
        var named = TinyPhantoms.SelfSr with { Labels = [new(0, "background"), new(1, "ball")] };
        AssertRefused("2", () => _ml.Transforms.SelfSuperResolution(named).Fit(_ml.Data.LoadFromEnumerable([WithLabel(l => l[5] = 2)])));
    }

    [Fact]
    public void Options_are_checked_when_an_estimator_is_made()
    {
        Assert.Throws<ArgumentException>("PatchSize", () => _ml.Transforms.SelfSuperResolution(new SelfSrOptions { PatchSize = 12 }));
        Assert.ThrowsAny<ArgumentException>(() => _ml.Transforms.RehrSeg(new RehrSegOptions { CheckpointInterval = 0 }));
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
        var options = TinyPhantoms.SelfSr;
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
