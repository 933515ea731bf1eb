namespace REHRSeg.Tool;

/// <summary>Names and order of the value columns of <c>results.csv</c>: <c>GRID MEASURE</c> is a case's mean over classes, <c>GRID MEASURE CLASS</c> one class.</summary>
internal static class ResultColumns
{
    public static IReadOnlyList<string> Grids { get; } = ["LR", "HR"];

    /// <summary>Measures of quality, which cells are compared in.</summary>
    public static IReadOnlyList<string> Compared { get; } = ["PSNR", "SSIM", "DSC", "HD95"];

    static readonly string[] s_means = [.. from grid in Grids from measure in (string[])[.. Compared, "volume", "reference volume"] select Mean(grid, measure)];

    public static string Mean(string grid, string measure) => $"{grid} {measure}";

    /// <summary>The column of a score.</summary>
    public static string Of(UnitScore score) => score.Class is "mean" or "image" ? Mean(score.Grid, score.Measure) : $"{Mean(score.Grid, score.Measure)} {score.Class}";

    public static bool LowerIsBetter(string measure) => measure == "HD95";

    /// <summary>Means first, then classes measure by measure; unknown ones last.</summary>
    public static IReadOnlyList<string> Ordered(IEnumerable<string> columns)
    {
        string[] distinct = [.. columns.Distinct(StringComparer.Ordinal)];
        static int Rank(string column) => Array.IndexOf(s_means, column) is var i and >= 0 ? i : s_means.Length + Array.FindIndex(s_means, m => column.StartsWith(m + " ", StringComparison.Ordinal)) is var k && k >= s_means.Length ? k : int.MaxValue;
        return [.. distinct.OrderBy(Rank)]; // stable: classes stay in the order of the labels
    }
}
