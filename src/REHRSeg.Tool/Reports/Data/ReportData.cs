using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Everything that a report shows; the page is written from it alone.</summary>
internal sealed partial record ReportData
{
    public required string Title { get; init; }
    /// <summary>Data set, options, times: name and value.</summary>
    public IReadOnlyList<ReportFact> Facts { get; init; } = [];
    /// <summary>What is missing, for the reader.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
    /// <summary>In the order of tables and charts.</summary>
    public required IReadOnlyList<ReportCell> Cells { get; init; }
    /// <summary>Name of the cell that the others are compared with, and whose cases are shown.</summary>
    public required string Reference { get; init; }
    /// <summary>False: cases that are not held out by the training's own folds, so that nothing here says whether it has seen them.</summary>
    public bool HeldOut { get; init; } = true;
    /// <summary>Background first.</summary>
    public IReadOnlyList<LabelClass> Labels { get; init; } = [];
    public IReadOnlyList<ResultRow> Rows { get; init; } = [];
    public ExperimentStatistics Statistics { get; init; } = new([], [], []);
    public IReadOnlyList<TrainingCurve> Curves { get; init; } = [];
    /// <summary>Best, median, worst.</summary>
    public IReadOnlyList<ReportCase> Cases { get; init; } = [];
    public IReadOnlyList<CellCalibration> Calibrations { get; init; } = [];

    /// <summary>Titles of further cells, which claims name although they have no results.</summary>
    public IReadOnlyDictionary<string, string> OtherTitles { get; init; } = new Dictionary<string, string>();

    public string TitleOf(string cell) => Cells.FirstOrDefault(c => c.Name == cell)?.Title ?? OtherTitles.GetValueOrDefault(cell) ?? cell;
}

/// <summary>One line of the headline's list.</summary>
internal sealed record ReportFact(string Name, string Value);

/// <summary>A method.</summary>
/// <param name="Name">As in <see cref="ResultRow.Cell"/>.</param>
/// <param name="Title">For people.</param>
/// <param name="SeesLabels">It is given the thick labels of the cases that it is scored on, so that it is no rival of those that are not.</param>
internal sealed record ReportCell(string Name, string Title, bool SeesLabels = false);

/// <summary>A held-out case that is shown.</summary>
/// <param name="Id">Identifier.</param>
/// <param name="Fold">Fold that held it out; null: there are no folds.</param>
/// <param name="Rank">Best, median or worst.</param>
/// <param name="Score">Of the reference cell.</param>
/// <param name="Measure">What the score is: <c>HR DSC</c>.</param>
internal sealed record ReportCase(string Id, int? Fold, string Rank, double Score, string Measure)
{
    /// <summary>Thick image.</summary>
    public required Func<MLVolume> LrImage { get; init; }
    /// <summary>Thick label map.</summary>
    public required Func<MLVolume> LrTruth { get; init; }
    /// <summary>A thin image that all cells share, and what it is; null: there is none.</summary>
    public (string Name, Func<MLVolume> Read)? HrImage { get; init; }
    /// <summary>Thin truth; null: unknown.</summary>
    public Func<MLVolume>? HrTruth { get; init; }
    /// <summary>Of self-SR, on the thin grid.</summary>
    public Func<MLVolume>? Uncertainty { get; init; }
    /// <summary>What cells made of the case.</summary>
    public IReadOnlyList<CasePrediction> Predictions { get; init; } = [];
}

/// <summary>What one cell made of a case; null: nothing.</summary>
internal sealed record CasePrediction(string Cell)
{
    public Func<MLVolume>? Lr { get; init; }
    public Func<MLVolume>? Hr { get; init; }
    /// <summary>Its own thin image, where the cell is a super-resolution method.</summary>
    public Func<MLVolume>? HrImage { get; init; }
}
