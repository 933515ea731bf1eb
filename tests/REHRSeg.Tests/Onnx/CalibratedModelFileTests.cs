using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

public sealed class CalibratedModelFileTests : IDisposable
{
    static readonly SegmentationArchitecture Network = new()
    {
        Classes = 3, Features = [4, 8], Kernels = [new(1, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)], Factor = 2, HighResolutionWidth = 4,
    };
    readonly TemporaryFolder _folder = new();

    static byte[] Export(OnnxPrecision precision, Func<SegmentationModelInfo, SegmentationModelInfo> change)
    {
        using var stream = new MemoryStream();
        SegmentationOnnxExporter.Export(stream, Network, SegmentationOnnxExporterTests.Weights(Network), change(SegmentationOnnxExporterTests.Info(Network)), precision);
        return stream.ToArray();
    }

    byte[] Write(byte[] model, double? lr, double? hr)
    {
        string file = Path.Combine(_folder.Path, "a.onnx");
        File.WriteAllBytes(file, model);
        using var target = new MemoryStream();
        var info = CalibratedModelFile.Write(file, lr, hr, target);
        Assert.Equal((lr, hr), (info.LrTemperature, info.HrTemperature));
        return target.ToArray();
    }

    [Theory]
    [InlineData(OnnxPrecision.Float32)]
    [InlineData(OnnxPrecision.Float16)]
    [InlineData(OnnxPrecision.Int8)]
    [InlineData(OnnxPrecision.Int8Dynamic)]
    public void A_copy_with_temperatures_is_the_file_that_would_have_been_exported(OnnxPrecision precision)
    {
        byte[] plain = Export(precision, i => i), both = Export(precision, i => i with { LrTemperature = 1.7, HrTemperature = 1.0 / 3 });
        Assert.NotEqual(plain, both);
        Assert.Equal(both, Write(plain, 1.7, 1.0 / 3));
        Assert.Equal(Export(precision, i => i with { HrTemperature = 2 }), Write(both, null, 2));
        Assert.Equal(plain, Write(both, null, null));
        Assert.Equal(plain, Write(plain, null, null));
    }

    [Fact]
    public void Long_texts_empty_texts_and_rules_stay()
    {
        SegmentationModelInfo Odd(SegmentationModelInfo info) => info with
        {
            ToolVersion = "", TrainingFingerprint = new string('é', 40_000), PostProcessing = [LargestComponentRule.Foreground], TileStep = 0.1 + 0.2,
        };
        Assert.Equal(Export(OnnxPrecision.Float32, i => Odd(i) with { LrTemperature = 2 }), Write(Export(OnnxPrecision.Float32, Odd), 2, null));
    }

    [Fact]
    public void Torch_and_the_copy_score_alike()
    {
        var info = SegmentationOnnxExporterTests.Info(Network) with { Patch = new(4, 8, 8) };
        using var model = new RehrSegModel(new SegmentationNetwork(Network, seed: 3), info, TorchSharp.torch.CPU);
        string file = Path.Combine(_folder.Path, "plain.onnx"), copy = Path.Combine(_folder.Path, "copy.onnx");
        using (var stream = File.Create(file)) model.ExportOnnx(stream);
        using (var stream = File.Create(copy)) CalibratedModelFile.Write(file, 2.5, 0.5, stream);
        var random = new Random(1);
        var image = new MLVolume(new VolumeGeometry([10, 9, 5], [1, 1, 2]), Enumerable.Range(0, 450).Select(_ => (float)random.NextDouble()).ToArray());
        var request = new SegmentationRequest { Probabilities = true, Uncertainty = true, Axis = SliceAxis.Z };
        var plain = model.Predict(image, request);
        model.UseTemperatures(2.5, 0.5);
        var torch = model.Predict(image, request);
        using var scorer = new OnnxVolumeScorer(copy);
        var onnx = scorer.Score(image, request);
        Assert.Equal((plain.Lr!.Voxels.ToArray(), plain.Hr!.Voxels.ToArray()), (torch.Lr!.Voxels.ToArray(), torch.Hr!.Voxels.ToArray()), new SameLabels());
        Assert.Equal(TemperatureScaling.Apply(plain.HrProbabilities!, 0.5).Voxels, torch.HrProbabilities!.Voxels);
        foreach (var (a, b) in new[] { (torch.LrProbabilities, onnx.LrProbabilities), (torch.HrProbabilities, onnx.HrProbabilities), (torch.LrUncertainty, onnx.LrUncertainty), (torch.HrUncertainty, onnx.HrUncertainty) })
            for (int i = 0; i < a!.Voxels.Length; i++) Assert.Equal(a.Voxels[i], b!.Voxels[i], 2e-4f);

        using var saved = new MemoryStream();
        model.Save(saved);
        saved.Position = 0;
        using var loaded = RehrSegModel.Load(saved);
        Assert.Equal((2.5, 0.5), (loaded.Info.LrTemperature, loaded.Info.HrTemperature));
        using var exported = new MemoryStream();
        loaded.ExportOnnx(exported);
        Assert.Equal(File.ReadAllBytes(copy), exported.ToArray());
    }

    sealed class SameLabels : IEqualityComparer<(float[], float[])>
    {
        public bool Equals((float[], float[]) a, (float[], float[]) b) => a.Item1.AsSpan().SequenceEqual(b.Item1) && a.Item2.AsSpan().SequenceEqual(b.Item2);
        public int GetHashCode((float[], float[]) labels) => 0;
    }

    [Fact]
    public void What_is_no_segmenter_is_refused()
    {
        byte[] plain = Export(OnnxPrecision.Float32, i => i);
        Assert.Throws<ModelFormatException>(() => Write(plain[..^20], 2, 2));
        Assert.Throws<ModelFormatException>(() => Write([1, 2, 3], 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(plain, 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(plain, 2, double.NaN));
        Assert.Throws<FileNotFoundException>(() => CalibratedModelFile.Write(Path.Combine(_folder.Path, "none.onnx"), 2, 2, Stream.Null));
    }

    public void Dispose() => _folder.Dispose();
}
