using System.Numerics.Tensors;
using REHRSeg.OnnxFormat;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>Convolutions whose weights are 8-bit integers, symmetric, with a scale for each output channel.</summary>
internal static class QuantisedConvolution
{
    // Dynamic: 7 bits, since x64 processors without VNNI add pairs of 8-bit products in 16 bits, which saturate otherwise.
    const int Largest = 127, LargestDynamic = 63, FewestInputs = 8;

    /// <summary>False for first and last layers, where there is little to save.</summary>
    public static bool Suits(WeightArray weight) => weight.Shape[1] >= FewestInputs && weight.Shape.AsSpan()[2..].ContainsAnyExcept(1);

    /// <summary>The weights as a value in single precision, which runtimes compute once.</summary>
    public static string Weights(OnnxGraphBuilder graph, string name, WeightArray weight)
    {
        var (values, scales) = Quantise(weight, Largest);
        int[] perOutput = [weight.Shape[0], .. Enumerable.Repeat(1, weight.Shape.Length - 1)];
        string integers = graph.Integers8(name + ".weight", weight.Shape.AsSpan(), values);
        return graph.Node("Mul", [graph.Node("Cast", [integers], Attribute("to", (int)TensorProto.Types.DataType.Float)), graph.Single(name + ".scale", new([.. perOutput], scales))]);
    }

    /// <summary>The input quantised for each run (DynamicQuantizeLinear), integer products (ConvInteger), scaled back.</summary>
    public static string Dynamic(OnnxGraphBuilder graph, string x, string name, WeightArray weight, WeightArray? bias, ReadOnlySpan<AttributeProto> attributes)
    {
        var (values, scales) = Quantise(weight, LargestDynamic);
        int[] perChannel = [weight.Shape[0], .. Enumerable.Repeat(1, weight.Shape.Length - 2)];
        string[] quantised = graph.Node("DynamicQuantizeLinear", [x], 3);
        string sum = graph.Node("ConvInteger", [quantised[0], graph.Integers8(name + ".weight", weight.Shape.AsSpan(), values), quantised[2]], attributes);
        string scale = graph.Node("Mul", [quantised[1], graph.Single(name + ".scale", new([.. perChannel], scales))]);
        string y = graph.Node("Mul", [graph.Node("Cast", [sum], Attribute("to", (int)TensorProto.Types.DataType.Float)), scale]);
        return bias is null ? y : graph.Node("Add", [y, graph.Single(name + ".bias", new([.. perChannel], bias.Values))]);
    }

    static (sbyte[] Values, float[] Scales) Quantise(WeightArray weight, int most)
    {
        int outputs = weight.Shape[0], length = weight.Values.Length / outputs;
        var values = new sbyte[weight.Values.Length];
        var scales = new float[outputs];
        for (int o = 0; o < outputs; o++)
        {
            var kernel = weight.Values.AsSpan(o * length, length);
            float largest = Math.Abs(TensorPrimitives.MaxMagnitude<float>(kernel));
            scales[o] = largest > 0 ? largest / most : 1;
            for (int i = 0; i < length; i++) values[o * length + i] = (sbyte)Math.Round(kernel[i] / scales[o]);
        }
        return (values, scales);
    }
}
