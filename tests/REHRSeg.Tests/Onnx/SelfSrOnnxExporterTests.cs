using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

public class SelfSrOnnxExporterTests
{
    internal static SelfSrModelInfo Info(SelfSrArchitecture a) => new()
    {
        Factor = a.Factor, ImageChannels = a.ImageChannels, Labels = [.. Enumerable.Range(0, a.LabelChannels + 1).Select(k => new LabelClass(k, $"class{k}"))],
    };

    internal static byte[] Export(SelfSrArchitecture a, IReadOnlyDictionary<string, WeightArray> weights)
    {
        using var stream = new MemoryStream();
        SelfSrOnnxExporter.Export(stream, a, weights, Info(a));
        return stream.ToArray();
    }

    [Fact]
    public void ThePublishedFormEqualsTheGoldenNetwork()
    {
        var golden = Golden.Case("golden_uasr.json", "selfsr_uasr_r4");
        var weights = FormulaWeights.Make(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "oracles", "reference", "rehrseg_sr_uasr_state_dict.tsv"))
            .Select(line => line.Split('\t')).Select(c => (c[0], c[1].Split('x').Select(int.Parse).ToArray())));
        var architecture = new SelfSrArchitecture { RestoreMean = false, ClampUncertainty = false };
        using var model = new OnnxWindowModel(Export(architecture, weights), "golden", Info(architecture), new());
        const int height = 32, width = 40, n = 4 * height * width;
        float[] image = new float[n], label = new float[n], uncertainty = new float[n];
        model.Run(FormulaWeights.Input(2 * 4 * height * width), 1, height, width, image, label, uncertainty, default);
        Compare(golden.GetProperty("output"), [.. image, .. label]);
        Compare(golden.GetProperty("uncertainty"), uncertainty);
    }

    [Fact]
    public void TheBaseHeadIsRefused()
    {
        var architecture = new SelfSrArchitecture { Head = SelfSrHead.Base };
        Assert.Contains("base head", Assert.Throws<ArgumentException>(() => Export(architecture, new Dictionary<string, WeightArray>())).Message);
    }

    static void Compare(System.Text.Json.JsonElement expected, float[] actual)
    {
        foreach (var (index, value) in expected.GetProperty("index").EnumerateArray().Zip(expected.GetProperty("value").EnumerateArray()))
            Assert.Equal(value.GetDouble(), actual[index.GetInt32()], 1e-4);
        Assert.Equal(expected.GetProperty("mean").GetDouble(), actual.Average(v => (double)v), 1e-4);
    }
}
