using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Writes <c>segmentation.onnx</c> (DESIGN.md section 7).</summary>
internal static class SegmentationOnnxExporter
{
    /// <param name="stream">Receives the model.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="weights">By the network's state-dict names.</param>
    /// <param name="info">Goes into the metadata.</param>
    public static void Export(Stream stream, SegmentationArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SegmentationModelInfo info) => throw new NotImplementedException();
}

/// <summary>Writes <c>selfsr.onnx</c>.</summary>
internal static class SelfSrOnnxExporter
{
    public static void Export(Stream stream, SelfSrArchitecture architecture, IReadOnlyDictionary<string, WeightArray> weights, SelfSrModelInfo info) => throw new NotImplementedException();
}
