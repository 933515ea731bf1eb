namespace REHRSeg.Tool;

/// <summary>One line of <c>results.csv</c>: one cell on one held-out case.</summary>
/// <param name="Dataset">Hash of the dataset.</param>
/// <param name="Cell">Name of the cell.</param>
/// <param name="Fold">Fold that was held out.</param>
/// <param name="Seed">Of every random choice.</param>
/// <param name="Case">Identifier of the case.</param>
/// <param name="Values">By column: <c>LR DSC</c> (mean over foreground classes), <c>LR DSC Anterior</c> (one class), and so on for HR, HD95, volume, reference volume, PSNR, SSIM.</param>
internal sealed record ResultRow(string Dataset, string Cell, int Fold, int Seed, string Case, IReadOnlyDictionary<string, double> Values);

/// <summary>A measure of a cell over cases.</summary>
/// <param name="Cell">Name of the cell.</param>
/// <param name="Grid">LR or HR.</param>
/// <param name="Measure">DSC, HD95, PSNR or SSIM.</param>
/// <param name="Mean">Over cases where it is finite.</param>
/// <param name="Sd">Standard deviation over cases (n - 1).</param>
/// <param name="Low">Lower end of the 95 % bootstrap interval of the mean.</param>
/// <param name="High">Upper end.</param>
/// <param name="Cases">Cases where it is finite.</param>
internal sealed record CellSummary(string Cell, string Grid, string Measure, double Mean, double Sd, double Low, double High, int Cases);

/// <summary>Two cells on their common cases.</summary>
/// <param name="Cell">Name of a cell.</param>
/// <param name="Against">Name of the other.</param>
/// <param name="Grid">LR or HR.</param>
/// <param name="Measure">DSC, HD95, PSNR or SSIM.</param>
/// <param name="Difference">Mean of Cell minus Against.</param>
/// <param name="Low">Lower end of the 95 % bootstrap interval of the difference.</param>
/// <param name="High">Upper end.</param>
/// <param name="Better">Cases where Cell is better (lower for HD95).</param>
/// <param name="Cases">Common cases.</param>
/// <param name="PValue">Two-sided paired Wilcoxon test.</param>
/// <param name="Adjusted">After Holm's correction over the cells of the measure.</param>
internal sealed record CellComparison(string Cell, string Against, string Grid, string Measure, double Difference, double Low, double High, int Better, int Cases, double PValue, double Adjusted);

/// <summary>Whether a claimed ordering holds.</summary>
internal enum Verdict
{
    /// <summary>As claimed, p below 0.05.</summary>
    Yes,
    /// <summary>The other way round, p below 0.05.</summary>
    No,
    /// <summary>p of at least 0.05.</summary>
    NotSignificant,
    /// <summary>One of the cells has no results.</summary>
    NotRun,
}

/// <summary>A claim and what was found; Difference is Better minus Than.</summary>
internal sealed record OrderingVerdict(GridOrdering Ordering, Verdict Verdict, double Difference, int Cases, double PValue, double Adjusted);

/// <summary>Everything that the tables say.</summary>
internal sealed record ExperimentStatistics(IReadOnlyList<CellSummary> Cells, IReadOnlyList<CellComparison> Comparisons, IReadOnlyList<OrderingVerdict> Orderings);
