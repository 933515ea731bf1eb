using System.Collections.Frozen;

namespace REHRSeg.Onnx;

/// <summary>
/// The operators of the standard domain that a model may use: arithmetic, convolution, quantisation, and what moves or reshapes tensors. Control flow is <c>If</c> alone, which runs once;
/// loops, sequences, optionals, strings, random numbers, and operators whose output size depends on a tensor's content (<c>NonZero</c>, <c>Unique</c>) are none of a network's business here.
/// </summary>
internal static class OnnxOperators
{
    /// <summary>Allowed ones.</summary>
    public static FrozenSet<string> Allowed { get; } = FrozenSet.ToFrozenSet(
    [
        // element by element
        "Abs", "Add", "And", "Cast", "CastLike", "Ceil", "Clip", "Cos", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity",
        "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu",
        "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tanh", "ThresholdedRelu", "Where", "Xor",
        // layers
        "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "Einsum", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "GroupNormalization", "InstanceNormalization", "LayerNormalization",
        "LogSoftmax", "MatMul", "MaxPool", "MeanVarianceNormalization", "Softmax",
        // quantised
        "ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul", "QuantizeLinear",
        // over axes
        "ArgMax", "ArgMin", "CumSum", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
        // shape and place
        "Concat", "Constant", "ConstantOfShape", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Pad", "Range", "Reshape", "Resize", "ScatterElements", "ScatterND", "Shape",
        "Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Trilu", "Unsqueeze",
        // the one that chooses
        "If",
    ], StringComparer.Ordinal);
}
