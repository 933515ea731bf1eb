using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

public class SegmentationOnnxExporterTests
{
    static readonly SegmentationArchitecture Small = new()
    {
        Channels = 2, Classes = 3, Features = [4, 6, 8], Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2)], Factor = 3, HighResolutionWidth = 5,
    };

    internal static SegmentationModelInfo Info(SegmentationArchitecture a) => new()
    {
        Factor = Math.Max(1, a.Factor), Channels = a.Channels, Patch = new(4, 16, 16), Divisor = a.Divisor, TargetSpacing = [3, 1, 1],
        Labels = [.. Enumerable.Range(0, a.Classes).Select(k => new LabelClass(k, $"class{k}"))], HasHighResolutionHead = a.Factor > 0,
    };

    internal static byte[] Export(SegmentationArchitecture a, IReadOnlyDictionary<string, WeightArray> weights, bool probabilities = true, OnnxPrecision precision = OnnxPrecision.Float32)
    {
        using var stream = new MemoryStream();
        SegmentationOnnxExporter.Export(stream, a, weights, Info(a), precision, probabilities);
        return stream.ToArray();
    }

    /// <summary>Names and shapes of METHOD.md 6.3, 6.4.</summary>
    internal static Dictionary<string, WeightArray> Weights(SegmentationArchitecture a)
    {
        var tensors = new List<(string, int[])>();
        void Add(string name, params int[] shape) => tensors.AddRange([(name + ".weight", shape), (name + ".bias", [shape[0]])]);
        void Stage(string name, int channels, int features, PatchShape kernel)
        {
            for (int c = 0; c < a.ConvolutionsPerStage; c++)
            {
                Add($"{name}.convs.{c}.conv", features, c == 0 ? channels : features, kernel.Depth, kernel.Height, kernel.Width);
                Add($"{name}.convs.{c}.norm", features);
            }
        }
        for (int s = 0; s < a.Features.Length; s++) Stage($"encoder.stages.{s}.0", s == 0 ? a.Channels : a.Features[s - 1], a.Features[s], a.Kernels[s]);
        for (int i = 0, level = a.Features.Length - 2; level >= 0; i++, level--)
        {
            var stride = a.Strides[level + 1];
            tensors.Add(($"decoder.transpconvs.{i}.weight", [a.Features[level + 1], a.Features[level], stride.Depth, stride.Height, stride.Width]));
            tensors.Add(($"decoder.transpconvs.{i}.bias", [a.Features[level]]));
            Stage($"decoder.stages.{i}", 2 * a.Features[level], a.Features[level], a.Kernels[level]);
            Add($"decoder.seg_layers.{i}", a.Classes, a.Features[level], 1, 1, 1);
        }
        if (a.Factor > 0)
        {
            Add("sr_head.0", a.HighResolutionWidth, a.Features[0], 3, 3, 3);
            Add("sr_head.2", a.Classes, a.HighResolutionWidth, 5, 5, 5);
        }
        return FormulaWeights.Make(tensors);
    }

    [Fact]
    public void LogitsEqualTheGoldenNetwork()
    {
        var golden = Golden.Case("golden_unet.json", "plainconvunet5");
        static PatchShape Shape(System.Text.Json.JsonElement e) => new(e[0].GetInt32(), e[1].GetInt32(), e[2].GetInt32());
        var architecture = new SegmentationArchitecture
        {
            Classes = golden.GetProperty("classes").GetInt32(), Factor = 0,
            Features = [.. golden.GetProperty("features").EnumerateArray().Select(f => f.GetInt32())],
            Kernels = [.. golden.GetProperty("kernels").EnumerateArray().Select(Shape)],
            Strides = [.. golden.GetProperty("strides").EnumerateArray().Select(Shape)],
        };
        var weights = Weights(architecture);
        Assert.Equal(golden.GetProperty("tensor_names").EnumerateArray().Select(n => n.GetString()), weights.Keys);
        byte[] file = Export(architecture, weights, probabilities: false);
        using var model = new OnnxPatchModel(file, "golden", Info(architecture), new());
        var shape = new PatchShape(8, 48, 64);
        var lr = new float[3 * shape.Voxels];
        model.Run(FormulaWeights.Input(shape.Voxels), 1, shape, lr, default, default);
        var expected = golden.GetProperty("outputs_high_to_low")[0];
        foreach (var (index, value) in expected.GetProperty("index").EnumerateArray().Zip(expected.GetProperty("value").EnumerateArray()))
            Assert.Equal(value.GetDouble(), lr[index.GetInt32()], 1e-4);
        Assert.Equal(expected.GetProperty("mean").GetDouble(), lr.Average(v => (double)v), 1e-4);
    }

    [Fact]
    public void ProbabilitiesSumToOneAndTheHrMapHasRTimesTheSlices()
    {
        byte[] file = Export(Small, Weights(Small));
        using var model = new OnnxPatchModel(file, "small", Info(Small), new());
        var shape = new PatchShape(4, 8, 12);
        float[] lr = new float[2 * 3 * shape.Voxels], hr = new float[2 * 3 * 3 * shape.Voxels];
        model.Run(FormulaWeights.Input(2 * 2 * shape.Voxels), 2, shape, lr, hr, default);
        foreach (var (output, n) in new[] { (lr, shape.Voxels), (hr, 3 * shape.Voxels) })
            for (int i = 0; i < n; i++) Assert.Equal(1, output[i] + output[n + i] + output[2 * n + i], 1e-5);
    }

    [Fact]
    public void WeightsOfAnotherArchitectureAreRefused()
    {
        var weights = Weights(Small);
        Assert.Contains("'sr_head.0.weight' is 5x4x3x3x3", Assert.Throws<ArgumentException>(() => Export(Small with { HighResolutionWidth = 7 }, weights)).Message);
        weights.Remove("decoder.seg_layers.1.bias");
        Assert.Contains("decoder.seg_layers.1.bias", Assert.Throws<ArgumentException>(() => Export(Small, weights)).Message);
        Assert.Contains("factor 3", Assert.Throws<ArgumentException>(() => SegmentationOnnxExporter.Export(Stream.Null, Small, weights, Info(Small) with { Factor = 4 })).Message);
    }
}
