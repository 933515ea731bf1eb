using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace Microsoft.ML;

/// <summary>Scores volumes with exported ONNX models in ML.NET pipelines.</summary>
public static class OnnxVolumeCatalog
{
    /// <summary>Segments volumes with an exported <c>segmentation.onnx</c>. Only load models from trusted sources.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="modelPath">The model file.</param>
    /// <param name="outputColumnName">Added column: labels on the input's own grid.</param>
    /// <param name="inputColumnName">Column of images.</param>
    /// <param name="hrOutputColumnName">Added column: labels on the refined grid.</param>
    public static OnnxSegmentationEstimator ScoreVolumes(this TransformsCatalog catalog, string modelPath, string outputColumnName = "LrSegmentation", string inputColumnName = "Image", string hrOutputColumnName = "HrSegmentation")
        => catalog.ScoreVolumes(new OnnxSegmentationOptions { ModelPath = modelPath, ImageColumnName = inputColumnName, LrSegmentationColumnName = outputColumnName, HrSegmentationColumnName = hrOutputColumnName });

    /// <summary>Segments volumes with an exported <c>segmentation.onnx</c>. Only load models from trusted sources.</summary>
    /// <param name="catalog">The transform's catalog.</param>
    /// <param name="options">Model, columns, tiling and device; copied.</param>
    public static OnnxSegmentationEstimator ScoreVolumes(this TransformsCatalog catalog, OnnxSegmentationOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(MlNetInternals.EnvironmentOf(catalog), options);
    }
}
