namespace REHRSeg.Tool;

/// <summary>What a finished unit (one cell on one fold) leaves in <c>result.json</c>.</summary>
/// <param name="Key">Hash of everything that the result depends on.</param>
/// <param name="Dataset">Hash of the dataset's images and labels, thin truth included.</param>
/// <param name="Cell">Name of the cell.</param>
/// <param name="Fold">Fold that was held out.</param>
/// <param name="Seed">Of every random choice.</param>
/// <param name="Seconds">Wall time of the unit's own work, shared stages apart.</param>
/// <param name="PeakMegabytes">Largest resident memory of the process until the unit's end.</param>
/// <param name="Cases">Held-out cases.</param>
internal sealed record UnitResult(string Key, string Dataset, string Cell, int Fold, int Seed, double Seconds, double PeakMegabytes, IReadOnlyList<UnitCase> Cases)
{
    /// <summary>See <see cref="ExperimentDescription.Settings"/>.</summary>
    public string? Settings { get; init; }
}

/// <summary>Scores of one held-out case.</summary>
internal sealed record UnitCase(string Id, IReadOnlyList<UnitScore> Scores);

/// <summary>One measure of one case.</summary>
/// <param name="Grid">LR or HR.</param>
/// <param name="Class">Name of a foreground class; "mean": over the classes that prediction or truth has; "image".</param>
/// <param name="Measure">DSC, HD95 (mm), volume and reference volume (mm³); PSNR, SSIM.</param>
/// <param name="Value">NaN or infinite where it is not defined.</param>
internal sealed record UnitScore(string Grid, string Class, string Measure, double Value);
