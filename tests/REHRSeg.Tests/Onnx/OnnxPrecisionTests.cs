using Microsoft.ML.OnnxRuntime;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

/// <summary>Variants of an exported file: the same numbers within what their precision allows, in less space.</summary>
public class OnnxPrecisionTests
{
    static readonly SegmentationArchitecture Wide = new()
    {
        Channels = 2, Classes = 3, Features = [16, 32, 48], Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2)], Factor = 4, HighResolutionWidth = 16,
    };
    static readonly PatchShape Shape = new(4, 8, 12);

    static (float[] Lr, float[] Hr) Run(byte[] file)
    {
        using var model = new OnnxPatchModel(file, "variant", SegmentationOnnxExporterTests.Info(Wide), new());
        float[] lr = new float[3 * Shape.Voxels], hr = new float[Wide.Factor * lr.Length];
        model.Run(FormulaWeights.Input(Wide.Channels * Shape.Voxels), 1, Shape, lr, hr, default);
        return (lr, hr);
    }

    static double Largest(float[] a, float[] b) => a.Zip(b).Max(p => Math.Abs(p.First - (double)p.Second));

    [Theory]
    [InlineData(OnnxPrecision.Float16, 0.51, 2e-3)]
    [InlineData(OnnxPrecision.Int8, 0.35, 0.05)]
    [InlineData(OnnxPrecision.Int8Dynamic, 0.35, 0.1)]
    public void A_segmenter_keeps_its_probabilities_in_less_space(OnnxPrecision precision, double size, double tolerance)
    {
        var weights = SegmentationOnnxExporterTests.Weights(Wide);
        byte[] single = SegmentationOnnxExporterTests.Export(Wide, weights), variant = SegmentationOnnxExporterTests.Export(Wide, weights, precision: precision);
        Assert.InRange(variant.Length, 1, size * single.Length);
        var (lr, hr) = Run(single);
        var (lrVariant, hrVariant) = Run(variant);
        Assert.InRange(Largest(lr, lrVariant), 1e-9, tolerance);
        Assert.InRange(Largest(hr, hrVariant), 1e-9, tolerance);
        Assert.Equal(precision.ToString().ToLowerInvariant(), OnnxFile.Inspect(variant, "variant").Metadata["rehrseg.precision"]);
    }

    [Fact]
    public void Stored_integers_are_the_weights_to_half_a_step_of_their_channel()
    {
        var weights = SegmentationOnnxExporterTests.Weights(Wide);
        var rounded = weights.ToDictionary(w => w.Key, w => w.Value.Shape.Length == 5 && !w.Key.Contains("transp") && w.Value.Shape[1] >= 8 && w.Value.Shape[2] * w.Value.Shape[3] > 1 ? Round(w.Value, w.Key.StartsWith("sr_head")) : w.Value);
        var (lr, hr) = Run(SegmentationOnnxExporterTests.Export(Wide, rounded));
        var (lrInt8, hrInt8) = Run(SegmentationOnnxExporterTests.Export(Wide, weights, precision: OnnxPrecision.Int8));
        Assert.InRange(Largest(lr, lrInt8), 0, 1e-5);
        Assert.InRange(Largest(hr, hrInt8), 0, 1e-5);

        // One scale for each output channel; in the HR head for each output channel and slice tap.
        static WeightArray Round(WeightArray weight, bool perTap)
        {
            int outputs = weight.Shape[0], inputs = weight.Shape[1], taps = weight.Shape[2], plane = weight.Shape[3] * weight.Shape[4];
            var values = (float[])weight.Values.Clone();
            for (int o = 0; o < outputs; o++)
                for (int t = 0; t < (perTap ? taps : 1); t++)
                {
                    int[] group = [.. Enumerable.Range(0, inputs * taps * plane).Where(i => !perTap || i / plane % taps == t).Select(i => o * inputs * taps * plane + i)];
                    float scale = group.Max(i => Math.Abs(values[i])) / 127;
                    foreach (int i in group) values[i] = (float)Math.Round(values[i] / scale) * scale;
                }
            return weight with { Values = values };
        }
    }

    [Theory]
    [InlineData(OnnxPrecision.Float16, 0.52)]
    [InlineData(OnnxPrecision.Int8, 0.5)]
    [InlineData(OnnxPrecision.Int8Dynamic, 0.5)]
    public void Self_SR_is_exported_in_less_space_too(OnnxPrecision precision, double size)
    {
        var architecture = new SelfSrArchitecture { Width = 8 };
        using var network = new SelfSrNetwork(architecture, seed: 4);
        byte[] Export(OnnxPrecision precision)
        {
            using var stream = new MemoryStream();
            SelfSrOnnxExporter.Export(stream, architecture, NetworkWeights.Export(network), SelfSrOnnxExporterTests.Info(architecture), precision);
            return stream.ToArray();
        }
        const int height = 16, width = 24, n = 4 * height * width;
        float[][] Run(byte[] file)
        {
            using var model = new OnnxWindowModel(file, "variant", SelfSrOnnxExporterTests.Info(architecture), new());
            float[][] outputs = [new float[n], new float[n], new float[n]];
            model.Run(FormulaWeights.Input(2 * 4 * height * width), 1, height, width, outputs[0], outputs[1], outputs[2], default);
            return outputs;
        }
        byte[] single = Export(OnnxPrecision.Float32), variant = Export(precision);
        Assert.InRange(variant.Length, 1, size * single.Length);
        foreach (var (expected, actual) in Run(single).Zip(Run(variant))) Assert.InRange(Largest(expected, actual), 1e-9, 0.05);
    }

    [Fact]
    public void Weights_beyond_half_precision_are_refused()
    {
        var weights = SegmentationOnnxExporterTests.Weights(Wide);
        weights["decoder.seg_layers.1.bias"].Values[1] = 1e5f;
        var error = Assert.Throws<ArgumentException>(() => SegmentationOnnxExporterTests.Export(Wide, weights, precision: OnnxPrecision.Float16));
        Assert.Contains("decoder.seg_layers.1.bias", error.Message);
        Assert.Contains("100000", error.Message);
    }

    [Fact]
    public void The_graph_normalises_a_raw_patch_by_given_statistics()
    {
        byte[] file = SegmentationOnnxExporterTests.Export(Wide, SegmentationOnnxExporterTests.Weights(Wide));
        var (lr, hr) = Run(file);
        float[] mean = [120, -3], deviation = [40, 0.5f], raw = FormulaWeights.Input(2 * Shape.Voxels);
        for (int i = 0; i < raw.Length; i++) raw[i] = raw[i] * deviation[i / Shape.Voxels] + mean[i / Shape.Voxels];
        using var session = new InferenceSession(file);
        using var image = OrtValue.CreateTensorValueFromMemory(raw, [1, 2, Shape.Depth, Shape.Height, Shape.Width]);
        using var m = OrtValue.CreateTensorValueFromMemory(mean, [2]);
        using var d = OrtValue.CreateTensorValueFromMemory(deviation, [2]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["image", "image_mean", "image_deviation"], [image, m, d], ["lr", "hr"]);
        Assert.InRange(Largest(lr, outputs[0].GetTensorDataAsSpan<float>().ToArray()), 0, 1e-4);
        Assert.InRange(Largest(hr, outputs[1].GetTensorDataAsSpan<float>().ToArray()), 0, 1e-4);
    }
}
