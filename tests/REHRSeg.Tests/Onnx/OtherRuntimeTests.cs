using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

/// <summary>Exported files as another program runs them: outputs of onnxruntime-node (tests/oracles/onnx_other_runtime.mjs), on files that onnx.checker accepts.</summary>
public class OtherRuntimeTests
{
    static readonly SegmentationArchitecture Segmenter = new()
    {
        Channels = 2, Classes = 3, Features = [8, 12, 16], Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2)], Factor = 3, HighResolutionWidth = 8,
    };
    static readonly SelfSrArchitecture SelfSr = new() { Width = 8, GlobalResidual = true };
    static readonly PatchShape Patch = new(4, 8, 12);
    const int Batch = 2, Height = 16, Width = 24;

    public static TheoryData<OnnxPrecision> Precisions => [.. Enum.GetValues<OnnxPrecision>()];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_segmenter(OnnxPrecision precision)
    {
        byte[] file = SegmentationOnnxExporterTests.Export(Segmenter, SegmentationOnnxExporterTests.Weights(Segmenter), precision: precision);
        float[] input = FormulaWeights.Input(Batch * Segmenter.Channels * Patch.Voxels), lr = new float[Batch * Segmenter.Classes * Patch.Voxels], hr = new float[Segmenter.Factor * lr.Length];
        using var model = new OnnxPatchModel(file, "segmenter", SegmentationOnnxExporterTests.Info(Segmenter), new());
        model.Run(input, Batch, Patch, lr, hr, default);
        string name = $"segmentation_{precision}.onnx".ToLowerInvariant();
        WriteForTheScript(name, file, ("image", input, [Batch, Segmenter.Channels, Patch.Depth, Patch.Height, Patch.Width]));
        Compare(name, file, precision, ("lr", lr), ("hr", hr));
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_self_SR_network(OnnxPrecision precision)
    {
        var weights = FormulaWeights.Make(NetworkShapes());
        using var stream = new MemoryStream();
        SelfSrOnnxExporter.Export(stream, SelfSr, weights, SelfSrOnnxExporterTests.Info(SelfSr), precision);
        int channels = SelfSr.ImageChannels + SelfSr.LabelChannels, plane = Height * Width;
        float[] input = FormulaWeights.Input(Batch * channels * 4 * plane), image = new float[Batch * 4 * plane], label = new float[image.Length], uncertainty = new float[image.Length];
        using var model = new OnnxWindowModel(stream.ToArray(), "selfsr", SelfSrOnnxExporterTests.Info(SelfSr), new());
        model.Run(input, Batch, Height, Width, image, label, uncertainty, default);
        string name = $"selfsr_{precision}.onnx".ToLowerInvariant();
        WriteForTheScript(name, stream.ToArray(), ("slices", input, [Batch, channels, 4, Height, Width]));
        Compare(name, stream.ToArray(), precision, ("image", image), ("label", label), ("uncertainty", uncertainty));
    }

    static IEnumerable<(string, int[])> NetworkShapes()
    {
        using var network = new SelfSrNetwork(SelfSr, seed: 1);
        return [.. NetworkWeights.Export(network).Select(w => (w.Key, w.Value.Shape.ToArray()))];
    }

    static void Compare(string file, byte[] content, OnnxPrecision precision, params ReadOnlySpan<(string Name, float[] Values)> outputs)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "onnx_other_runtime.json")));
        Assert.True(json.RootElement.GetProperty(file).GetProperty("sha256").GetString() == Convert.ToHexStringLower(SHA256.HashData(content)),
            $"{file} is exported in another way than when it was checked and run elsewhere: repeat tests/oracles/onnx_other_runtime.mjs.");
        // A quantised input may be rounded the other way by another kernel's last bit.
        double tolerance = precision == OnnxPrecision.Int8Dynamic ? 2e-2 : 1e-4;
        foreach (var (name, values) in outputs)
        {
            var expected = json.RootElement.GetProperty(file).GetProperty(name);
            Assert.Equal(values.Length, expected.GetProperty("dims").EnumerateArray().Aggregate(1, (n, d) => n * d.GetInt32()));
            int step = expected.GetProperty("step").GetInt32(), at = 0;
            foreach (var value in expected.GetProperty("values").EnumerateArray())
            {
                Assert.Equal(value.GetDouble(), values[at], tolerance);
                at += step;
            }
            Assert.Equal(expected.GetProperty("mean").GetDouble(), values.Average(v => (double)v), tolerance);
        }
    }

    static void WriteForTheScript(string name, byte[] file, (string Name, float[] Values, int[] Shape) input)
    {
        if (Environment.GetEnvironmentVariable("REHRSEG_ORACLE_DIR") is not { Length: > 0 } folder) return;
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, name), file);
        string values = string.Join(',', input.Values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        File.WriteAllText(Path.Combine(folder, name + ".json"), $$"""{"inputs":[{"name":"{{input.Name}}","dims":[{{string.Join(',', input.Shape)}}],"values":[{{values}}]}]}""");
    }
}
