using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>What to compute.</summary>
public sealed record SegmentationRequest
{
    /// <summary>Labels on the input's own grid.</summary>
    public bool Lr { get; init; } = true;
    /// <summary>Labels on the refined grid (r slices for each), if the model <see cref="SegmentationModelInfo.CanSegmentThin"/>.</summary>
    public bool Hr { get; init; } = true;
    /// <summary>Also class probabilities: K floats a voxel, where labels alone are made slice by slice.</summary>
    public bool Probabilities { get; init; }
    /// <summary>Also the uncertainty of each voxel: the entropy of its class probabilities, <c>-sum p ln p / ln K</c>, from 0 (one class is certain) to 1 (all are equally likely).</summary>
    public bool Uncertainty { get; init; }
    /// <summary>Apply the model's <see cref="SegmentationModelInfo.PostProcessing"/> to label maps (probabilities and uncertainty stay as they are).</summary>
    public bool PostProcess { get; init; } = true;
    /// <summary>
    /// Scale probabilities, and with them the uncertainty, by the model's temperatures (<see cref="SegmentationModelInfo.LrTemperature"/>); false: as the network says. Of several models the temperature that
    /// all have in common counts; else there is none, and <see cref="Warn"/> says so, since one that was fitted for a model alone is not that of a mean. Label maps are the same either way.
    /// </summary>
    public bool Calibrate { get; init; } = true;
    /// <summary>Average over mirrored patches (8 runs; 4 of a 2-D network), if the model was trained with mirroring.</summary>
    public bool Mirror { get; init; } = true;
    /// <summary>Patches per run, at least 1; of a 2-D network four times as many. Together at most 2^18 voxels: larger patches are run one by one.</summary>
    public int BatchSize { get; init; } = 2;
    /// <summary>Slice axis; null: detected from the spacing.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Receives the finished part, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }
    /// <summary>Receives warnings, for example of a spacing far from the model's.</summary>
    public Action<string>? Warn { get; init; }
}

/// <summary>Label maps (and probabilities) of one volume; null where not asked for or, for HR, where the model cannot segment thin slices.</summary>
public sealed record SegmentationResult(MLVolume? Lr, MLVolume? Hr, MLVolume? LrProbabilities, MLVolume? HrProbabilities)
{
    /// <summary>Normalised entropy, 0 to 1, on the input's own grid.</summary>
    public MLVolume? LrUncertainty { get; init; }
    /// <summary>Normalised entropy, 0 to 1, on the refined grid.</summary>
    public MLVolume? HrUncertainty { get; init; }
}
