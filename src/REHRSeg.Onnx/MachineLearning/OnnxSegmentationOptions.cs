using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Options of <see cref="OnnxSegmentationEstimator"/>. Copied when the estimator is made.</summary>
public sealed record OnnxSegmentationOptions
{
    /// <summary>The exported <c>segmentation.onnx</c>.</summary>
    public required string ModelPath { get; init; }
    /// <summary>More models, for example of the other folds, whose class probabilities are averaged with the first one's; of the same labels, factor and channels.</summary>
    public IReadOnlyList<string> MoreModelPaths { get; init; } = [];
    /// <summary>Column of images.</summary>
    public string ImageColumnName { get; init; } = "Image";
    /// <summary>Added column: labels on the input's grid; null: none.</summary>
    public string? LrSegmentationColumnName { get; init; } = "LrSegmentation";
    /// <summary>Added column: labels on the refined grid; null: none.</summary>
    public string? HrSegmentationColumnName { get; init; } = "HrSegmentation";
    /// <summary>Added column: class probabilities (one channel a class) on the input's grid; null: none.</summary>
    public string? LrProbabilitiesColumnName { get; init; }
    /// <summary>Added column: class probabilities (one channel a class) on the refined grid; null: none.</summary>
    public string? HrProbabilitiesColumnName { get; init; }
    /// <summary>Added column: uncertainty of each voxel, 0 to 1 (<see cref="SegmentationRequest.Uncertainty"/>), on the input's grid; null: none.</summary>
    public string? LrUncertaintyColumnName { get; init; }
    /// <summary>Added column: uncertainty of each voxel, 0 to 1, on the refined grid; null: none.</summary>
    public string? HrUncertaintyColumnName { get; init; }
    /// <summary>Apply the model's keep-largest-component post-processing to labels.</summary>
    public bool PostProcess { get; init; } = true;
    /// <summary>Average over mirrored patches (8 runs; 4 of a 2-D network), if the model was trained with mirroring.</summary>
    public bool Mirror { get; init; } = true;
    /// <summary>Patches per run, at least 1; of a 2-D network four times as many. Together at most 2^18 voxels: larger patches are run one by one.</summary>
    public int BatchSize { get; init; } = 2;
    /// <summary>Slice axis; null: detected from the spacing.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>GPU to use; null: the MLContext's GpuDeviceId, else the CPU.</summary>
    public int? GpuDeviceId { get; init; }
    /// <summary>Use the CPU, with a warning, where the GPU cannot be had; null: the MLContext's setting.</summary>
    public bool? FallbackToCpu { get; init; }
    /// <summary>Threads within an operator; null: ONNX Runtime's choice.</summary>
    public int? Threads { get; init; }
    /// <summary>Rows that are computed at the same time; null: as <see cref="OnnxScoringOptions.MaxConcurrency"/>. Not saved with the model.</summary>
    public int? MaxConcurrency { get; init; }
    /// <summary>Bytes of working memory for all rows that are computed at the same time, as <see cref="OnnxScoringOptions.MemoryLimit"/>; null: no limit. Not saved with the model.</summary>
    public long? MemoryLimit { get; init; }
    /// <summary>Receives the finished part of the volume that is being computed, 0 to 1, from the thread that asks for the row. Not saved with the model.</summary>
    public IProgress<double>? Progress { get; init; }
    /// <summary>Stops the computation of rows, within a run of the network; beside it MLContext's own cancellation does. Not saved with the model.</summary>
    public CancellationToken CancellationToken { get; init; }
}
