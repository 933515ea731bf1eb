using System.Text.Json.Serialization;

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
internal sealed record CellSummary(string Cell, string Grid, string Measure, double Mean, double Sd, double Low, double High, int Cases)
{
    /// <summary>Cases where it is infinite or NaN: left out of all the others.</summary>
    public int Undefined { get; init; }
}

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
internal sealed record CellComparison(string Cell, string Against, string Grid, string Measure, double Difference, double Low, double High, int Better, int Cases, double PValue, double Adjusted)
{
    /// <summary>Common cases that are left out, because one of the two is infinite or NaN.</summary>
    public int Undefined { get; init; }
}

/// <summary>Whether a claimed ordering holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
internal enum Verdict
{
    /// <summary>As claimed, adjusted p below 0.05.</summary>
    Yes,
    /// <summary>The other way round, adjusted p below 0.05.</summary>
    No,
    /// <summary>Adjusted p of at least 0.05, or the mean difference and the test's rank sums point to different sides.</summary>
    NotSignificant,
    /// <summary>The cells have no case in common where both are defined.</summary>
    NotRun,
}

/// <summary>A claim and what was found.</summary>
/// <param name="Ordering">The claim.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Difference">Mean of Better minus Than; NaN where it was not run.</param>
/// <param name="Cases">Common cases.</param>
/// <param name="PValue">Two-sided paired Wilcoxon test.</param>
/// <param name="Adjusted">After Holm's correction over the pairs of cells in the table's orderings of the measure.</param>
internal sealed record OrderingVerdict(GridOrdering Ordering, Verdict Verdict, double Difference, int Cases, double PValue, double Adjusted)
{
    /// <summary>Common cases that are left out, because one of the two is infinite or NaN.</summary>
    public int Undefined { get; init; }
}

/// <summary>Everything that the tables say.</summary>
internal sealed record ExperimentStatistics(IReadOnlyList<CellSummary> Cells, IReadOnlyList<CellComparison> Comparisons, IReadOnlyList<OrderingVerdict> Orderings)
{
    /// <summary>Cases that any cell has results of; a case of several folds counts in each.</summary>
    public int Cases { get; init; }
    /// <summary>Folds that any cell has results of.</summary>
    public IReadOnlyList<int> Folds { get; init; } = [];
    /// <summary>Seeds that any cell has results of; a case's value is its mean over them.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [];
}
