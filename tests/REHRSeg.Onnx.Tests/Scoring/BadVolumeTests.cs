using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>Volumes that a model was not trained on, through the scorer and through the transformer.</summary>
public sealed class BadVolumeTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("rehrseg-onnx-").FullName;
    readonly MLContext _ml = new();

    sealed class Row
    {
        public string Id { get; set; } = "";
        [VolumeType] public MLVolume? Image { get; set; }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static MLVolume Volume(int[] size, double[] spacing, int channels = 1, Func<int, float>? value = null)
    {
        var geometry = new VolumeGeometry(size, spacing);
        return new(geometry, Enumerable.Range(0, geometry.VoxelCount * channels).Select(value ?? (i => (float)Math.Sin(i))).ToArray(), channels);
    }

    string Model()
    {
        string path = Path.Combine(_folder, Guid.NewGuid() + ".onnx");
        File.WriteAllBytes(path, TinyOnnx.Build());
        return path;
    }

    /// <summary>Thick and thin labels, and the warnings, of both ways.</summary>
    (MLVolume Lr, MLVolume Hr, string Warnings) Both(MLVolume image)
    {
        var warnings = new List<string>();
        using var scorer = new OnnxVolumeScorer(Model(), new() { Warn = warnings.Add });
        var result = scorer.Score(image);
        var log = new List<string>();
        _ml.Log += (_, e) => { if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) log.Add(e.RawMessage); };
        var rows = _ml.Data.LoadFromEnumerable(new[] { new Row { Image = image } });
        using var transformer = _ml.Transforms.ScoreVolumes(Model()).Fit(rows);
        var view = transformer.Transform(rows);
        Assert.True(result.Lr!.Voxels.SequenceEqual(view.GetColumn<MLVolume>("LrSegmentation").Single().Voxels));
        Assert.True(result.Hr!.Voxels.SequenceEqual(view.GetColumn<MLVolume>("HrSegmentation").Single().Voxels));
        Assert.Equal(warnings, log.Distinct());
        return (result.Lr, result.Hr, string.Join('\n', warnings));
    }

    /// <summary>The message that both ways refuse an image with.</summary>
    string Refusal<T>(MLVolume image) where T : Exception
    {
        using var scorer = new OnnxVolumeScorer(Model());
        var direct = Assert.ThrowsAny<T>(() => scorer.Score(image));
        Assert.ThrowsAny<T>(() => scorer.ScoreAsync(image).GetAwaiter().GetResult());
        var rows = _ml.Data.LoadFromEnumerable(new[] { new Row { Image = image } });
        using var transformer = _ml.Transforms.ScoreVolumes(Model()).Fit(rows);
        var thrown = Assert.ThrowsAny<Exception>(() => transformer.Transform(rows).GetColumn<MLVolume>("LrSegmentation").ToList());
        for (var e = thrown; ; e = e.InnerException ?? throw thrown)
            if (e is T) break;
        return direct.Message;
    }

    [Fact]
    public void AWrongChannelCountNamesBothNumbers() =>
        Assert.Contains("The image has 2 channel(s), but the model was trained on 1", Refusal<ArgumentException>(Volume([8, 8, 4], [1, 1, 4], channels: 2)), StringComparison.Ordinal);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void AVoxelThatIsNotFiniteIsNamed(float strange) =>
        Assert.Contains("must be finite", Refusal<ArgumentException>(Volume([8, 8, 4], [1, 1, 4], value: i => i == 100 ? strange : i)), StringComparison.Ordinal);

    [Fact]
    public void ASpacingFarFromThePlanWarnsAndGivesAResult()
    {
        var (lr, hr, warnings) = Both(Volume([10, 10, 4], [3, 3, 4]));
        Assert.Contains("4 x 3 x 3 mm", warnings, StringComparison.Ordinal);
        Assert.Contains("4 x 1 x 1 mm", warnings, StringComparison.Ordinal);
        Assert.Equal(8, hr.Depth);
        Assert.Contains(3f, lr.Voxels.ToArray());
        Assert.Equal("", Both(Volume([10, 10, 4], [1.2, 1.2, 4])).Warnings);
    }

    [Fact]
    public void ASpacingThatMakesTheVolumeEndlessIsRefused() =>
        Assert.Contains("Check the image's spacing", Refusal<ArgumentException>(Volume([64, 64, 8], [900, 900, 4000])), StringComparison.Ordinal);

    [Theory]
    [InlineData(8, 8, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(3, 3, 2)]
    [InlineData(40, 3, 1)]
    [InlineData(1, 50, 5)]
    public void VolumesOfOneSliceOrSmallerThanThePatchWork(int x, int y, int z)
    {
        var image = Volume([x, y, z], [1, 1, 4], value: i => i % 3 == 0 ? 5 : 1 + i % 2);
        var (lr, hr, _) = Both(image);
        Assert.Equal(image.Geometry, lr.Geometry);
        Assert.Equal(image.Geometry.Refine(2, SliceAxis.Z), hr.Geometry);
        double mean = image.Voxels.ToArray().Average(v => (double)v);
        if (image.Voxels.Length > 1) for (int i = 0; i < lr.Voxels.Length; i++) Assert.Equal(image.Voxels[i] > mean ? 3 : 0, lr.Voxels[i]);
    }

    [Fact]
    public void AnEmptyImageIsBackground()
    {
        var (lr, hr, _) = Both(Volume([12, 12, 3], [1, 1, 4], value: _ => 0));
        Assert.All(lr.Voxels.ToArray(), v => Assert.Equal(0, v));
        Assert.All(hr.Voxels.ToArray(), v => Assert.Equal(0, v));
        Assert.ThrowsAny<ArgumentException>(() => new MLVolume(new([0, 8, 8], [1, 1, 4]), new float[0])); // there is no volume without voxels
    }

    [Fact]
    public void LargePlanesAreScoredOrRefusedByTheLimit()
    {
        var image = Volume([2500, 1200, 1], [1, 1, 4]);
        using var scorer = new OnnxVolumeScorer(Model());
        var request = new SegmentationRequest { Mirror = false, Hr = false };
        Assert.Equal(image.Geometry, scorer.Score(image, request).Lr!.Geometry);
        using var limited = new OnnxVolumeScorer(Model(), new() { MemoryLimit = 50 << 20 });
        Assert.Throws<MemoryLimitException>(() => limited.Score(image, request));
        var rows = _ml.Data.LoadFromEnumerable(new[] { new Row { Image = image } });
        using var transformer = _ml.Transforms.ScoreVolumes(new OnnxSegmentationOptions { ModelPath = Model(), MemoryLimit = 50 << 20, MaxConcurrency = 1 }).Fit(rows);
        Assert.Contains("MemoryLimit", Assert.ThrowsAny<Exception>(() => transformer.Transform(rows).GetColumn<MLVolume>("LrSegmentation").ToList()).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ATransformerReportsProgressAndCanBeCancelled()
    {
        var image = Volume([40, 40, 9], [1, 1, 4]);
        var rows = _ml.Data.LoadFromEnumerable(new[] { new Row { Image = image } });
        var seen = new List<double>();
        using var source = new CancellationTokenSource();
        var options = new OnnxSegmentationOptions { ModelPath = Model(), Progress = new Report(seen.Add), CancellationToken = source.Token };
        using var transformer = _ml.Transforms.ScoreVolumes(options).Fit(rows);
        transformer.Transform(rows).GetColumn<MLVolume>("HrSegmentation").ToList();
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(1, seen[^1]);
        using var stopped = _ml.Transforms.ScoreVolumes(options with { Progress = new Report(_ => source.Cancel()) }).Fit(rows);
        Assert.ThrowsAny<OperationCanceledException>(() => stopped.Transform(rows).GetColumn<MLVolume>("HrSegmentation").ToList());
    }

    [Fact]
    public void ALargeModelIsSavedFromItsFileAndLoaded()
    {
        byte[] model = TinyOnnx.Build(alsoInGraph: new Wire().Message(5, TinyOnnx.Floats("unused", [5 << 20], new float[5 << 20])));
        Assert.True(model.Length > ModelContent.MostInMemory);
        string path = Path.Combine(_folder, "large.onnx"), zip = Path.Combine(_folder, "large.zip"), again = Path.Combine(_folder, "again.zip");
        File.WriteAllBytes(path, model);
        var rows = _ml.Data.LoadFromEnumerable(new[] { new Row { Image = Volume([8, 8, 4], [1, 1, 4]) } });
        using var transformer = _ml.Transforms.ScoreVolumes(path).Fit(rows);
        File.Delete(path); // the transformer has its own copy
        _ml.Model.Save(transformer, rows.Schema, zip);
        using var loaded = Assert.IsType<OnnxSegmentationTransformer>(new MLContext().Model.Load(zip, out _));
        File.Delete(zip);
        _ml.Model.Save(loaded, rows.Schema, again);
        using (var content = System.IO.Compression.ZipFile.OpenRead(again))
        {
            using var entry = content.Entries.Single(e => e.Name == "Model.onnx").Open();
            using var copy = new MemoryStream();
            entry.CopyTo(copy);
            Assert.True(model.AsSpan().SequenceEqual(copy.ToArray()));
        }
        Assert.Equal(transformer.Transform(rows).GetColumn<MLVolume>("LrSegmentation").Single().Voxels.ToArray(), loaded.Transform(rows).GetColumn<MLVolume>("LrSegmentation").Single().Voxels.ToArray());
    }

    sealed class Report(Action<double> report) : IProgress<double>
    {
        void IProgress<double>.Report(double value) => report(value);
    }
}
