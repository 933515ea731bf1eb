using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class OnnxVolumeScorerTests
{
    static string Model(string name) => Path.Combine(AppContext.BaseDirectory, "oracles", "tiny_models", name + ".onnx");

    static MLVolume Image(int seed = 5)
    {
        var random = new Random(seed);
        return new(new VolumeGeometry([10, 5, 9], [1, 4, 1], [1, 2, 3]), Enumerable.Range(0, 450).Select(_ => (float)random.NextDouble()).ToArray());
    }

    [Fact]
    public void AFileWrittenByPythonIsScoredAsItsGraphSays()
    {
        using var scorer = new OnnxVolumeScorer(Model("segmenter"));
        Assert.Equal("cpu", scorer.Device);
        Assert.Equal([new LabelClass(0, "background"), new LabelClass(3, "bright")], scorer.Info.Labels.AsEnumerable());
        var image = Image();
        var result = scorer.Score(image, new() { Probabilities = true });
        Assert.Equal(image.Geometry, result.Lr!.Geometry);
        Assert.Equal(image.Geometry.Refine(2, SliceAxis.Y), result.Hr!.Geometry);
        double mean = image.Voxels.ToArray().Average(v => (double)v), std = Math.Sqrt(image.Voxels.ToArray().Average(v => (v - mean) * (v - mean)));
        for (int z = 0; z < 9; z++)
            for (int y = 0; y < 5; y++)
                for (int x = 0; x < 10; x++)
                {
                    double v = (image[z, y, x] - mean) / std, p = 1 / (1 + Math.Exp(-2 * v));
                    Assert.Equal(p, result.LrProbabilities!.Channel(1)[(z * 5 + y) * 10 + x], 1e-5);
                    for (int t = 0; t < 2; t++)
                    {
                        Assert.Equal(p, result.HrProbabilities!.Channel(1)[(z * 10 + 2 * y + t) * 10 + x], 1e-5);
                        Assert.Equal(v > 0 ? 3 : 0, result.Hr[z, 2 * y + t, x]);
                    }
                }
    }

    [Fact]
    public void OneScorerServesManyThreads()
    {
        using var scorer = new OnnxVolumeScorer(Model("segmenter"), new() { Threads = 1 });
        var expected = Enumerable.Range(0, 4).Select(s => scorer.Score(Image(s)).Hr!.Voxels.ToArray()).ToArray();
        Parallel.For(0, 16, i => Assert.Equal(expected[i % 4], scorer.Score(Image(i % 4)).Hr!.Voxels.ToArray()));
    }

    [Theory]
    [InlineData("foreign", "not a REHRSeg model")]
    [InlineData("later_version", "format_version 4")]
    [InlineData("contradicting", "input 'image'")]
    [InlineData("foreign_operators", "com.example")]
    [InlineData("external_data", "external data")]
    public void OtherFilesAreRefused(string name, string message) =>
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => new OnnxVolumeScorer(Model(name))).Message);

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] whole = File.ReadAllBytes(Model("segmenter"));
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<ModelFormatException>(() => new OnnxVolumeScorer(whole.AsMemory(0, length), "cut.onnx"));
    }

    [Fact]
    public void AnyOtherBytesAreRefused()
    {
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            Assert.Throws<ModelFormatException>(() => new OnnxVolumeScorer(bytes, "noise.onnx"));
        }
        Assert.Throws<FileNotFoundException>(() => new OnnxVolumeScorer(Model("absent")));
    }

    [Fact]
    public void ASegmenterIsNoSelfSrModel() =>
        Assert.Contains("'self-sr' model is needed", Assert.Throws<ModelFormatException>(() => new OnnxSuperResolver(Model("segmenter"))).Message);

    [Fact]
    public void WithoutCudaNativesTheGpuFallsBackWithAWarningOrFails()
    {
        if (Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider")) return;
        var warnings = new List<string>();
        using var scorer = new OnnxVolumeScorer(Model("segmenter"), new() { GpuDeviceId = 0, Warn = warnings.Add });
        Assert.Equal("cpu", scorer.Device);
        Assert.Contains("no CUDA provider", Assert.Single(warnings));
        Assert.Contains("no CUDA provider", Assert.Throws<InvalidOperationException>(() => new OnnxVolumeScorer(Model("segmenter"), new() { GpuDeviceId = 0, FallbackToCpu = false })).Message);
    }

    [Fact]
    public void CancellationIsSeen()
    {
        using var scorer = new OnnxVolumeScorer(Model("segmenter"));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => scorer.Score(Image(), cancellationToken: source.Token));
    }
}
