namespace REHRSeg.Tool;

/// <summary>The numbers behind a report's tables.</summary>
internal static class ReportStatistics
{
    static readonly string[] s_grids = ["LR", "HR"], s_measures = ["DSC", "HD95", "PSNR", "SSIM"];

    /// <summary>Means and standard deviations of every cell and measure; confidence intervals, tests and verdicts are not made here.</summary>
    public static ExperimentStatistics Compute(ExperimentGrid grid, IReadOnlyList<ResultRow> rows)
    {
        var cells = from cell in grid.Cells
                    from size in s_grids
                    from measure in s_measures
                    let values = rows.Where(r => r.Cell == cell.Name).Select(r => r.Values.GetValueOrDefault($"{size} {measure}", double.NaN)).Where(double.IsFinite).ToArray()
                    where values.Length > 0
                    let mean = values.Average()
                    let sd = values.Length > 1 ? Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1)) : double.NaN
                    select new CellSummary(cell.Name, size, measure, mean, sd, double.NaN, double.NaN, values.Length);
        return new([.. cells], [], []);
    }
}
