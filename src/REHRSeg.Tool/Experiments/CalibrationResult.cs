namespace REHRSeg.Tool;

/// <summary>What a unit leaves in <c>calibration.json</c>.</summary>
internal sealed record CalibrationResult(IReadOnlyList<GridCalibration> Grids);

/// <summary>Reliability of one output's probabilities over the held-out cases.</summary>
/// <param name="Grid">LR or HR.</param>
/// <param name="Region">"all" voxels, or "near": truth or prediction is foreground within 3 voxels.</param>
/// <param name="Voxels">Counted.</param>
/// <param name="Temperature">Geometric mean of the temperatures that were fitted on the other half of the cases; of a single case its own.</param>
/// <param name="Before">As the network says.</param>
/// <param name="After">After temperature scaling, each half of the cases with the temperature of the other; of a single case there is none: bins of 0 voxels, NaN elsewhere.</param>
/// <param name="EntropyAuroc">Area under the ROC curve of softmax entropy for the voxels whose label is wrong; null: none or all are.</param>
/// <param name="UncertaintyAuroc">The same of the self-SR uncertainty U; null: there is none.</param>
internal sealed record GridCalibration(string Grid, string Region, long Voxels, double Temperature, Reliability Before, Reliability After, double? EntropyAuroc, double? UncertaintyAuroc);

/// <summary>Confidence against accuracy.</summary>
/// <param name="Ece">Expected calibration error: mean over bins of |accuracy - confidence|, weighted by voxels (Guo et al. 2017).</param>
/// <param name="NegativeLogLikelihood">Mean over voxels, nats.</param>
/// <param name="Bins">15 equal bins of confidence, from 0 to 1.</param>
internal sealed record Reliability(double Ece, double NegativeLogLikelihood, IReadOnlyList<ReliabilityBin> Bins);

/// <summary>One bin; means are NaN where it is empty.</summary>
internal sealed record ReliabilityBin(long Voxels, double Confidence, double Accuracy);
