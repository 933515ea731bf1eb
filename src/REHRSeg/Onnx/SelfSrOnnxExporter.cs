using REHRSeg.Onnx;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>Writes <c>selfsr.onnx</c>: FLAVR backbone and UASR head (METHOD.md sections 1-2). See Export.</summary>
internal static class SelfSrOnnxExporter
{
    public static void Export(Stream stream, SelfSrArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SelfSrModelInfo info) => throw new NotImplementedException();
}
