namespace REHRSeg.Tool.Tests;

/// <summary>Hand-made grids and results.</summary>
internal static class ResultRecords
{
    public static ExperimentGrid Grid(string[] cells, string reference, params GridOrdering[] orderings) => new()
    {
        Name = "mine", Title = "Mine", Reference = reference, Cells = [.. cells.Select(c => new GridCell { Name = c, Title = c.ToUpperInvariant() })], Orderings = orderings, Source = "mine.json",
    };

    public static ResultRow Row(string cell, string id, double value, string column = "HR DSC", int fold = 0, int seed = 1) => new("hash", cell, fold, seed, id, new Dictionary<string, double> { [column] = value });

    public static IEnumerable<ResultRow> Rows(string cell, IEnumerable<double> values, string column = "HR DSC") => values.Select((v, i) => Row(cell, $"case{i:000}", v, column));

    public static UnitResult Unit(string cell, int fold, string dataset = "hash", params UnitCase[] cases) => new("key", dataset, cell, fold, 1, 1, 1, cases);

    public static UnitCase Case(string id, params UnitScore[] scores) => new(id, scores);

    public static ExperimentDescription Description(ExperimentGrid grid) => new(grid, "/data/Task04_Hippocampus", "0123456789abcdef", "cpu", 4, "y", 5, [0, 1], 1, "1.2.3", new Dictionary<int, string>());
}
